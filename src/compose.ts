// Owns how the parts of one gateway are put together: settings in, a gateway and its ends out. The only place where
// auth/ and downstream/ meet, as one `fetch`; heavy rooms are loaded when they are first needed.
import { join } from 'node:path';
import { type AuditSink, silentSink } from './audit/sink.ts';
import { hasBrowser } from './auth/browser.ts';
import type { ConfiguredServer, ServerEntry } from './config/server-entry.ts';
import { createEraMemory } from './downstream/era-memory.ts';
import { createServerPool } from './downstream/pool.ts';
import type { ServerSnapshot } from './downstream/server-slot.ts';
import { catalogPlace, downstreamPort, forgettingTools } from './downstream-wiring.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import type { ConfigSource } from './gateway/gateway-status.ts';
import { createHostAtLarge } from './gateway/host-at-large.ts';
import type { LoginPort } from './gateway/login-port.ts';
import type { LogPort } from './lib/log-port.ts';
import {
  afterLogin,
  authorizedFetch,
  closeAuthenticator,
  type Logins,
  lazyAuthenticator,
  loginsByName,
} from './login-wiring.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';
import { createTokenPlace } from './token-store-wiring.ts';

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
  readonly logins: Logins;
  /** What the host calls itself, once it has said so. */
  readonly clientName: string | undefined;
  /** A configured server as it is now. @throws GatewayError SERVER_NOT_FOUND */
  snapshot(server: string): ServerSnapshot;
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
  const { servers } = loaded;
  const source = { serversFile: loaded.path, rulesFile: rules?.path, loadedAt: now(), issues };

  const place = createTokenPlace(deps, paths.tokenDir);
  const authenticator = lazyAuthenticator(deps, place);
  const host = createHostAtLarge();
  const eras = createEraMemory(deps, { directory: join(paths.cacheDir, 'eras') });
  const pool = createServerPool(
    { ...deps, fetchFor: (entry) => authorizedFetch(authenticator, entry), eras, host: () => host.current },
    {
      entries: [...servers.values()].flatMap((server) => (server.state === 'usable' ? [server.entry] : [])),
      catalogs: await catalogPlace(paths.catalogDir, loaded.path),
      onToolsChanged: (server) => gateway.direct.toolsChanged(server),
    },
  );
  const forgetting = forgettingTools(loginsByName(servers, authenticator, place), pool);
  const logins = afterLogin(forgetting, (server) => gateway.direct.loggedIn(server));
  const audit = await openAudit(paths.auditFile, log);
  const gateway: Gateway = createGateway(
    { servers, rules: rules?.rules, source, downstream: downstreamPort(pool), logins, audit, host, now },
    {
      version: deps.version,
      expose: settings.expose,
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
    get clientName() {
      return host.current?.clientName;
    },
    snapshot: (server) => pool.snapshot(server),
    startEager() {
      void logins.reportPlace();
      void host.known().then(() => pool.startEager((entry) => isEager(settings, entry, logins)));
    },
    async close() {
      // Servers are said goodbye to over HTTP, so that ends after them.
      await pool.close();
      await closeAuthenticator(authenticator);
      await audit.close();
    },
    killNow: () => pool.killNow(),
  };
}

async function openAudit(path: string | undefined, log: LogPort): Promise<AuditSink> {
  if (path === undefined) return silentSink;
  const { createJsonlSink } = await import('./audit/jsonl-sink.ts');
  return createJsonlSink({ path, log });
}

/** Whether a server is connected before anybody asks for it. */
async function isEager({ initStrategy }: Settings, entry: ServerEntry, logins: LoginPort): Promise<boolean> {
  if (initStrategy !== undefined) return initStrategy === 'eager';
  return entry.kind === 'http' && (await logins.status(entry.name)).kind === 'logged_in';
}
