// Owns writing lines to a stream with few system calls: what is written in one turn leaves together. Knows nothing of
// JSON-RPC.
import { nextTick } from 'node:process';
import type { Writable } from 'node:stream';

/** Lines are joined up to this size; a larger one is not copied once more. Characters. */
const joinedLength = 64 * 1024;

export class LineWriter {
  readonly #stream: Writable;
  #lines: string[] = [];
  #length = 0;
  #scheduled = false;
  #drained: Promise<void> | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Resolves when the stream takes more; at once unless it is full. A broken stream is told by its own events. */
  write(line: string): Promise<void> | undefined {
    if (this.#length + line.length > joinedLength) this.flush();
    this.#lines.push(line, '\n');
    this.#length += line.length;
    if (!this.#scheduled) {
      this.#scheduled = true;
      // Everything that the current turn still writes comes before this: ticks run when no microtask is left.
      nextTick(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return this.#drained;
  }

  /** Hands the stream what is waiting. Needed by itself only where the stream is about to be ended. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    if (!this.#stream.writable || this.#stream.write(text)) return;
    this.#drained ??= this.#untilDrained();
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done).off('error', done);
        this.#drained = undefined;
        resolve();
      };
      this.#stream.on('drain', done).on('close', done).on('error', done);
    });
  }
}
