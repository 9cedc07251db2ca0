// Owns the last words of a stdio server: the end of its stderr, redacted whenever it is shown.
import { stripVTControlCharacters } from 'node:util';

const keptBytes = 32 * 1024;
/** Of one line, in characters, where lines are quoted. */
const longestLine = 1000;

export class StderrTail {
  readonly #mask: (text: string) => string;
  #parts: Buffer[] = [];
  #size = 0;

  /** `mask` hides what the server was given in confidence, and what looks like it. */
  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    // Cut only now and then, so that many small writes cost one copy.
    if (this.#size > 2 * keptBytes || this.#parts.length > 256) this.#shrink();
  }

  text(): string {
    this.#shrink();
    return this.#mask((this.#parts[0] ?? Buffer.alloc(0)).toString('utf8'));
  }

  /** The last lines that are not blank, oldest first, without colours, and cut where they are very long. */
  lastLines(count: number): readonly string[] {
    return stripVTControlCharacters(this.text())
      .split('\n')
      .map((line) => line.trimEnd())
      .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line))
      .filter((line) => line !== '')
      .slice(-count);
  }

  #shrink(): void {
    const whole = Buffer.concat(this.#parts);
    const kept = whole.length > keptBytes ? Buffer.from(whole.subarray(-keptBytes)) : whole;
    this.#parts = [kept];
    this.#size = kept.length;
  }
}
