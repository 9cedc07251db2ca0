// Owns the parts of a login that the doctor looks through, put together as login-wiring.ts does, and the `fetch` that uses
// what is saved and changes nothing. Loads what speaks HTTP and OAuth only where a server needs it.
import type { TraceDeps } from './auth/trace/trace-login.ts';
import type { ConfiguredServer, HttpServerEntry } from './config/server-entry.ts';
import type { FetchLike } from './lib/fetch-like.ts';
import { lazy } from './lib/lazy.ts';
import { openTokenStore, type TokenStoreDeps } from './token-store-wiring.ts';

export interface TraceWiringDeps extends TokenStoreDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Trace {
  depsFor(entry: HttpServerEntry): TraceDeps;
  /** The `fetch` of this server with its saved token, if there is one that has not expired. */
  fetchFor(entry: HttpServerEntry): FetchLike;
  readonly tokenDirectory: string;
  close(): Promise<void>;
}

/** The parts of a login, as login-wiring.ts puts them together; undefined where no server needs them. */
export async function openTrace(
  deps: TraceWiringDeps,
  tokenDirectory: string,
  chosen: readonly ConfiguredServer[],
): Promise<Trace | undefined> {
  if (!chosen.some((server) => server.state === 'usable' && server.entry.kind === 'http')) return undefined;
  const [{ lookup }, { guardStrangers }, { createLoginLeases }, { createHttpFetch }, { createFileLock }, store] =
    await Promise.all([
      import('node:dns/promises'),
      import('./auth/address-rule.ts'),
      import('./auth/login-lease.ts'),
      import('./lib/http-fetch.ts'),
      import('./lib/file-lock.ts'),
      openTokenStore(deps, tokenDirectory),
    ]);
  const http = createHttpFetch(deps.env);
  const lock = createFileLock();
  const { env, now, log } = deps;
  const parts = {
    store,
    leases: createLoginLeases({ lock, now, log }, { directory: tokenDirectory }),
    lookUp: async (hostname: string) => (await lookup(hostname, { all: true })).map(({ address }) => address),
    env,
    now,
  };
  return {
    // What a login may not ask, the doctor may not ask either.
    depsFor: ({ url: serverUrl, oauth }) => {
      const issuer = oauth === false ? undefined : oauth.issuer;
      return { ...parts, fetch: guardStrangers(http, { serverUrl, issuer }) };
    },
    fetchFor: (entry) => {
      const opened = lazy(() => savedTokenFetch({ ...parts, fetch: http.fetch }, entry));
      return async (url, init) => (await opened.get())(url, init);
    },
    tokenDirectory,
    close: http.close,
  };
}

async function savedTokenFetch(
  deps: Pick<TraceDeps, 'store' | 'now' | 'fetch'>,
  entry: HttpServerEntry,
): Promise<FetchLike> {
  const [{ fixedTokenFetch }, { BoundKeys }, { loginKey }] = await Promise.all([
    import('./auth/prove-login.ts'),
    import('./auth/bound-keys.ts'),
    import('./auth/server-key.ts'),
  ]);
  const record = entry.oauth === false ? undefined : await deps.store.read(loginKey(entry.url, entry.profile));
  const token = record?.tokens?.access_token;
  if (!record || token === undefined) return fixedTokenFetch(deps, { entry, token: undefined });
  const keys = new BoundKeys(deps.now);
  keys.remember(record);
  return fixedTokenFetch(deps, { entry, token, dpop: keys.of(token) });
}
