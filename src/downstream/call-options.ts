// Owns what can be said of a request to a server, and what comes back.
import type { CallHost } from '../wire/call-host.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress; absent: the entry's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** It may run twice without harm: it is sent again where the server lost the session in the middle of it. */
  readonly repeatable?: boolean | undefined;
  readonly onProgress?: ((params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Whom the server may ask, and tell, while the call runs. */
  readonly host?: CallHost | undefined;
}

export interface CallOutcome {
  /** What the server answered, untouched. */
  readonly result: Record<string, unknown>;
  /** Bytes of the message, where the channel knows. */
  readonly size: number | undefined;
}
