// Owns the connections to all servers: which are open, which are being opened, and the end of them all. Knows nothing
// of agents, rules or logins.
import { isSameServer } from '../config/config-difference.ts';
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { createCatalogFile } from './catalog-file.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { createEraMemory, type EraMemory } from './era-memory.ts';
import type { KnownTools } from './known-catalog.ts';
import type { RecalledOffers } from './known-offers.ts';
import { createLoginShell, type LoginShell } from './login-shell.ts';
import { createOffersFile } from './offers-file.ts';
import { createOrphanGuard, type OrphanGuard } from './orphan-guard.ts';
import { createProcessTrees } from './process-trees.ts';
import type { ServerHandle } from './server-handle.ts';
import { ServerSlot } from './server-slot.ts';
import type { ServerSnapshot, ServerWatcher } from './server-snapshot.ts';
import { createStartLimit } from './start-limit.ts';

/** Everything that was started is gone after this. Milliseconds. */
const closeMs = 5000;
/** How long calls may go on that run on a server which the config no longer has, or has otherwise. Milliseconds. */
const lastCallsMs = 5000;

export interface ServerPool {
  /**
   * The open connection, opened now if need be: once, however many ask, and under its own deadline. A caller that gives
   * up does not stop it for the others.
   * @throws GatewayError SERVER_NOT_FOUND | SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_…; LoginRequiredError
   */
  get(name: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ServerHandle>;
  has(name: string): boolean;
  /** @throws GatewayError SERVER_NOT_FOUND */
  snapshot(name: string): ServerSnapshot;
  /**
   * The tools as far as they are known without asking the server: as it listed them, or an earlier process saved them.
   * @throws GatewayError SERVER_NOT_FOUND
   */
  knownTools(name: string): Promise<KnownTools | undefined>;
  /** What it has besides tools, as far as that is known in the same way. @throws GatewayError SERVER_NOT_FOUND */
  knownOffers(name: string): Promise<RecalledOffers | undefined>;
  /** Lists the tools in the background, on a connection that is opened now if need be. Failures are in the snapshot. */
  refresh(name: string): void;
  /** What is known of the tools goes, here and on disk: another login may see others. */
  forgetTools(name: string): Promise<void>;
  /** Opens what is wanted, in parallel. Resolves when each has succeeded or failed; failures are in the snapshots. */
  startEager(wanted: (entry: ServerEntry) => boolean | Promise<boolean>): Promise<void>;
  /**
   * From now on these are the servers. Those that stay the same keep process, session and catalog. On the others, calls
   * that run have 5 s to end; calls that come go to the new server. Resolves when the old ones are gone.
   */
  apply(entries: readonly ServerEntry[], options?: { readonly configuredAt?: number | undefined }): Promise<void>;
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
  return new Pool(deps, settings);
}

class Pool implements ServerPool {
  readonly #deps: DownstreamDeps & {
    readonly guard: OrphanGuard;
    readonly eras: EraMemory;
    readonly loginShell: LoginShell;
  };
  readonly #settings: PoolSettings;
  readonly #slots = new Map<string, ServerSlot>();
  /** Servers that the config no longer has, or has otherwise, until nothing is left of them. */
  readonly #leaving = new Map<ServerSlot, Promise<void>>();
  #watcher: ServerWatcher | undefined;
  #closed = false;

  constructor(deps: DownstreamDeps, settings: PoolSettings) {
    const eras = deps.eras ?? createEraMemory(deps);
    const guard = createOrphanGuard(deps);
    const loginShell = deps.loginShell ?? createLoginShell({ ...deps, guard }, { ask: settings.askShell ?? false });
    const trees = createProcessTrees(deps);
    this.#deps = { ...deps, guard, eras, loginShell, trees, starts: createStartLimit(deps) };
    this.#settings = settings;
    for (const entry of settings.entries) this.#add(entry, settings.catalogs?.configuredAt);
  }

