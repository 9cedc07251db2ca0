// Owns what happens when an HTTP server has forgotten the session, or is of another era than before: the conversation is
// opened anew, once for all, and the request goes out again only where it cannot have run. Knows nothing of tools.

import { orAborted } from '../lib/or-aborted.ts';
import { RpcError } from '../wire/rpc-error.ts';
import { HttpStatusError } from './http-answer-errors.ts';
import { judgeEra } from './modern-era.ts';

export type SessionVerdict = 'kept' | 'lost before it ran' | 'lost';

/**
 * Servers say it with 404, as the specification asks (2025-11-25, Session Management 3 and 4), or in their own words
 * with 400, 503, or a JSON-RPC error under 200. There the words are all there is, so they have to be read: a wrong
 * guess costs one `initialize`, and a call that may have run is never sent again.
 */
export function judgeSession(error: unknown, hasSession: boolean): SessionVerdict {
  const era = judgeEra(error);
  if (era !== 'same') return era === 'other' ? 'lost' : 'lost before it ran';
  if (error instanceof HttpStatusError && error.hadSession) {
    if (error.status === 404) return 'lost before it ran';
    if (error.status === 400 && saysLost(error.body)) return 'lost before it ran';
    if (error.status === 503 && saysLost(error.body)) return 'lost';
  }
  // Codes of JSON-RPC and its server range; tools that fail answer with `isError` or with codes of their own.
  if (error instanceof RpcError && hasSession && error.code <= -32000 && error.code >= -32768) {
    if (saysLost(error.message)) return 'lost';
  }
  return 'kept';
}

function saysLost(text: string): boolean {
  return (
    /\b(?:mcp[- ])?session(?:[- ]?id)?\b.{0,80}\b(?:not found|unknown|expired|invalid|terminated|not exist|not initialized)/i.test(
      text,
    ) || /\b(?:no valid|unknown|invalid|expired|missing)\s(?:mcp[- ])?session/i.test(text)
  );
}

/** A server that restarts may forget the new session too before the request gets there; one that always does is given up. */
const mostRenewals = 2;

export interface Session {
  has(): boolean;
  /** Opens the conversation anew. */
  renew(): Promise<void>;
}

export class SessionRecovery {
  readonly #session: Session;
  /** Grows with every renewal: a request that began before one does not cause another. */
  #generation = 0;
  #renewing: Promise<void> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** `repeatable`: the request may run twice without harm. */
  async run<T>(
    attempt: () => Promise<T>,
    options: { readonly repeatable: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    for (let renewals = 0; ; renewals++) {
      if (this.#renewing !== undefined) await orAborted(this.#renewing, options.signal);
      const generation = this.#generation;
      try {
        return await attempt();
      } catch (error) {
        const verdict = judgeSession(error, this.#session.has());
        if (verdict === 'kept' || renewals === mostRenewals) throw error;
        await orAborted(this.#renewOnce(generation), options.signal);
        if (verdict === 'lost' && !options.repeatable) throw error;
      }
    }
  }

  async #renewOnce(seen: number): Promise<void> {
    if (this.#generation !== seen) return;
    this.#renewing ??= this.#session
      .renew()
      .then(() => {
        this.#generation++;
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    await this.#renewing;
  }
}
