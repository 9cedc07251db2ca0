// Owns logging of what a server prints where only messages belong: rate-limited, quoted and cut.
import type { LogPort } from '../lib/log-port.ts';

const perWindow = 5;
const windowMs = 60_000;
const quotedCharacters = 200;

export interface NoiseLog {
  /** A text that is no message. */
  skipped(text: string, size: number): void;
}

/** At most five lines a minute and server; the next one then says how many were left out. */
export function createNoiseLog(deps: { readonly log: LogPort; readonly now: () => number }, server: string): NoiseLog {
  let windowStartedAt = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  let unlogged = 0;
  return {
    skipped(text, size) {
      if (text.trim() === '') return;
      const now = deps.now();
      if (now - windowStartedAt >= windowMs) {
        windowStartedAt = now;
        inWindow = 0;
      }
      if (++inWindow > perWindow) {
        unlogged++;
        return;
      }
      const details = { server, text: text.slice(0, quotedCharacters), bytes: size, ...(unlogged > 0 && { unlogged }) };
      unlogged = 0;
      deps.log.warn(details, 'the server printed something on stdout that is no message; it was skipped');
    },
  };
}
