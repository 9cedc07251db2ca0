// Owns the life of one server's connections, one after the other: opened on demand, never two at a time.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import type { CatalogFile } from './catalog-file.ts';
import type { Connection } from './connection.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import type { ConnectionInfo } from './handshake.ts';
import { KnownCatalog, type KnownTools } from './known-catalog.ts';
import { createOfferings, type Offerings, type Offers, offersOf } from './offerings.ts';
import { openConnection } from './open-connection.ts';
import type { ServerChannel } from './server-channel.ts';
import type { ToolDefinition } from './tool-pages.ts';

export interface ServerHandle {
  readonly connection: Connection;
  readonly catalog: Catalog;
  readonly offerings: Offerings;
}

/** Hears of servers as they come and change; set before the first of them is opened. */
export interface ServerWatcher {
  /** A connection is open: what the server offers is known from now on. */
  ready(server: string): void;
  /** A list of prompts or resources has changed, or a resource that is followed. */
  told(server: string, method: string, params: Readonly<Record<string, unknown>>): void;
}

export type ServerSnapshot = {
  /** What was last listed, also after the connection ended, and by an earlier process if that has been looked up. */
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** What the server calls itself, and its revision, when it was last listed. */
  readonly title?: string | undefined;
  readonly protocolVersion?: string | undefined;
  /** What the server last said it offers besides. */
  readonly offers?: Offers | undefined;
  /** The child processes that may still be running. */
  readonly processes?: readonly number[] | undefined;
} & (
  | { readonly state: 'idle' | 'connecting' | 'disabled' }
  | { readonly state: 'ready'; readonly info: ConnectionInfo; readonly since: number }
  | { readonly state: 'needs_login'; readonly error: LoginRequiredError | undefined }
  /** The next call tries again at once. */
  | { readonly state: 'failed'; readonly error: GatewayError; readonly failedAt: number }
);

type SlotState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly opening: Promise<ServerHandle> }
  | { readonly kind: 'ready'; readonly handle: ServerHandle; readonly since: number }
  | { readonly kind: 'needs_login'; readonly error: LoginRequiredError }
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly at: number };

export interface SlotSettings {
  /** Where its tools are kept on disk; absent: nowhere. */
  readonly file?: CatalogFile | undefined;
  /** When the config was last changed, epoch milliseconds. */
  readonly configuredAt?: number | undefined;
  readonly onToolsChanged?: (() => void) | undefined;
  /** Who hears of it besides, at the time. */
  readonly watcher?: (() => ServerWatcher | undefined) | undefined;
}

export class ServerSlot {
  readonly #deps: DownstreamDeps;
  readonly #entry: ServerEntry;
  readonly #end = new AbortController();
  /** Every channel whose processes may still be running. */
  readonly #channels = new Set<ServerChannel>();
  #state: SlotState = { kind: 'idle' };
  #loginNeeded = false;
  readonly #known: KnownCatalog;
  readonly #watcher: () => ServerWatcher | undefined;
  #offers: Offers | undefined;

  constructor(
    deps: DownstreamDeps,
    entry: ServerEntry,
    { file, configuredAt, onToolsChanged, watcher = () => undefined }: SlotSettings = {},
  ) {
    this.#deps = deps;
    this.#entry = entry;
    this.#watcher = watcher;
    this.#known = new KnownCatalog({ file, configuredAt, now: deps.now, onChanged: () => onToolsChanged?.() });
  }

