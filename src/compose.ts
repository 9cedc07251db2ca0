// Owns how the parts of one gateway are put together: settings in, a gateway and its ends out. The only place where
// auth/ and downstream/ meet, as one `fetch`; heavy rooms are loaded when they are first needed.
import { join } from 'node:path';
import { type AuditSink, silentSink } from './audit/sink.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { hasBrowser } from './auth/browser.ts';
import { loginKey } from './auth/server-key.ts';
import type { ConfiguredServer, HttpServerEntry, ServerEntry } from './config/server-entry.ts';
import { createServerPool, type ServerPool } from './downstream/pool.ts';
import { errorText, GatewayError } from './errors.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import type { ConfigSource } from './gateway/gateway-status.ts';
import type { LoginPort } from './gateway/login-port.ts';
import type { FetchLike } from './lib/fetch-like.ts';
import { isThere } from './lib/json-file.ts';
import { type Lazy, lazy } from './lib/lazy.ts';
import type { LogPort } from './lib/log-port.ts';
import { findPaths, type Paths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export type { Host } from './gateway/host.ts';

export interface ComposeDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  readonly version: string;
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Composition {
  readonly gateway: Gateway;
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  readonly source: ConfigSource;
  readonly logins: LoginPort & { logout(server: string): Promise<'revoked' | 'deleted' | 'nothing'> };
  /** Connects in the background what `GATEWAY_INIT_STRATEGY` says; returns at once. */
  startEager(): void;
  /** Ends every server, login and file within 5 s. */
  close(): Promise<void>;
  /** Ends every child process at once, for when nothing asynchronous can run any more. */
  killNow(): void;
}

const defaultLoginWaitMs = 45_000;

/** @throws GatewayError CONFIG_INVALID */
export async function compose(deps: ComposeDeps, settings: Settings): Promise<Composition> {
  const { env, log, now } = deps;
  const paths = findPaths({ env, cwd: deps.cwd, tokenDir: settings.tokenDir });
  const { readConfig } = await import('./read-config.ts');
  const { servers: loaded, rules } = await readConfig(deps, settings);
  const issues = [...loaded.issues, ...(rules?.issues ?? [])];
  reportIssues(issues, log);
  if (!rules) log.warn({}, 'no rules file: one agent, and it may use everything');
  const { servers } = loaded;
  const source = { serversFile: loaded.path, rulesFile: rules?.path, loadedAt: now(), issues };

  const authenticator = lazyAuthenticator(deps, paths);
  const pool = createServerPool(
    { ...deps, fetchFor: (entry) => authorizedFetch(authenticator, entry) },
    { entries: [...servers.values()].flatMap((server) => (server.state === 'usable' ? [server.entry] : [])) },
  );
  const logins = loginsByName(servers, authenticator, paths);
  const audit = await openAudit(paths.auditFile, log);
  const gateway = createGateway(
    { servers, rules: rules?.rules, source, downstream: pool, logins, audit, now },
    {
      version: deps.version,
      lockedAgent: settings.lockedAgent,
      defaultAgent: settings.defaultAgent,
      loginWaitMs: settings.loginWaitMs ?? (hasBrowser(env, deps.platform) ? defaultLoginWaitMs : 0),
    },
  );
  return {
    gateway,
    servers,
    source,
    logins,
    startEager: () => void startEager(settings, servers, pool, logins, log),
    async close() {
      await Promise.all([pool.close(), closeMade(authenticator)]);
      await audit.close();
    },
    killNow: () => pool.killNow(),
  };
}

/** Logging in needs HTTP, OAuth and keys: none of it is loaded for a gateway that has only local commands. */
function lazyAuthenticator(deps: ComposeDeps, paths: Paths): Lazy<OpenAuthenticator> {
  return lazy(async () => {
    const [{ createAuthenticator }, { createFileTokenStore }, { createHttpFetch }, { createFileLock }] = await Promise.all([
      import('./auth/authenticator.ts'),
      import('./auth/file-token-store.ts'),
      import('./lib/http-fetch.ts'),
      import('./lib/file-lock.ts'),
    ]);
    const http = createHttpFetch(deps.env);
    const store = createFileTokenStore({ lock: createFileLock() }, { directory: paths.tokenDir });
    const { env, platform, now, log } = deps;
    const authenticator = createAuthenticator({
      fetch: http.fetch,
      store,
      tokenDirectory: paths.tokenDir,
      now,
      env,
      platform,
      log,
    });
    return { authenticator, closeHttp: http.close };
  });
}

interface OpenAuthenticator {
  readonly authenticator: Authenticator;
  readonly closeHttp: () => Promise<void>;
}

async function closeMade(lazyAuthenticator: Lazy<OpenAuthenticator>): Promise<void> {
  const made = await lazyAuthenticator.made();
  if (!made) return;
  await made.authenticator.close();
  await made.closeHttp();
}

function authorizedFetch(authenticator: Lazy<OpenAuthenticator>, entry: HttpServerEntry): FetchLike {
  const authorized = lazy(async () => (await authenticator.get()).authenticator.fetchFor(entry));
  return async (url, init) => (await authorized.get())(url, init);
}

function loginsByName(
  servers: ReadonlyMap<string, ConfiguredServer>,
  lazyAuthenticator: Lazy<OpenAuthenticator>,
  { tokenDir }: Paths,
): Composition['logins'] {
  const entryOf = (name: string): HttpServerEntry => {
    const server = servers.get(name);
    if (server?.state === 'usable' && server.entry.kind === 'http') return server.entry;
    throw new GatewayError('INVALID_ARGUMENTS', `server '${name}' has no logins`, { server: name });
  };
  const opened = async (): Promise<Authenticator> => (await lazyAuthenticator.get()).authenticator;
  return {
    login: async (name, request) => (await opened()).login(entryOf(name), request),
    finish: async (name, callbackUrl) => (await opened()).finish(entryOf(name), callbackUrl),
    logout: async (name) => (await opened()).logout(entryOf(name)),
    async status(name) {
      const entry = entryOf(name);
      if (entry.oauth === false) return { kind: 'off' };
      // Where there is no file there is no login: that much can be said without loading what logs in.
      if (!lazyAuthenticator.made() && !(await hasLoginFile(tokenDir, entry))) return { kind: 'none' };
      return (await opened()).status(entry);
    },
  };
}

async function hasLoginFile(tokenDir: string, { url, profile }: HttpServerEntry): Promise<boolean> {
  const key = loginKey(url, profile);
  const found = await Promise.all(
    [`${key}.json`, `${key}.login.json`].map((file) => isThere(join(tokenDir, file))),
  );
  return found.includes(true);
}

async function openAudit(path: string | undefined, log: LogPort): Promise<AuditSink> {
  if (path === undefined) return silentSink;
  const { createJsonlSink } = await import('./audit/jsonl-sink.ts');
  return createJsonlSink({ path, log });
}

function reportIssues(issues: ConfigSource['issues'], log: LogPort): void {
  for (const { severity, file, line, column, pointer, message, hint, server } of issues) {
    log[severity === 'error' ? 'error' : 'warn']({ file: `${file}:${line}:${column}`, pointer, server, hint }, message);
  }
}

/** Failures are kept in the server's state, and said again by the first call. */
async function startEager(
  { initStrategy }: Settings,
  servers: ReadonlyMap<string, ConfiguredServer>,
  pool: ServerPool,
  logins: LoginPort,
  log: LogPort,
): Promise<void> {
  if (initStrategy === 'lazy') return;
  const isWanted = async (entry: ServerEntry): Promise<boolean> => {
    if (entry.disabled) return false;
    if (initStrategy === 'eager') return true;
    return entry.kind === 'http' && (await logins.status(entry.name)).kind === 'logged_in';
  };
  await Promise.all(
    [...servers.values()].map(async (server) => {
      if (server.state !== 'usable') return;
      try {
        if (await isWanted(server.entry)) await pool.get(server.name, { signal: new AbortController().signal });
      } catch (error) {
        log.info({ server: server.name, reason: errorText(error) }, 'not connected in the background');
      }
    }),
  );
}
