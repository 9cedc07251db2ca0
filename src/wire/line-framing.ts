// Owns newline-delimited framing in time linear in the bytes received; knows nothing of JSON-RPC.

const newline = 0x0a;
/** How much of both ends of an oversized line is kept, for telling which message it was. Bytes. */
const excerptBytes = 512;

/** Default limit of one message: 64 MiB. A longer one fails alone; the stream goes on after it. */
export const defaultMaxLineBytes = 64 * 1024 * 1024;

export interface LineHandlers {
  /** A whole line without its newline, and its size in bytes. */
  line(text: string, size: number): void;
  /** A line over the limit was dropped; its beginning and end are given. */
  oversized(head: string, tail: string, size: number): void;
}

/** Cuts a byte stream into lines. Each byte is looked at once and copied at most once. */
export class LineFraming {
  readonly #handlers: LineHandlers;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #size = 0;
  /** Set while the rest of a line over the limit runs by. */
  #dropped: { readonly head: Buffer; tail: Buffer } | undefined;

  constructor(handlers: LineHandlers, maxBytes = defaultMaxLineBytes) {
    this.#handlers = handlers;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end === -1) {
        if (start < chunk.length) this.#keep(chunk.subarray(start));
        return;
      }
      this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
  }

  /** The stream ended: what is left without a newline is the last line. */
  end(): void {
    if (this.#size > 0) this.#finish(Buffer.alloc(0));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#dropped) {
      this.#dropped.tail = lastBytes([this.#dropped.tail, part]);
      return;
    }
    this.#parts.push(part);
    if (this.#size <= this.#maxBytes) return;
    this.#dropped = { head: firstBytes(this.#parts), tail: lastBytes(this.#parts) };
    this.#parts = [];
  }

  #finish(part: Buffer): void {
    if (this.#size === 0 && part.length <= this.#maxBytes) {
      this.#handlers.line(part.toString('utf8'), part.length);
      return;
    }
    this.#keep(part);
    const [parts, dropped, size] = [this.#parts, this.#dropped, this.#size];
    this.#parts = [];
    this.#dropped = undefined;
    this.#size = 0;
    if (dropped) this.#handlers.oversized(dropped.head.toString('utf8'), dropped.tail.toString('utf8'), size);
    else this.#handlers.line(Buffer.concat(parts).toString('utf8'), size);
  }
}

/** A copy of the first bytes, so that the megabytes behind them can go. */
function firstBytes(parts: readonly Buffer[]): Buffer {
  const taken: Buffer[] = [];
  let missing = excerptBytes;
  for (const part of parts) {
    if (missing <= 0) break;
    taken.push(part.subarray(0, missing));
    missing -= part.length;
  }
  return Buffer.concat(taken);
}

function lastBytes(parts: readonly Buffer[]): Buffer {
  const taken: Buffer[] = [];
  let missing = excerptBytes;
  for (let index = parts.length - 1; index >= 0 && missing > 0; index--) {
    const part = parts[index] as Buffer;
    taken.unshift(part.subarray(Math.max(0, part.length - missing)));
    missing -= part.length;
  }
  return Buffer.concat(taken);
}