  async get(signal: AbortSignal | undefined): Promise<ServerHandle> {
    this.#refuseUnusable();
    if (this.#state.kind === 'ready') return this.#state.handle;
    if (this.#state.kind !== 'connecting') {
      const opening = this.#open();
      this.#state = { kind: 'connecting', opening };
      // Everybody who asked may have left by the time it fails.
      opening.catch(() => undefined);
    }
    try {
      return await orAborted(this.#state.opening, signal);
    } catch (error) {
      if (error instanceof GatewayError || !signal?.aborted) throw error;
      const { name: server } = this.#entry;
      throw new GatewayError('CANCELLED', `the wait for server '${server}' was cancelled`, { server, cause: error });
    }
  }

  snapshot(): ServerSnapshot {
    const state = this.#state;
    if (this.#entry.disabled) return { state: 'disabled' };
    const known = this.#known.current;
    const told = {
      tools: known?.tools,
      title: known?.title,
      protocolVersion: known?.protocolVersion,
      offers: this.#offers,
      processes: [...this.#channels].flatMap(({ runningPid }) => runningPid ?? []),
    };
    switch (state.kind) {
      case 'idle':
      case 'connecting':
        return { state: state.kind, ...told };
      case 'ready':
        if (this.#loginNeeded) return { state: 'needs_login', error: undefined, ...told };
        return { state: 'ready', info: state.handle.connection.info, since: state.since, ...told };
      case 'needs_login':
        return { state: 'needs_login', error: state.error, ...told };
      case 'failed':
        return { state: 'failed', error: state.error, failedAt: state.at, ...told };
    }
  }

  hostChanged(what: 'roots' | 'logLevel'): void {
    if (this.#state.kind !== 'ready') return;
    const { connection } = this.#state.handle;
    if (what === 'logLevel') connection.news.useLogLevel(this.#deps.host?.()?.logLevel);
    // Told as far as it is there to be told: the next one opened asks anew.
    else connection.news.rootsChanged().catch((err: unknown) => this.#deps.log.debug({ err }, 'not told'));
  }

  /** The tools as far as they are known without asking the server. */
  async knownTools(): Promise<KnownTools | undefined> {
    return this.#entry.disabled ? undefined : await this.#known.recall();
  }

  /** Another login may show other tools: what is known goes, on disk too. */
  async forgetTools(): Promise<void> {
    if (this.#state.kind === 'ready') this.#state.handle.catalog.invalidate();
    await this.#known.forget();
  }

  async close(): Promise<void> {
    const { name: server } = this.#entry;
    this.#end.abort(new GatewayError('CANCELLED', `server '${server}' is being shut down`, { server }));
    await Promise.all([this.#clear(), this.#known.settled()]);
  }

  killNow(): void {
    for (const channel of this.#channels) channel.killNow?.();
  }

  #refuseUnusable(): void {
    const { name: server } = this.#entry;
    if (this.#end.signal.aborted) throw this.#end.signal.reason;
    if (!this.#entry.disabled) return;
    const hint = `remove "disabled" from '${server}' in the config`;
    throw new GatewayError('SERVER_UNAVAILABLE', `server '${server}' is disabled`, { server, hint });
  }

  async #open(): Promise<ServerHandle> {
    try {
      // The processes of the last connection end first: one child per server, and the new one may need their files.
      await this.#clear();
      const connection = await openConnection(this.#deps, this.#entry, {
        signal: this.#end.signal,
        onChannel: (channel) => this.#channels.add(channel),
      });
      return this.#ready(connection);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  #ready(connection: Connection): ServerHandle {
    const catalog = createCatalog({
      listTools: () => connection.listTools(),
      now: this.#deps.now,
      onListed: (listing, askedAt) => {
        const { info } = connection;
        this.#known.listed(listing, askedAt, { protocolVersion: info.protocolVersion, title: titleOf(info) });
      },
    });
    const { name } = this.#entry;
    const offerings = createOfferings({ connection, entry: this.#entry, now: this.#deps.now });
    const handle: ServerHandle = { connection, catalog, offerings };
    connection.onListChanged = () => {
      catalog.invalidate();
      this.#known.doubt();
    };
    connection.onServerNotification = (method, params) => {
      offerings.changed(method);
      this.#watcher()?.told(name, method, params);
    };
    connection.onLoginNeeded = (needed) => {
      this.#loginNeeded = needed;
    };
    this.#loginNeeded = false;
    this.#state = { kind: 'ready', handle, since: this.#deps.now() };
    this.#offers = offersOf(connection.info.capabilities);
    this.#watcher()?.ready(name);
    void connection.closed.then(() => this.#ended(handle));
    return handle;
  }

  #failed(error: unknown): void {
    if (error instanceof LoginRequiredError) this.#state = { kind: 'needs_login', error };
    else if (error instanceof GatewayError) this.#state = { kind: 'failed', error, at: this.#deps.now() };
    else this.#state = { kind: 'idle' };
  }

  /** The connection ended; unless we did it, the server is to blame, and the next `get` opens a new one. */
  #ended(handle: ServerHandle): void {
    if (this.#state.kind !== 'ready' || this.#state.handle !== handle) return;
    if (this.#end.signal.aborted) {
      this.#state = { kind: 'idle' };
      return;
    }
    const error = handle.connection.endError();
    this.#deps.log.warn({ server: this.#entry.name, err: error }, 'the connection to the server ended');
    this.#state = { kind: 'failed', error, at: this.#deps.now() };
  }

  async #clear(): Promise<void> {
    const channels = [...this.#channels];
    await Promise.allSettled(channels.map((channel) => channel.close()));
    for (const channel of channels) this.#channels.delete(channel);
  }
}

/** What a server calls itself. */
export function titleOf({ serverInfo, instructions }: ConnectionInfo): string | undefined {
  const title = serverInfo['title'];
  return typeof title === 'string' ? title : instructions;
}
