// Owns the connections to all servers: which are open, which are being opened, and the end of them all. Knows nothing
// of agents, rules or logins.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import { createCatalogFile } from './catalog-file.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { createEraMemory } from './era-memory.ts';
import type { KnownTools } from './known-catalog.ts';
import { createLoginShell } from './login-shell.ts';
import { createOrphanGuard } from './orphan-guard.ts';
import { createProcessTrees } from './process-trees.ts';
import { type ServerHandle, ServerSlot, type ServerSnapshot, type ServerWatcher } from './server-slot.ts';

/** Everything that was started is gone after this. Milliseconds. */
const closeMs = 5000;

export interface ServerPool {
  /**
   * The open connection, opened now if need be: once, however many ask, and under its own deadline. A caller that gives
   * up does not stop it for the others.
   * @throws GatewayError SERVER_NOT_FOUND | SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_…; LoginRequiredError
   */
  get(name: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ServerHandle>;
  /** @throws GatewayError SERVER_NOT_FOUND */
  snapshot(name: string): ServerSnapshot;
  /**
   * The tools as far as they are known without asking the server: as it listed them, or an earlier process saved them.
   * @throws GatewayError SERVER_NOT_FOUND
   */
  knownTools(name: string): Promise<KnownTools | undefined>;
  /** Lists the tools in the background, on a connection that is opened now if need be. Failures are in the snapshot. */
  refresh(name: string): void;
  /** What is known of the tools goes, here and on disk: another login may see others. */
  forgetTools(name: string): Promise<void>;
  /** Opens what is wanted, in parallel. Resolves when each has succeeded or failed; failures are in the snapshots. */
  startEager(wanted: (entry: ServerEntry) => boolean | Promise<boolean>): Promise<void>;
  /** What the host said of itself is not what it was: its folders, or which log messages it reads. */
  hostChanged(what: 'roots' | 'logLevel'): void;
  /** Who hears of servers that come and change; one. */
  watch(watcher: ServerWatcher): void;
  /** Ends all connections and all processes, within 5 s. */
  close(): Promise<void>;
  /** The same without waiting, for the last moment of the process. */
  killNow(): void;
}

export interface PoolSettings {
  readonly entries: readonly ServerEntry[];
  /** Where the tools of servers are kept for the next process; absent: nowhere. */
  readonly catalogs?:
    | {
        readonly directory: string;
        /** When the config was last changed, epoch milliseconds: what was saved before may be out of date. */
        readonly configuredAt?: number | undefined;
      }
    | undefined;
  /** Whether the login shell may be asked for its PATH when a command is not found; default: no. */
  readonly askShell?: boolean | undefined;
  /** A server's tools are not what they were known to be, or it says that they will not be. */
  readonly onToolsChanged?: ((server: string) => void) | undefined;
}

export function createServerPool(deps: DownstreamDeps, settings: PoolSettings): ServerPool {
  const { entries } = settings;
  const guard = createOrphanGuard(deps);
  const eras = deps.eras ?? createEraMemory(deps);
  const loginShell = createLoginShell({ ...deps, guard }, { ask: settings.askShell ?? false });
  const trees = createProcessTrees(deps);
  const shared = { ...deps, guard, eras, loginShell, trees };
  let watching: ServerWatcher | undefined;
  const slots = new Map(entries.map((entry) => [entry.name, createSlot(shared, entry, settings, () => watching)]));
  const slot = (name: string): ServerSlot => {
    const found = slots.get(name);
    if (!found) throw new GatewayError('SERVER_NOT_FOUND', `no server '${name}' is configured`, { server: name });
    return found;
  };
  const killNow = (): void => {
    loginShell.close();
    for (const each of slots.values()) each.killNow();
  };
  return {
    get: async (name, { signal } = {}) => slot(name).get(signal),
    snapshot: (name) => slot(name).snapshot(),
    knownTools: async (name) => slot(name).knownTools(),
    forgetTools: async (name) => slot(name).forgetTools(),
    refresh(name) {
      const listing = slot(name)
        .get(undefined)
        .then(({ catalog }) => catalog.tools());
      listing.catch((err: unknown) => deps.log.debug({ server: name, err }, 'the tools could not be listed'));
    },
    async startEager(wanted) {
      await Promise.all(
        entries.map(async (entry) => {
          if (entry.disabled) return;
          try {
            if (await wanted(entry)) await slot(entry.name).get(undefined);
          } catch (err) {
            deps.log.info({ server: entry.name, err }, 'the server could not be connected at start');
          }
        }),
      );
    },
    hostChanged(what) {
      for (const each of slots.values()) each.hostChanged(what);
    },
    watch(watcher) {
      watching = watcher;
    },
    async close() {
      loginShell.close();
      const closing = Promise.allSettled([...slots.values()].map((each) => each.close()));
      if (!(await waitFor(closing, closeMs))) killNow();
      guard.close();
      await eras.settled();
    },
    killNow,
  };
}

function createSlot(
  deps: DownstreamDeps,
  entry: ServerEntry,
  { catalogs, onToolsChanged }: Pick<PoolSettings, 'catalogs' | 'onToolsChanged'>,
  watcher: () => ServerWatcher | undefined,
): ServerSlot {
  return new ServerSlot(deps, entry, {
    file: catalogs && createCatalogFile({ directory: catalogs.directory, log: deps.log }, entry),
    configuredAt: catalogs?.configuredAt,
    onToolsChanged: () => onToolsChanged?.(entry.name),
    watcher,
  });
}
