// Owns the plug between the authenticator, which knows entries, and everyone else, who knows server names; loads the
// authenticator when the first login or token is needed.
import { join } from 'node:path';
import type { Authenticator, LoginStatus } from './auth/authenticator.ts';
import { loginKey } from './auth/server-key.ts';
import type { ConfiguredServer, HttpServerEntry, ServerEntry } from './config/server-entry.ts';
import { GatewayError } from './errors.ts';
import type { LoginPort } from './gateway/login-port.ts';
import type { FetchLike } from './lib/fetch-like.ts';
import { isThere } from './lib/json-file.ts';
import { type Lazy, lazy } from './lib/lazy.ts';
import type { LogPort } from './lib/log-port.ts';
import { isSameValue } from './lib/same-value.ts';
import type { Environment } from './settings.ts';
import type { TokenPlace } from './token-store-wiring.ts';

export interface LoginDeps {
  readonly env: Environment;
  readonly cwd?: string;
  readonly platform: NodeJS.Platform;
  readonly now: () => number;
  readonly log: LogPort;
}

export interface Logins extends LoginPort {
  logout(server: string): Promise<'revoked' | 'deleted' | 'nothing'>;
  /** False: it answers a request without a token, with the headers of its entry. Asks it. */
  mayNeedLogin(server: string): Promise<boolean>;
  /** Logs why logins cannot be saved, where there are servers that could need one. Never rejects. */
  reportPlace(): Promise<void>;
}

export interface OpenAuthenticator {
  readonly authenticator: Authenticator;
  readonly fetch: FetchLike;
  readonly closeHttp: () => Promise<void>;
}

/** Logging in needs HTTP, OAuth and keys: none of it is loaded for a gateway that has only local commands. */
export function lazyAuthenticator(deps: LoginDeps, place: TokenPlace): Lazy<OpenAuthenticator> {
  return lazy(async () => {
    const [{ createAuthenticator }, { createHttpFetch }, store] = await Promise.all([
      import('./auth/authenticator.ts'),
      import('./lib/http-fetch.ts'),
      place.openStore(),
    ]);
    const http = createHttpFetch(deps.env);
    const { env, platform, now, log } = deps;
    const authenticator = createAuthenticator({
      fetch: http.fetch,
      guarded: http.guarded,
      store,
      tokenDirectory: place.directory,
      now,
      env,
      platform,
      log,
    });
    return { authenticator, fetch: http.fetch, closeHttp: http.close };
  });
}

export async function closeAuthenticator(lazyAuthenticator: Lazy<OpenAuthenticator>): Promise<void> {
  const made = await lazyAuthenticator.made();
  if (!made) return;
  await made.authenticator.close();
  await made.closeHttp();
}

export function authorizedFetch(authenticator: Lazy<OpenAuthenticator>, entry: HttpServerEntry): FetchLike {
  const authorized = lazy(async () => (await authenticator.get()).authenticator.fetchFor(entry));
  return async (url, init) => (await authorized.get())(url, init);
}

export function loginsByName(
  servers: () => ReadonlyMap<string, ConfiguredServer>,
  lazyAuthenticator: Lazy<OpenAuthenticator>,
  place: TokenPlace,
): Logins {
  const entryOf = (name: string): HttpServerEntry => {
    const server = servers().get(name);
    if (server?.state === 'usable' && server.entry.kind === 'http') return server.entry;
    throw new GatewayError('INVALID_ARGUMENTS', `server '${name}' has no logins`, { server: name });
  };
  const opened = async (): Promise<Authenticator> => (await lazyAuthenticator.get()).authenticator;
  return {
    async login(name, request) {
      const entry = entryOf(name);
      await place.prepare();
      return await (await opened()).login(entry, request);
    },
    finish: async (name, callbackUrl) => (await opened()).finish(entryOf(name), callbackUrl),
    logout: async (name) => (await opened()).logout(entryOf(name)),
    async mayNeedLogin(name) {
      const entry = entryOf(name);
      const { probeServer } = await import('./auth/probe-server.ts');
      const probe = await probeServer(await lazyAuthenticator.get(), { entry });
      return probe.kind !== 'answered' || probe.status >= 300;
    },
    async status(name) {
      const entry = entryOf(name);
      if (entry.oauth === false) return { kind: 'off' };
      // Where there is no file there is no login: that much can be said without loading what logs in.
      const hasFile = lazyAuthenticator.made() !== undefined || (await hasLoginFile(place.directory, entry));
      const status: LoginStatus = hasFile ? await (await opened()).status(entry) : { kind: 'none' };
      if (status.kind !== 'none' && status.kind !== 'logged_in') return status;
      const warning = await place.obstacle();
      return warning === undefined ? status : { ...status, warning };
    },
    async reportPlace() {
      const all = [...servers().values()];
      if (all.some((server) => server.state === 'usable' && mayLogIn(server.entry))) await place.report();
    },
  };
}

/** What was made of entries that the config no longer has in this way is not used any more. Never rejects. */
export async function outdateLogins(
  lazyAuthenticator: Lazy<OpenAuthenticator>,
  before: readonly ServerEntry[],
  after: readonly ServerEntry[],
): Promise<void> {
  const made = await lazyAuthenticator.made()?.catch(() => undefined);
  const isSameLogin = (one: HttpServerEntry, other: ServerEntry): boolean =>
    other.kind === 'http' &&
    loginKey(one.url, one.profile) === loginKey(other.url, other.profile) &&
    isSameValue(one.oauth, other.oauth);
  const gone = before.flatMap((entry) =>
    entry.kind === 'http' && !after.some((other) => isSameLogin(entry, other)) ? [entry] : [],
  );
  // All at once: a connection by the new entries may be on its way.
  await Promise.allSettled(gone.map((entry) => made?.authenticator.outdated(entry)));
}

/** `told` hears of every login that succeeded, whoever began it. */
export function afterLogin(logins: Logins, told: (server: string) => void): Logins {
  return {
    ...logins,
    async login(server, request) {
      const attempt = await logins.login(server, request);
      attempt.done.then(
        () => told(server),
        () => undefined,
      );
      return attempt;
    },
  };
}

function mayLogIn(entry: ServerEntry): boolean {
  return entry.kind === 'http' && !entry.disabled && entry.oauth !== false;
}

async function hasLoginFile(tokenDirectory: string, { url, profile }: HttpServerEntry): Promise<boolean> {
  const key = loginKey(url, profile);
  const found = await Promise.all(
    [`${key}.json`, `${key}.login.json`].map((file) => isThere(join(tokenDirectory, file))),
  );
  return found.includes(true);
}
