// Owns the room's front door: the authorized fetch of an entry, its login, its logout, its state. Decides nothing that a
// step file or the login story decides.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { createFileLock } from '../lib/file-lock.ts';
import type { HttpFetch } from '../lib/http-fetch.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import type { Sleep } from '../lib/sleep.ts';
import { sleep } from '../lib/sleep.ts';
import { guardStrangers } from './address-rule.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import type { Environment, OpenBrowser } from './browser.ts';
import { hasBrowser, openBrowser } from './browser.ts';
import { CallbackServer } from './callback-server.ts';
import type { Credentials } from './credentials.ts';
import { JoinedLogin } from './joined-login.ts';
import type { LoginLeases } from './login-lease.ts';
import { createLoginLeases } from './login-lease.ts';
import type { LoginStatus } from './login-status.ts';
import { pendingStatus, statusOfRecord } from './login-status.ts';
import type { Grant } from './machine-credentials.ts';
import { createMachineCredentials, recordsOfClient } from './machine-credentials.ts';
import { isMachineGrant, obtainByGrant } from './machine-grant.ts';
import { OpenLogins } from './open-logins.ts';
import { parsePastedCallback } from './pasted-callback.ts';
import { revokeTokens } from './revoke.ts';
import { loginKey } from './server-key.ts';
import type { StartDeps } from './start-login.ts';
import { createCredentials } from './stored-credentials.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export interface Authenticator {
  fetchFor(entry: HttpServerEntry): FetchLike;
  /**
   * Starts a login, or joins the one that is open in this or another process. Resolves as soon as there is a URL, or
   * the login is already there (then there is no URL, and `done` is).
   * @throws GatewayError AUTH_FAILED before there is a URL; CANCELLED where the gateway ends
   */
  login(
    entry: HttpServerEntry,
    request: {
      readonly challenge?: AuthChallenge | undefined;
      readonly openBrowser: boolean;
      /** The human said that there is no browser here, whatever this machine looks like. */
      readonly headless?: boolean | undefined;
      /** Drops an open login, and registers anew. */
      readonly restart?: boolean | undefined;
      /** Ends this caller's wait; the login goes on for the others. */
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<LoginAttempt>;
  /**
   * Completes the open login with the URL that the browser ended up at.
   * @throws GatewayError INVALID_ARGUMENTS the URL is not that login's, which goes on; AUTH_FAILED
   */
  finish(entry: HttpServerEntry, callbackUrl: string): Promise<void>;
  logout(entry: HttpServerEntry): Promise<'revoked' | 'deleted' | 'nothing'>;
  status(entry: HttpServerEntry): Promise<LoginStatus>;
  /** The config no longer says this: an open login by it ends, the next one begins by what it says now. Saved logins stay. */
  outdated(entry: HttpServerEntry): Promise<void>;
  close(): Promise<void>;
}

export type { LoginStatus } from './login-status.ts';

export interface LoginAttempt {
  /** What the human opens. */
  readonly loginUrl?: string;
  /** How long that URL can be opened, where that is shorter than the login; `status` has a fresh one. Milliseconds. */
  readonly urlHoldsMs?: number;
  /** What the human enters there, or compares with what is shown (RFC 8628); there is no callback then. */
  readonly userCode?: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly browserOpened: boolean;
  /**
   * Rejects with GatewayError AUTH_FAILED; with LoginAbandonedError where the process that held it ended, or it was begun
   * anew.
   */
  readonly done: Promise<void>;
}

export interface AuthenticatorDeps {
  readonly fetch: FetchLike;
  /** For what strangers name; absent: `fetch`. */
  readonly guarded?: HttpFetch['guarded'] | undefined;
  readonly store: TokenStore;
  readonly tokenDirectory: string;
  readonly now: () => number;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly log: LogPort;
  readonly openBrowser?: OpenBrowser | undefined;
  /** How a device login waits between two questions. */
  readonly sleep?: Sleep | undefined;
}

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  return new GatewayAuthenticator(deps);
}

