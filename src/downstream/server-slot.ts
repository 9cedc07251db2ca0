// Owns the life of one server's connections, one after the other: opened on demand, never two at a time.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import type { Connection } from './connection.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import type { ConnectionInfo } from './handshake.ts';
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
  /** What was last listed, also after the connection ended. */
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** What the server last said it offers besides. */
  readonly offers?: Offers | undefined;
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

export class ServerSlot {
  readonly #deps: DownstreamDeps;
  readonly #entry: ServerEntry;
  readonly #end = new AbortController();
  /** Every channel whose processes may still be running. */
  readonly #channels = new Set<ServerChannel>();
  #state: SlotState = { kind: 'idle' };
  #loginNeeded = false;
  /** The era that its last connection was in. */
  #isModern = false;
  #tools: readonly ToolDefinition[] | undefined;
  #offers: Offers | undefined;
  readonly #watcher: () => ServerWatcher | undefined;

  constructor(deps: DownstreamDeps, entry: ServerEntry, watcher: () => ServerWatcher | undefined = () => undefined) {
    this.#deps = deps;
    this.#entry = entry;
    this.#watcher = watcher;
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
    const tools = this.#state.kind === 'ready' ? (this.#state.handle.catalog.known() ?? this.#tools) : this.#tools;
    const known = { tools, offers: this.#offers };
    const state = this.#state;
    if (this.#entry.disabled) return { state: 'disabled' };
    switch (state.kind) {
      case 'idle':
      case 'connecting':
        return { state: state.kind, ...known };
      case 'ready':
        if (this.#loginNeeded) return { state: 'needs_login', error: undefined, ...known };
        return { state: 'ready', info: state.handle.connection.info, since: state.since, ...known };
      case 'needs_login':
        return { state: 'needs_login', error: state.error, ...known };
      case 'failed':
        return { state: 'failed', error: state.error, failedAt: state.at, ...known };
    }
  }

  hostChanged(what: 'roots' | 'logLevel'): void {
    if (this.#state.kind !== 'ready') return;
    const { connection } = this.#state.handle;
    if (what === 'logLevel') connection.useLogLevel(this.#deps.host?.()?.logLevel);
    // Told as far as it is there to be told: the next one opened asks anew.
    else connection.tellRootsChanged().catch((err: unknown) => this.#deps.log.debug({ err }, 'not told'));
  }

  async close(): Promise<void> {
    const { name: server } = this.#entry;
    this.#end.abort(new GatewayError('CANCELLED', `server '${server}' is being shut down`, { server }));
    await this.#clear();
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
        isModern: this.#isModern,
        onChannel: (channel) => this.#channels.add(channel),
      });
      return this.#ready(connection);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  #ready(connection: Connection): ServerHandle {
    const catalog = createCatalog({ listTools: () => connection.listTools(), now: this.#deps.now });
    const { name } = this.#entry;
    const offerings = createOfferings({ connection, entry: this.#entry, now: this.#deps.now });
    const handle: ServerHandle = { connection, catalog, offerings };
    connection.onListChanged = () => catalog.invalidate();
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
    this.#tools = handle.catalog.known() ?? this.#tools;
    this.#isModern = handle.connection.isModern;
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
