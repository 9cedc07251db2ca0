// Owns which pasted lines make one address: those that came at once, and those before them where it was cut. Pure but for
// what it remembers.
import { pastedUrl } from '../lib/pasted-url.ts';

export type Paste =
  /** An address, on one line. */
  | { readonly kind: 'whole'; readonly text: string }
  /** No address. */
  | { readonly kind: 'other'; readonly text: string }
  /** The beginning of an address: the next lines may be the rest. */
  | { readonly kind: 'part' }
  | { readonly kind: 'empty' };

export interface Pastes {
  add(lines: readonly string[]): Paste;
}

/** Lines further back are no part of an address. */
const mostLines = 50;

/** `state`: of the open login, where it is known. */
export function collectPastes(expected: { readonly state: string | undefined }): Pastes {
  let before: readonly string[] = [];
  return {
    add(lines) {
      const filled = lines.filter((line) => line.trim() !== '');
      if (filled.length === 0) return { kind: 'empty' };
      const all = [...before, ...filled].slice(-mostLines);
      // What is whole by itself needs nothing that came before.
      const alone = pastedUrl(filled.join('\n'), expected);
      const found = alone.kind === 'whole' ? alone : pastedUrl(all.join('\n'), expected);
      // Also of a whole one: its end may have been cut, and come next.
      before = found.kind === 'other' ? [] : all;
      if (found.kind === 'whole') return { kind: 'whole', text: found.text };
      return found.kind === 'part' ? { kind: 'part' } : { kind: 'other', text: filled.join(' ') };
    },
  };
}
