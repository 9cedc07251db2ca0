// Owns what one host has said of itself, and the `Host` that each of its calls is given.
import { randomUUID } from 'node:crypto';
import type { Host } from '../gateway/host.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { IncomingRequest, Peer } from '../wire/peer.ts';

type Members = Readonly<Record<string, unknown>>;

/** How long the host may take to say whether its user opens a URL. Milliseconds. */
const offerMs = 10 * 60_000;

export class HostSession {
  readonly #peer: Peer;
  readonly #log: LogPort;
  #opensUrls = false;

  constructor(peer: Peer, log: LogPort) {
    this.#peer = peer;
    this.#log = log;
  }

  /** Takes the params of `initialize`. */
  introduce({ capabilities }: Members): void {
    this.#opensUrls = 'url' in membersOf(membersOf(capabilities)['elicitation']);
  }

  hostOf({ id, params, signal }: IncomingRequest): Host {
    const { progressToken } = membersOf(params['_meta']);
    return {
      requestId: String(id),
      signal,
      progress: (update) => {
        if (progressToken !== undefined) void this.#peer.notify('notifications/progress', { ...update, progressToken });
      },
      offerUrl: (url, message, done) => {
        if (this.#opensUrls) void this.#offerUrl(url, message, done);
      },
    };
  }

  /** Elicitation in URL mode (2025-11-25, client/elicitation). What the user answers changes nothing: the URL stays open. */
  async #offerUrl(url: string, message: string, done: Promise<unknown>): Promise<void> {
    const elicitationId = randomUUID();
    void done.then(
      () => this.#peer.notify('notifications/elicitation/complete', { elicitationId }),
      () => undefined,
    );
    try {
      await this.#peer.request(
        'elicitation/create',
        { mode: 'url', elicitationId, url, message },
        { timeoutMs: offerMs },
      );
    } catch (error) {
      this.#log.debug({ err: error }, 'the host did not take the URL');
    }
  }
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
