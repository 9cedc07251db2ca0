// Owns the last words of a stdio server: the end of its stderr, redacted whenever it is shown.
import { redact } from '../lib/redact.ts';

const keptBytes = 32 * 1024;
/** Names of variables whose values are secrets wherever they turn up. */
const secretName = /key|token|secret|pass|auth|cred/i;
/** Shorter values would blot out ordinary words. */
const shortestSecret = 8;

export class StderrTail {
  readonly #secrets: readonly string[];
  #parts: Buffer[] = [];
  #size = 0;

  /** `env`: what the server was given; values that look like secrets by their names are masked too. */
  constructor(env: Readonly<Record<string, string>>) {
    this.#secrets = Object.entries(env)
      .filter(([name, value]) => secretName.test(name) && value.length >= shortestSecret)
      .map(([, value]) => value)
      .sort((one, other) => other.length - one.length);
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    // Cut only now and then, so that many small writes cost one copy.
    if (this.#size > 2 * keptBytes || this.#parts.length > 256) this.#shrink();
  }

  text(): string {
    this.#shrink();
    let text = (this.#parts[0] ?? Buffer.alloc(0)).toString('utf8');
    for (const secret of this.#secrets) text = text.replaceAll(secret, '[secret]');
    return redact(text);
  }

  /** The last lines that are not blank, oldest first. */
  lastLines(count: number): readonly string[] {
    return this.text()
      .split('\n')
      .map((line) => line.trimEnd())
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
