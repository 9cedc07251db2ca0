// Owns making lines of what a process writes, fit for a file that a human reads in a terminal. Knows nothing of the file.
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../lib/printable.ts';

export type Mask = (text: string) => string;

/** Longer lines are cut, in characters: some print whole documents. */
const longestLine = 8 * 1024;
/** A private key is no longer than this, in lines; without its end the rest of the text would be hidden for ever. */
const longestKey = 200;
const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

export class StderrLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest = '';
  /** The rest of a line that was cut is not wanted. */
  #isCut = false;
  /** Lines of a private key that are hidden at most from here. */
  #keyLines = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = this.#decoder.write(chunk).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      this.#take(part);
      this.#finish();
    }
    this.#take(last);
  }

  /** What stands without a line break at the end is a line too. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') this.#finish();
  }

  #take(part: string): void {
    if (this.#isCut) return;
    this.#rest += part;
    if (this.#rest.length <= longestLine) return;
    this.#rest = `${this.#rest.slice(0, longestLine)}…`;
    this.#isCut = true;
  }

  #finish(): void {
    const line = this.#rest.trimEnd();
    this.#rest = '';
    this.#isCut = false;
    if (this.#keyLines > 0) {
      this.#keyLines = keyEnds.test(line) ? 0 : this.#keyLines - 1;
      return;
    }
    if (keyBegins.test(line) && !keyEnds.test(line)) this.#keyLines = longestKey;
    if (line !== '') this.#onLine(printable(stripVTControlCharacters(line)));
  }
}
