// Owns the life of one login in this process: which token is used, when it is refreshed, and by whom. Knows nothing of HTTP requests to the server.
import { errorText, GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { LockHeldError } from '../lib/file-lock.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import { BoundKeys } from './bound-keys.ts';
import type { ClientKey } from './client-auth.ts';
import type { Credentials, Waiting } from './credentials.ts';
import type { DpopKey } from './dpop.ts';
import { nextUpdatedAt, sameLogin } from './login-record.ts';
import type { DeadError, RefreshVerdict } from './refresh.ts';
import { refreshTokens } from './refresh.ts';
import { isDue, isExpired, isUsable } from './token-lifetime.ts';
import type { LoginRecord, SavedTokens, TokenStore } from './token-store.ts';

export interface CredentialsDeps {
  readonly fetch: FetchLike;
  readonly store: TokenStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: LogPort;
}

type Outcome =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' }
  | {
      readonly kind: 'unreachable';
      readonly reason: string;
      readonly retryAfterMs?: number;
      /** It is another process that is in the way. */
      readonly isLocked?: true;
    };

/** So old may the knowledge of the store be: a login of another process is noticed within this time. */
const rereadMs = 1000;
/** So long another process may take to refresh it: more than the 15 s after which one that was killed is replaced. */
const lockLimitMs = 25_000;
const firstBackoffMs = 1000;
const maxBackoffMs = 60_000;
/** How long a refusal of the request itself is remembered. */
const refusalMs = 10 * 60_000;

export interface CredentialsSettings {
  readonly server: string;
  readonly key: string;
  /** Of a configured client (RFC 7523). */
  readonly clientKey?: ClientKey | undefined;
}

export function createCredentials(deps: CredentialsDeps, settings: CredentialsSettings): Credentials {
  return new StoredCredentials(deps, settings);
}

class StoredCredentials implements Credentials {
  readonly #deps: CredentialsDeps;
  readonly #server: string;
  readonly #key: string;
  readonly #clientKey: ClientKey | undefined;
  readonly #flight = new SingleFlight<Outcome>();
  readonly #keys: BoundKeys;
  #record: LoginRecord | undefined;
  /** What the store held when it was last read: differs from `#record` while a rotated token could not be saved. */
  #stored: LoginRecord | undefined;
  /** Why they differ. */
  #unsaved: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Counts what replaced `#record`. */
  #changes = 0;
  /** A token that was rejected although it was new. */
  #useless: string | undefined;
  #backoff:
    | { readonly until: number; readonly failures: number; readonly reason: string; readonly isRefusal?: true }
    | undefined;

  constructor(deps: CredentialsDeps, { server, key, clientKey }: CredentialsSettings) {
    this.#deps = deps;
    this.#server = server;
    this.#key = key;
    this.#clientKey = clientKey;
    this.#keys = new BoundKeys(deps.now);
  }

  async token({ signal }: Waiting = {}): Promise<string | undefined> {
    const { now } = this.#deps;
    if (Math.abs(now() - this.#readAt) >= rereadMs) {
      await this.#read();
      if (this.#unsaved !== undefined) await this.#saveAgain();
    }
    const tokens = this.#record?.tokens;
    if (!tokens) return undefined;
    if (!isDue(tokens, now())) return tokens.access_token;
    const usable = isExpired(tokens, now()) ? undefined : tokens.access_token;
    if (tokens.refresh_token === undefined) return usable;
    const outcome = await this.#replace(tokens.access_token, signal);
    if (outcome.kind === 'token') return outcome.token;
    // What was refused is kept, and its token is good to its end; what is dead is gone.
    if (outcome.kind === 'none') return this.#record?.tokens === tokens ? usable : undefined;
    if (usable === undefined || isExpired(tokens, now())) throw this.#unreachable(outcome);
    return usable;
  }

  async renew(rejected: string | undefined, { signal }: Waiting = {}): Promise<string | undefined> {
    // A login that another process finished, or a token that it rotated, is used before anything is asked.
    await this.#read();
    const tokens = this.#record?.tokens;
    if (!tokens || tokens.access_token === this.#useless) return undefined;
    if (tokens.access_token !== rejected && isUsable(tokens, this.#deps.now())) return tokens.access_token;
    if (tokens.refresh_token === undefined) return undefined;
    const outcome = await this.#replace(tokens.access_token, signal);
    if (outcome.kind === 'token') return outcome.token === rejected ? undefined : outcome.token;
    if (outcome.kind === 'none') return undefined;
    throw this.#unreachable(outcome);
  }

  keyOf(token: string): DpopKey | undefined {
    return this.#keys.of(token);
  }

  giveUp(token: string): void {
    this.#useless = token;
  }

  accept(record: LoginRecord, saved: boolean): void {
    this.#take(record);
    // Where the login could not be saved, the older one there must not come back.
    if (saved) this.#stored = record;
    else this.#unsaved = 'a login could not be saved';
    this.#readAt = this.#deps.now();
    this.#useless = undefined;
  }

  forget(): void {
    this.#take(undefined);
    this.#stored = undefined;
    this.#readAt = this.#deps.now();
  }

  unsaved(): string | undefined {
    return this.#unsaved;
  }

  #take(record: LoginRecord | undefined): void {
    this.#record = record;
    this.#unsaved = undefined;
    if (record) this.#keys.remember(record);
    this.#backoff = undefined;
    this.#changes++;
  }

  /** Takes what the store holds, unless it is what we already replaced and could not save. */
  async #read(): Promise<void> {
    const changes = this.#changes;
    const stored = await this.#deps.store.read(this.#key);
    // What was read may be older than what this process has taken in the meantime.
    if (changes !== this.#changes) return;
    if (!sameLogin(stored, this.#stored)) this.#take(stored);
    this.#stored = stored;
    this.#readAt = this.#deps.now();
  }

  /** One refresh at a time for one token, however many requests met it. No caller's signal reaches it: a rotated token must arrive. */
  async #replace(accessToken: string, signal: AbortSignal | undefined): Promise<Outcome> {
    const { now, store } = this.#deps;
    const pause = this.#backoff;
    if (pause && now() < pause.until) {
      if (pause.isRefusal) return { kind: 'none' };
      return { kind: 'unreachable', reason: pause.reason, retryAfterMs: pause.until - now() };
    }
    const work = this.#flight.run(accessToken, async () => {
      try {
        return await store.withLock(this.#key, () => this.#replaceInside(accessToken), { limitMs: lockLimitMs });
      } catch (error) {
        if (error instanceof LockHeldError) return { kind: 'unreachable', reason: error.message, isLocked: true };
        throw error;
      }
    });
    return await orAborted(work, signal);
  }

  /** Inside the lock, where nobody else refreshes or saves. */
  async #replaceInside(accessToken: string): Promise<Outcome> {
    await this.#read();
    const record = this.#record;
    const tokens = record?.tokens;
    if (!record || !tokens) return { kind: 'none' };
    // RFC 9700 section 4.14.2: a refresh token that is used twice ends the login, so somebody else's result is taken.
    const replaced = tokens.access_token !== accessToken;
    if (replaced && isUsable(tokens, this.#deps.now())) return { kind: 'token', token: tokens.access_token };
    if (tokens.refresh_token === undefined) return { kind: 'none' };
    const verdict = await refreshTokens(this.#deps, {
      server: this.#server,
      record,
      key: this.#clientKey,
      dpop: this.#keys.of(tokens.access_token),
    });
    if (verdict.kind === 'refreshed') return await this.#keep(record, verdict.tokens);
    if (verdict.kind === 'dead') return await this.#bury(record, verdict.error);
    return verdict.kind === 'refused' ? this.#refuse(verdict.reason) : this.#pause(verdict);
  }

  async #keep(record: LoginRecord, tokens: SavedTokens): Promise<Outcome> {
    const { now, store, log } = this.#deps;
    const next: LoginRecord = { ...record, tokens, updated_at: nextUpdatedAt(record, now()) };
    this.#take(next);
    this.#useless = undefined;
    try {
      await store.write(this.#key, next);
      this.#stored = next;
    } catch (error) {
      // The old refresh token is spent: what is in memory is the login now.
      const what = 'a refreshed login could not be saved; it works until this process ends, then a new login is needed';
      log.warn({ server: this.#server, reason: errorText(error) }, what);
      this.#unsaved = 'a refreshed login could not be saved';
    }
    return { kind: 'token', token: tokens.access_token };
  }

  /** The only copy is written as soon as that is possible, unless somebody else's login is there by then. */
  async #saveAgain(): Promise<void> {
    const { store, log } = this.#deps;
    const record = this.#record;
    try {
      await store.withLock(this.#key, async () => {
        if (!record || this.#record !== record || !sameLogin(await store.read(this.#key), this.#stored)) return;
        await store.write(this.#key, record);
        this.#stored = record;
        this.#unsaved = undefined;
      });
    } catch (error) {
      log.debug({ server: this.#server, reason: errorText(error) }, 'a login can still not be saved');
    }
  }

  /** The verdict of the authorization server, and the only reason to delete anything. */
  async #bury(used: LoginRecord, error: DeadError): Promise<Outcome> {
    const { now, store, log } = this.#deps;
    log.warn({ server: this.#server, error }, 'the authorization server has ended this login');
    const current = await store.read(this.#key);
    // A file that was put there in the meantime, by whatever does not ask for locks, is somebody else's login.
    const ours = sameLogin(current, used) || sameLogin(current, this.#stored);
    if (!ours) {
      this.#take(current);
      this.#stored = current;
      return current?.tokens && !isExpired(current.tokens, now())
        ? { kind: 'token', token: current.tokens.access_token }
        : { kind: 'none' };
    }
    const { tokens: _dead, ...rest } = used;
    // `invalid_client` and `unauthorized_client` speak of the registration: that is gone too.
    const left: LoginRecord | undefined =
      error === 'invalid_grant' ? { ...rest, updated_at: nextUpdatedAt(current ?? used, now()) } : undefined;
    this.#take(left);
    try {
      await (left ? store.write(this.#key, left) : store.delete(this.#key));
      this.#stored = left;
    } catch (failure) {
      log.warn({ server: this.#server, reason: errorText(failure) }, 'a login that has ended could not be deleted');
    }
    return { kind: 'none' };
  }

  /** Asked again in vain it would be refused again; a new login, here or elsewhere, ends the pause. */
  #refuse(reason: string): Outcome {
    const { now, log } = this.#deps;
    this.#backoff = { until: now() + refusalMs, failures: 0, reason, isRefusal: true };
    log.warn({ server: this.#server, reason }, 'the authorization server does not refresh this login; it is kept');
    return { kind: 'none' };
  }

  #pause(verdict: Extract<RefreshVerdict, { kind: 'unreachable' }>): Outcome {
    const { now, log } = this.#deps;
    const failures = (this.#backoff?.failures ?? 0) + 1;
    const backoffMs = Math.min(firstBackoffMs * 2 ** (failures - 1), maxBackoffMs);
    const waitMs = Math.max(backoffMs, verdict.retryAfterMs ?? 0);
    this.#backoff = { until: now() + waitMs, failures, reason: verdict.reason };
    log.warn({ server: this.#server, reason: verdict.reason, waitMs }, 'a login could not be refreshed; it is kept');
    return { kind: 'unreachable', reason: verdict.reason, retryAfterMs: waitMs };
  }

  #unreachable({ reason, retryAfterMs, isLocked }: Extract<Outcome, { kind: 'unreachable' }>): GatewayError {
    const wait = retryAfterMs === undefined ? '' : ` in ${Math.ceil(retryAfterMs / 1000)} s`;
    const why = isLocked ? '' : 'the authorization server is temporarily unreachable, ';
    return new GatewayError(
      'SERVER_UNAVAILABLE',
      `server '${this.#server}': ${why}the login could not be refreshed: ${reason}`,
      { server: this.#server, hint: `The login is kept. Try again${wait}.` },
    );
  }
}