  async get(name: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<ServerHandle> {
    for (;;) {
      const slot = this.#slot(name);
      try {
        if (this.#leaving.size > 0) await this.#roomFor(slot.entry, signal);
        return await slot.get(signal);
      } catch (error) {
        // It was another server that failed, if in the meantime the config has changed.
        if (this.#closed || signal?.aborted || this.#slots.get(name) === slot) throw error;
      }
    }
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  snapshot(name: string): ServerSnapshot {
    return this.#slot(name).snapshot();
  }

  async knownTools(name: string): Promise<KnownTools | undefined> {
    return await this.#slot(name).knownTools();
  }

  async knownOffers(name: string): Promise<RecalledOffers | undefined> {
    return await this.#slot(name).knownOffers();
  }

  async forgetTools(name: string): Promise<void> {
    await this.#slot(name).forgetTools();
  }

  refresh(name: string): void {
    const listing = this.get(name).then(({ catalog }) => catalog.tools());
    listing.catch((err: unknown) => this.#deps.log.debug({ server: name, err }, 'the tools could not be listed'));
  }

  async startEager(wanted: (entry: ServerEntry) => boolean | Promise<boolean>): Promise<void> {
    await Promise.all(
      [...this.#slots.values()].map(async ({ entry }) => {
        if (entry.disabled) return;
        try {
          if (await wanted(entry)) await this.get(entry.name);
        } catch (err) {
          this.#deps.log.info({ server: entry.name, err }, 'the server could not be connected at start');
        }
      }),
    );
  }

  async apply(
    entries: readonly ServerEntry[],
    { configuredAt }: { readonly configuredAt?: number | undefined } = {},
  ): Promise<void> {
    if (this.#closed) return;
    const names = new Set(entries.map(({ name }) => name));
    for (const name of [...this.#slots.keys()]) if (!names.has(name)) this.#retire(name, removed(name));
    for (const entry of entries) {
      const { name } = entry;
      const slot = this.#slots.get(name);
      if (slot && isSameServer(slot.entry, entry)) {
        slot.adjust(entry);
        continue;
      }
      this.#retire(name, changed(name));
      this.#add(entry, configuredAt);
    }
    await Promise.all(this.#leaving.values());
  }

  hostChanged(what: 'roots' | 'logLevel'): void {
    for (const each of this.#slots.values()) each.hostChanged(what);
  }

  watch(watcher: ServerWatcher): void {
    this.#watcher = watcher;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#deps.loginShell.close();
    const closing = Promise.allSettled(this.#all().map((each) => each.close()));
    if (!(await waitFor(closing, closeMs))) this.killNow();
    this.#deps.guard.close();
    await this.#deps.eras.settled();
  }

  killNow(): void {
    this.#deps.loginShell.close();
    for (const each of this.#all()) each.killNow();
  }

  #all(): readonly ServerSlot[] {
    return [...this.#slots.values(), ...this.#leaving.keys()];
  }

  #slot(name: string): ServerSlot {
    const found = this.#slots.get(name);
    if (!found) throw new GatewayError('SERVER_NOT_FOUND', `no server '${name}' is configured`, { server: name });
    return found;
  }

  #add(entry: ServerEntry, configuredAt: number | undefined): void {
    const { name } = entry;
    const { catalogs, onToolsChanged } = this.#settings;
    const place = catalogs && { directory: catalogs.directory, log: this.#deps.log };
    const isCurrent = (): boolean => this.#slots.get(name) === slot;
    const slot: ServerSlot = new ServerSlot(this.#deps, entry, {
      file: place && createCatalogFile(place, entry),
      offersFile: place && createOffersFile(place, entry),
      configuredAt,
      onToolsChanged: () => {
        if (isCurrent()) onToolsChanged?.(name);
      },
      watcher: () => (isCurrent() ? this.#watcher : undefined),
    });
    this.#slots.set(name, slot);
  }

  #retire(name: string, reason: GatewayError): void {
    const slot = this.#slots.get(name);
    if (!slot) return;
    this.#slots.delete(name);
    const retiring = slot
      .retire(reason, lastCallsMs)
      .catch((err: unknown) => this.#deps.log.warn({ server: name, err }, 'the old server did not end cleanly'))
      .finally(() => this.#leaving.delete(slot));
    this.#leaving.set(slot, retiring);
  }

  /** One process a server: the new one may need the files and ports of the old. */
  async #roomFor({ name, kind }: ServerEntry, signal: AbortSignal | undefined): Promise<void> {
    if (kind === 'http') return;
    const before = [...this.#leaving].filter(([slot]) => slot.entry.name === name).map(([, gone]) => gone);
    if (before.length > 0) await orAborted(Promise.all(before), signal);
  }
}

function changed(server: string): GatewayError {
  return new GatewayError('SERVER_UNAVAILABLE', `server '${server}' was ended: its entry in the config has changed`, {
    server,
    hint: 'Call again: the new entry is used.',
  });
}

function removed(server: string): GatewayError {
  return new GatewayError('SERVER_UNAVAILABLE', `server '${server}' was ended: it was removed from the config`, {
    server,
    hint: 'list_servers shows the servers there are.',
  });
}
