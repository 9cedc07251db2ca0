// Owns tokens that a grant without a human gives: asked for when there is none, once over all processes. Refreshing and
// everything else is what credentials.ts does with any login.
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { Credentials, Waiting } from './credentials.ts';
import type { DpopKey } from './dpop.ts';
import { isUsable } from './token-lifetime.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

/** Asks for new tokens. @throws GatewayError AUTH_FAILED, SERVER_UNAVAILABLE, CONFIG_INVALID */
export type Grant = (wish: {
  readonly challenge: AuthChallenge;
  readonly before: LoginRecord | undefined;
}) => Promise<LoginRecord>;

export interface MachineCredentialsDeps {
  /** Reads, refreshes and forgets what is saved. */
  readonly saved: Credentials;
  readonly grant: Grant;
  readonly store: TokenStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: LogPort;
}

const firstPauseMs = 1000;
const maxPauseMs = 60_000;

/** What another client of the config was given is not what this one may do: it is passed over, and written over. */
export function recordsOfClient(store: TokenStore, clientId: string | undefined): TokenStore {
  if (clientId === undefined) return store;
  return {
    ...store,
    async read(key) {
      const record = await store.read(key);
      return record?.client.client_id === clientId ? record : undefined;
    },
  };
}

export function createMachineCredentials(
  deps: MachineCredentialsDeps,
  settings: { readonly server: string; readonly key: string },
): Credentials {
  return new GrantedCredentials(deps, settings);
}

class GrantedCredentials implements Credentials {
  readonly #deps: MachineCredentialsDeps;
  readonly #server: string;
  readonly #key: string;
  readonly #flight = new SingleFlight<string>();
  /** What the server asked for when it last refused a request: an expired token is replaced without asking it again. */
  #challenge: AuthChallenge | undefined;
  /** A refused grant is not repeated for every call. */
  #refusal: { readonly error: unknown; readonly until: number; readonly count: number } | undefined;

  constructor(deps: MachineCredentialsDeps, { server, key }: { readonly server: string; readonly key: string }) {
    this.#deps = deps;
    this.#server = server;
    this.#key = key;
  }

  async token(options: Waiting = {}): Promise<string | undefined> {
    const token = await this.#deps.saved.token(options);
    return token ?? (this.#challenge && (await this.renew(undefined, { ...options, challenge: this.#challenge })));
  }

  async renew(rejected: string | undefined, options: Waiting = {}): Promise<string | undefined> {
    const token = await this.#deps.saved.renew(rejected, options);
    if (token !== undefined) return token;
    const refusal = this.#refusal;
    if (refusal && this.#deps.now() < refusal.until) throw refusal.error;
    return await this.#ask(rejected, options);
  }

  /** The config may have changed, or more scope is needed. */
  async obtain(options: Waiting = {}): Promise<void> {
    const current = (await this.#deps.store.read(this.#key))?.tokens?.access_token;
    await this.#ask(current, options);
  }

  keyOf(token: string): DpopKey | undefined {
    return this.#deps.saved.keyOf(token);
  }

  giveUp(token: string): void {
    this.#deps.saved.giveUp(token);
  }

  accept(record: LoginRecord, saved: boolean): void {
    this.#deps.saved.accept(record, saved);
  }

  unsaved(): string | undefined {
    return this.#deps.saved.unsaved();
  }

  forget(): void {
    this.#deps.saved.forget();
  }

  /** One request at a time, in this process and over all on the store. @returns another token than `rejected` */
  async #ask(rejected: string | undefined, { challenge = {}, signal }: Waiting): Promise<string> {
    this.#challenge = challenge;
    const wanted = `${rejected ?? ''} ${challenge.scope ?? ''}`;
    const work = this.#flight.run(wanted, async () => {
      try {
        return await this.#deps.store.withLock(this.#key, () => this.#askInside(rejected, challenge));
      } catch (error) {
        const count = (this.#refusal?.count ?? 0) + 1;
        const pauseMs = Math.min(firstPauseMs * 2 ** (count - 1), maxPauseMs);
        this.#refusal = { error, until: this.#deps.now() + pauseMs, count };
        throw error;
      }
    });
    return await orAborted(work, signal);
  }

  async #askInside(rejected: string | undefined, challenge: AuthChallenge): Promise<string> {
    const { store, grant, saved, now, log } = this.#deps;
    const before = await store.read(this.#key);
    const tokens = before?.tokens;
    // Another process was here first.
    if (before && tokens && tokens.access_token !== rejected && isUsable(tokens, now()) && covers(tokens, challenge)) {
      saved.accept(before, true);
      return tokens.access_token;
    }
    const record = await grant({ challenge, before });
    const token = record.tokens?.access_token;
    if (token === undefined) throw new GatewayError('INTERNAL', 'a grant gave no token', { server: this.#server });
    this.#refusal = undefined;
    try {
      await store.write(this.#key, record);
      saved.accept(record, true);
    } catch (error) {
      // Nothing is lost: the next process asks for its own.
      log.warn({ server: this.#server, reason: errorText(error) }, 'a token could not be saved; this process keeps it');
      saved.accept(record, false);
    }
    return token;
  }
}

function covers({ scope }: { readonly scope?: string }, challenge: AuthChallenge): boolean {
  if (challenge.error !== 'insufficient_scope' || challenge.scope === undefined) return true;
  const granted = scope?.split(' ') ?? [];
  return challenge.scope.split(' ').every((one) => granted.includes(one));
}
