// Owns how the parts of one gateway are put together: settings in, a gateway and its ends out. The only place where
// auth/ and downstream/ meet, as one `fetch`; heavy rooms are loaded when they are first needed.
import { join } from 'node:path';
import { type AuditSink, silentSink } from './audit/sink.ts';
import { hasBrowser } from './auth/browser.ts';
import type { ConfiguredServer, ServerEntry } from './config/server-entry.ts';
import { createEraMemory } from './downstream/era-memory.ts';
import { createServerPool } from './downstream/pool.ts';
import { removeUnusedFiles } from './downstream/server-file.ts';
import { createServerLogs } from './downstream/server-logs.ts';
import type { ServerSnapshot } from './downstream/server-snapshot.ts';
import { configuredAt, createToolPins, forgettingTools, type ToolPins } from './downstream-wiring.ts';
import { createGateway, type Gateway, type GatewaySettings } from './gateway/gateway.ts';
import { createHostAtLarge } from './gateway/host-at-large.ts';
import type { ConfigSource, ConfigState } from './gateway/live-config.ts';
import type { LoginPort } from './gateway/login-port.ts';
import type { LogPort } from './lib/log-port.ts';
import { removeStaleParts } from './lib/stale-parts.ts';
import {
  afterLogin,
  authorizedFetch,
  closeAuthenticator,
  type Logins,
  lazyAuthenticator,
  loginsByName,
  outdateLogins,
} from './login-wiring.ts';
import { findPaths, type Paths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';
import { createTokenPlace } from './token-store-wiring.ts';

export type { Host } from './gateway/host.ts';
export type { MemberDifference, ToolComparison, ToolDifference } from './pinning-wiring.ts';

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
  /** Of the config in force. */
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  readonly source: ConfigSource;
  /** There is no config that could be used. */
  readonly isUnusable: boolean;
  readonly logins: Logins;
  /** What the host calls itself, once it has said so. */
  readonly clientName: string | undefined;
  /** A configured server as it is now. @throws GatewayError SERVER_NOT_FOUND */
  snapshot(server: string): ServerSnapshot;
  /** Tools of servers with `toolPinning`, and what was agreed to. */
  readonly pins: Pick<ToolPins, 'changes' | 'compare'>;
  /** Connects in the background what `GATEWAY_INIT_STRATEGY` says; returns at once. */
  startEager(): void;
  /** Reads the config files again, and applies what changed. Never rejects. */
  reload(): Promise<void>;
  /** From now on changes of the config files are noticed. */
  watch(): void;
  /** Ends every server, login and file within 5 s. */
  close(): Promise<void>;
  /** Ends every child process at once, for when nothing asynchronous can run any more. */
  killNow(): void;
}

const defaultLoginWaitMs = 45_000;

/**
 * `isServing`: what is wrong with the config is told by the log; without one that can be used, every call is refused
 * until there is one.
 * @throws GatewayError CONFIG_INVALID
 */
export async function compose(
  deps: ComposeDeps,
  settings: Settings,
  { isServing = false }: { readonly isServing?: boolean } = {},
): Promise<Composition> {
  const { log, now } = deps;
  const paths = findPaths({ env: deps.env, cwd: deps.cwd, tokenDir: settings.tokenDir });
  const { openConfigFiles } = await import('./reload-wiring.ts');
  const config = await openConfigFiles(deps, settings, { isServing });
  const place = createTokenPlace(deps, paths.tokenDir);
  const authenticator = lazyAuthenticator(deps, place);
  const host = createHostAtLarge();
  const eras = createEraMemory(deps, { directory: join(paths.cacheDir, 'eras') });
  const serverLogs = createServerLogs(deps, { directory: paths.serverLogDir });
  const pool = createServerPool(
    { ...deps, fetchFor: (entry) => authorizedFetch(authenticator, entry), eras, serverLogs, host: () => host.current },
    {
      entries: entriesOf(config.current),
      catalogs: {
        directory: paths.catalogDir,
        configuredAt: await configuredAt(config.current.source.serversFile),
      },
      askShell: settings.askShell,
      onToolsChanged: (server) => gateway.direct.toolsChanged(server),
    },
  );
  const byName = loginsByName(() => config.current.servers, authenticator, place);
  const logins = afterLogin(forgettingTools(byName, pool), (server) => gateway.direct.loggedIn(server));
  const audit = await openAudit(paths.auditFile, log);
  const pins = createToolPins(
    { log, now, config, pool, onAgreed: () => gateway.direct.viewChanged() },
    { directory: paths.pinsDir, watch: settings.watch },
  );
  const gateway: Gateway = createGateway(
    { config, downstream: pins.downstream, logins, audit, host, now },
    gatewaySettings(deps, settings),
  );
  const startEager = (names?: readonly string[]): void => {
    const isMeant = ({ name }: ServerEntry): boolean => names?.includes(name) ?? true;
    void host.known().then(() => pool.startEager((entry) => isMeant(entry) && isEager(settings, entry, logins)));
  };
  config.onApplied = (before, change) => {
    // What was listed before may have been another server's.
    void pool.apply(entriesOf(config.current), { configuredAt: config.current.source.loadedAt });
    void outdateLogins(authenticator, entriesOf(before), entriesOf(config.current));
    gateway.configChanged(before, change);
    startEager([...change.servers.added, ...change.servers.changed]);
  };
  return {
    gateway,
    get servers() {
      return config.current.servers;
    },
    get source() {
      return config.current.source;
    },
    get isUnusable() {
      return config.current.unusable !== undefined;
    },
    logins,
    get clientName() {
      return host.current?.clientName;
    },
    snapshot: (server) => pool.snapshot(server),
    pins,
    startEager() {
      void logins.reportPlace();
      startEager();
      void tidy(deps, paths, config.current);
    },
    reload: () => config.reload(),
    watch: () => config.watch(),
    async close() {
      await config.close();
      await pins.close();
      // Servers are said goodbye to over HTTP, so that ends after them.
      await pool.close();
      await serverLogs.close();
      await closeAuthenticator(authenticator);
      await audit.close();
    },
    killNow: () => pool.killNow(),
  };
}

function gatewaySettings({ version, env, platform }: ComposeDeps, settings: Settings): GatewaySettings {
  const {
    expose,
    lockedAgent,
    defaultAgent,
    loginWaitMs = hasBrowser(env, platform) ? defaultLoginWaitMs : 0,
  } = settings;
  return { version, expose, lockedAgent, defaultAgent, loginWaitMs };
}

function entriesOf({ servers }: ConfigState): readonly ServerEntry[] {
  return [...servers.values()].flatMap((server) => (server.state === 'usable' ? [server.entry] : []));
}

/** What gateways left that were killed while they wrote, and what is known of servers that nobody has any more. */
async function tidy({ log, now }: ComposeDeps, paths: Paths, config: ConfigState): Promise<void> {
  const { tokenDir, catalogDir, cacheDir } = paths;
  const parts = [tokenDir, catalogDir, join(cacheDir, 'eras')].map((each) => () => removeStaleParts(each, now));
  // A config that cannot be read says nothing of which servers there are.
  const unused = config.unusable ? [] : [() => removeUnusedFiles(catalogDir, now, entriesOf(config))];
  for (const work of [...parts, ...unused]) {
    await work().catch((err: unknown) => log.debug({ err }, 'not tidied'));
  }
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