class GatewayAuthenticator implements Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #leases: LoginLeases;
  readonly #callbacks = new CallbackServer();
  readonly #logins = new OpenLogins();
  readonly #credentials = new Map<string, Credentials>();
  readonly #fetches = new Map<string, FetchLike>();

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#leases = createLoginLeases(
      { lock: createFileLock(deps), now: deps.now, log: deps.log },
      { directory: deps.tokenDirectory },
    );
  }

  fetchFor(entry: HttpServerEntry): FetchLike {
    return createAuthorizedFetch({ fetch: this.#deps.fetch, credentials: this.#credentialsOf(entry) }, entry);
  }

  async login(entry: HttpServerEntry, request: Parameters<Authenticator['login']>[1]): Promise<LoginAttempt> {
    const settings = requireOAuth(entry);
    const work = async (): Promise<LoginAttempt> => {
      const credentials = this.#credentialsOf(entry);
      if (credentials.obtain) {
        const { challenge, signal } = request;
        await credentials.obtain({ challenge, signal });
        return { expiresAt: this.#deps.now(), browserOpened: false, done: Promise.resolve() };
      }
      const login = await this.#logins.start(this.#startDeps(entry), { entry, settings, key: keyOf(entry), request });
      if (!login) return { expiresAt: this.#deps.now(), browserOpened: false, done: Promise.resolve() };
      if (request.openBrowser) await login.show();
      const { loginUrl, urlHoldsMs, userCode, expiresAt, browserOpened, done } = login;
      return {
        loginUrl,
        ...(urlHoldsMs !== undefined && { urlHoldsMs }),
        ...(userCode !== undefined && { userCode }),
        expiresAt,
        browserOpened,
        done,
      };
    };
    return await orAborted(work(), request.signal);
  }

  async finish(entry: HttpServerEntry, callbackUrl: string): Promise<void> {
    requireOAuth(entry);
    const key = keyOf(entry);
    const parameters = parsePastedCallback(entry.name, callbackUrl);
    const open = this.#logins.get(key);
    if (open) {
      await open.deliver(parameters);
      await open.done;
      return;
    }
    const found = await this.#leases.read(key);
    if (!found || !this.#leases.isFresh(found)) {
      const hint = `portico login ${entry.name}`;
      throw new GatewayError('AUTH_FAILED', `no login to server '${entry.name}' is open`, { server: entry.name, hint });
    }
    const before = await this.#deps.store.read(key);
    const signal = AbortSignal.timeout(Math.max(found.expiresAt - this.#deps.now(), 0));
    const joined = new JoinedLogin(this.#startDeps(entry), { server: entry.name, key, found, before, signal });
    await joined.deliver(parameters);
    this.#credentialsOf(entry).accept(await joined.finished(), true);
  }

  async logout(entry: HttpServerEntry): Promise<'revoked' | 'deleted' | 'nothing'> {
    const { store, log } = this.#deps;
    const key = keyOf(entry);
    await this.#logins.drop(key, new GatewayError('CANCELLED', `'${entry.name}' was logged out`));
    await this.#leases.remove(key);
    const record = await store.withLock(key, async () => {
      const there = await this.#readToForget(entry.name, key);
      if (there) await store.delete(key);
      return there;
    });
    this.#credentialsOf(entry).forget();
    if (!record) return 'nothing';
    if (record === 'unreadable' || !record.tokens) return 'deleted';
    const outcome = await revokeTokens(this.#depsOf(entry), {
      server: entry.name,
      record,
      key: entry.oauth === false ? undefined : entry.oauth,
    });
    if (typeof outcome === 'object') log.warn({ server: entry.name, reason: outcome.failed }, 'revocation failed');
    return outcome === 'revoked' ? 'revoked' : 'deleted';
  }

  /** What cannot be opened can still be given up. */
  async #readToForget(server: string, key: string): Promise<LoginRecord | 'unreadable' | undefined> {
    try {
      return await this.#deps.store.read(key);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
      this.#deps.log.warn({ server, reason: error.message }, 'the login cannot be revoked, since it cannot be read');
      return 'unreadable';
    }
  }

  async status(entry: HttpServerEntry): Promise<LoginStatus> {
    if (entry.oauth === false) return { kind: 'off' };
    const key = keyOf(entry);
    const open = this.#logins.get(key);
    if (open) return pendingStatus(open.loginUrl, open);
    const lease = await this.#leases.read(key);
    if (lease?.loginUrl !== undefined && this.#leases.isFresh(lease)) return pendingStatus(lease.loginUrl, lease);
    const status = statusOfRecord(await this.#deps.store.read(key), {
      now: this.#deps.now(),
      needsNoHuman: isMachineGrant(entry.oauth),
    });
    const unsaved = this.#credentials.get(key)?.unsaved();
    if (unsaved === undefined || (status.kind !== 'logged_in' && status.kind !== 'none')) return status;
    return { ...status, warning: `${unsaved}: it ends with this process` };
  }

  async outdated(entry: HttpServerEntry): Promise<void> {
    const key = keyOf(entry);
    this.#credentials.delete(key);
    await this.#logins.abandon(key, entry, 'ended: its entry in the config has changed');
  }

  async close(): Promise<void> {
    await this.#logins.close();
    await this.#callbacks.close();
  }

  #startDeps(entry: HttpServerEntry): StartDeps {
    const { env, platform } = this.#deps;
    return {
      ...this.#depsOf(entry),
      callbacks: this.#callbacks,
      credentials: this.#credentialsOf(entry),
      leases: this.#leases,
      openBrowser: this.#deps.openBrowser ?? ((url) => openBrowser(url, { env, platform })),
      hasBrowser: hasBrowser(env, platform),
      sleep: this.#deps.sleep ?? sleep,
    };
  }

  /** One per login, not per entry: two entries of one server and account share token and refresh. */
  #credentialsOf(entry: HttpServerEntry): Credentials {
    const key = keyOf(entry);
    let credentials = this.#credentials.get(key);
    if (!credentials) {
      credentials = this.#openCredentials(entry, key);
      this.#credentials.set(key, credentials);
    }
    return credentials;
  }

  /** What is asked on behalf of an entry is asked under the rules for its server. */
  #depsOf(entry: HttpServerEntry): AuthenticatorDeps {
    const { fetch, guarded } = this.#deps;
    if (!guarded) return this.#deps;
    const issuer = entry.oauth === false ? undefined : entry.oauth.issuer;
    const place = `${entry.url} ${issuer ?? ''}`;
    const found = this.#fetches.get(place) ?? guardStrangers({ fetch, guarded }, { serverUrl: entry.url, issuer });
    this.#fetches.set(place, found);
    return { ...this.#deps, fetch: found };
  }

  #openCredentials(entry: HttpServerEntry, key: string): Credentials {
    const { name: server, oauth: settings } = entry;
    const clientKey = settings === false ? undefined : settings;
    const shared = this.#depsOf(entry);
    if (settings === false || !isMachineGrant(settings)) return createCredentials(shared, { server, key, clientKey });
    const deps = { ...shared, store: recordsOfClient(shared.store, settings.clientId) };
    const saved = createCredentials(deps, { server, key, clientKey });
    const grant: Grant = (wish) => obtainByGrant(deps, { entry, settings, ...wish });
    return createMachineCredentials({ ...deps, saved, grant }, { server, key });
  }
}

function keyOf(entry: HttpServerEntry): string {
  return loginKey(entry.url, entry.profile);
}

function requireOAuth(entry: HttpServerEntry): Exclude<HttpServerEntry['oauth'], false> {
  const server = entry.name;
  if (entry.oauth === false) {
    throw new GatewayError('AUTH_FAILED', `server '${server}' is configured without OAuth`, {
      server,
      hint: 'Remove "oauth": false, or the static Authorization header.',
    });
  }
  return entry.oauth;
}
