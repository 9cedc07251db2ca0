// Owns what a use case may ask of whoever called it; one value per call, passed along with it.
import type { CallHost } from '../wire/call-host.ts';

export interface Host extends CallHost {
  /** Names the call in the audit log. */
  readonly requestId: string;
  /** Aborted when the caller cancels, or goes away. */
  readonly signal: AbortSignal;
  /** Relays progress (members as in `notifications/progress`, without the token); nothing happens if nobody asked. */
  progress(update: Readonly<Record<string, unknown>>): void;
  /** Offers the user a URL to open, where the caller has a way to (elicitation in URL mode); `done` is when it was. */
  offerUrl(url: string, message: string, done: Promise<unknown>): void;
}
