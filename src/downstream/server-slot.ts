// Owns the life of one server's connections, one after the other: opened on demand, never two at a time.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import { later, pause } from '../lib/later.ts';
import type { Connection } from './connection.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { IdleClock } from './idle-clock.ts';
import type { KnownTools } from './known-catalog.ts';
import type { RecalledOffers } from './known-offers.ts';
import { offersOf } from './offerings.ts';
import { openConnection } from './open-connection.ts';
import { judgeWait, Restarts, tooEarly } from './restarts.ts';
import type { ServerChannel } from './server-channel.ts';
import { createHandle, type HandleDeps, type ServerHandle } from './server-handle.ts';
import { createServerMemory, type MemorySettings, type ServerMemory } from './server-memory.ts';
import type { ServerSnapshot, ServerWatcher } from './server-snapshot.ts';
import { SharedStart, type StartTurn } from './shared-start.ts';

type SlotState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly start: SharedStart<ServerHandle> }
  | { readonly kind: 'ready'; readonly handle: ServerHandle; readonly since: number }
  | { readonly kind: 'needs_login'; readonly error: LoginRequiredError }
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly at: number };

export interface SlotSettings extends Omit<MemorySettings, 'onOffersChanged'> {
  /** Who hears of it besides, at the time. */
  readonly watcher?: (() => ServerWatcher | undefined) | undefined;
}

export class ServerSlot {
  readonly #deps: DownstreamDeps;
  #entry: ServerEntry;
  readonly #end = new AbortController();
  /** Every channel whose processes may still be running. */
  readonly #channels = new Set<ServerChannel>();
  #state: SlotState = { kind: 'idle' };
  #loginNeeded = false;
  readonly #memory: ServerMemory;
  readonly #watcher: () => ServerWatcher | undefined;
  /** Of local servers alone: to ask a distant one once more costs nothing. */
  readonly #restarts: Restarts | undefined;
  readonly #idle: IdleClock | undefined;
  #askedAt: number;

  constructor(deps: DownstreamDeps, entry: ServerEntry, { watcher = () => undefined, ...memory }: SlotSettings = {}) {
    this.#deps = deps;
    this.#entry = entry;
    this.#watcher = watcher;
    const onOffersChanged = (): void => watcher()?.offersChanged?.(entry.name);
    this.#memory = createServerMemory(deps.now, { ...memory, onOffersChanged });
    const clock = { now: deps.now, later: deps.later ?? later };
    if (entry.kind === 'stdio') this.#restarts = new Restarts({ ...clock, restart: () => this.#restart() });
    if (entry.idleTimeoutMs !== undefined) this.#idle = new IdleClock(clock, entry.idleTimeoutMs);
    this.#askedAt = deps.now();
  }

  async get(signal: AbortSignal | undefined): Promise<ServerHandle> {
    this.#refuseUnusable();
    this.#askedAt = this.#deps.now();
    if (this.#state.kind === 'ready') {
      this.#state.handle.connection.work.touch();
      return this.#state.handle;
    }
    const start = this.#state.kind === 'connecting' ? this.#state.start : this.#begin(this.#waitMs());
    try {
      return await start.join(signal);
    } catch (error) {
      if (error instanceof GatewayError || !signal?.aborted) throw error;
      const { name: server } = this.#entry;
      throw new GatewayError('CANCELLED', `the wait for server '${server}' was cancelled`, { server, cause: error });
    }
  }

  snapshot(): ServerSnapshot {
    const state = this.#state;
    if (this.#entry.disabled) return { state: 'disabled' };
    const known = this.#memory.tools.current;
    const processes = [...this.#channels].flatMap(({ runningPid }) => runningPid ?? []);
    const told = {
      tools: known?.tools,
      title: known?.title,
      protocolVersion: known?.protocolVersion,
      offers: this.#memory.offers.current,
      processes: processes.length > 0 ? processes : undefined,
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
        return {
          state: 'failed',
          error: state.error,
          failedAt: state.at,
          nextTryAt: this.#restarts?.nextTryAt,
          ...told,
        };
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
    return this.#entry.disabled ? undefined : await this.#memory.tools.recall();
  }

  /** The same for what it has besides. */
  async knownOffers(): Promise<RecalledOffers | undefined> {
    return this.#entry.disabled ? undefined : await this.#memory.offers.recall();
  }

  /** Another login may show others: what is known goes, on disk too. */
  async forgetTools(): Promise<void> {
    const gone = this.#memory.forget();
    if (this.#state.kind === 'ready') {
      const { catalog, offerings } = this.#state.handle;
      catalog.invalidate();
      offerings.forget();
      this.#memory.offers.told(offerings.offers);
    }
    await gone;
  }

  get entry(): ServerEntry {
    return this.#entry;
  }

  /** The same server, other limits. */
  adjust(entry: ServerEntry): void {
    this.#entry = entry;
    if (this.#state.kind === 'ready') this.#state.handle.connection.adjust(entry);
  }

  /** Nothing begins here any more; what is under way is waited for, and told `reason` when the time is up. */
  async retire(reason: GatewayError, limitMs: number): Promise<void> {
    this.#end.abort(reason);
    if (this.#state.kind === 'ready') {
      const { connection } = this.#state.handle;
      connection.closesFor(reason);
      await waitFor(connection.work.over(), limitMs);
    }
    await this.close();
  }

  async close(): Promise<void> {
    const { name: server } = this.#entry;
    this.#end.abort(new GatewayError('CANCELLED', `server '${server}' is being shut down`, { server }));
    this.#idle?.stop();
    this.#restarts?.close();
    await Promise.all([this.#clear(), this.#memory.settled()]);
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

  /** How long a call has to wait before it may start the server. @throws GatewayError SERVER_UNAVAILABLE too long */
  #waitMs(): number {
    const { now } = this.#deps;
    if (!this.#restarts || this.#state.kind !== 'failed') return 0;
    const { failures } = this.#restarts;
    const waitMs = judgeWait(failures, now());
    if (waitMs === undefined) throw tooEarly(this.#entry, failures, this.#state.error, now());
    return waitMs;
  }

  /** In the background, after it failed; where its calls ended long ago, it would be ended again at once. */
  #restart(): void {
    if (this.#state.kind !== 'failed') return;
    const { idleTimeoutMs } = this.#entry;
    if (idleTimeoutMs !== undefined && this.#deps.now() - this.#askedAt >= idleTimeoutMs)
      this.#state = { kind: 'idle' };
    else
      void this.#begin(0)
        .join()
        .catch((err: unknown) => this.#deps.log.debug({ err }, 'the restart failed'));
  }

  #begin(waitMs: number): SharedStart<ServerHandle> {
    const before = this.#state;
    const start = new SharedStart(
      (turn) => this.#startInTurn(waitMs, turn),
      () => {
        if (this.#state.kind !== 'connecting' || this.#state.start !== start) return;
        this.#state = before;
        if (!this.#end.signal.aborted) this.#restarts?.arm();
      },
    );
    this.#state = { kind: 'connecting', start };
    return start;
  }

  async #startInTurn(waitMs: number, { abandoned, begin }: StartTurn): Promise<ServerHandle> {
    const { starts, later: after = later } = this.#deps;
    const signal = AbortSignal.any([abandoned, this.#end.signal]);
    // The processes of the last connection end first: one child per server, and the new one may need their files.
    await Promise.all([pause(after, waitMs, signal), this.#clear()]);
    const start = async (): Promise<ServerHandle> => {
      signal.throwIfAborted();
      begin();
      return await this.#open();
    };
    return await (starts && this.#entry.kind === 'stdio' ? starts.run(start, signal) : start());
  }

  async #open(): Promise<ServerHandle> {
    try {
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
    const { name } = this.#entry;
    const { now } = this.#deps;
    const onTold: HandleDeps['onTold'] = (...news) => this.#watcher()?.told(name, ...news);
    const handle = createHandle({ now, memory: this.#memory, onTold }, this.#entry, connection);
    connection.onLoginNeeded = (needed) => {
      this.#loginNeeded = needed;
    };
    this.#loginNeeded = false;
    this.#state = { kind: 'ready', handle, since: now() };
    this.#memory.offers.told(offersOf(connection.info.capabilities));
    this.#restarts?.ready();
    const used = { usedAt: () => connection.work.usedAt, isBusy: () => connection.isBusy };
    this.#idle?.watch(used, () => this.#rest(handle));
    this.#watcher()?.ready(name);
    void connection.closed.then(() => this.#ended(handle));
    return handle;
  }

  /** Nobody uses it: it ends, and what is known of it stays. */
  #rest(handle: ServerHandle): void {
    if (this.#state.kind !== 'ready' || this.#state.handle !== handle) return;
    this.#deps.log.info({ server: this.#entry.name }, 'nobody has used the server for a while; it is ended');
    this.#state = { kind: 'idle' };
    this.#restarts?.stopped();
    void this.#clear();
  }

  #failed(error: unknown): void {
    if (error instanceof LoginRequiredError) this.#state = { kind: 'needs_login', error };
    else if (!(error instanceof GatewayError) || this.#end.signal.aborted) this.#state = { kind: 'idle' };
    else {
      this.#state = { kind: 'failed', error, at: this.#deps.now() };
      this.#restarts?.failed();
    }
  }

  /** The connection ended; unless we did it, the server is to blame. */
  #ended(handle: ServerHandle): void {
    if (this.#state.kind !== 'ready' || this.#state.handle !== handle) return;
    this.#idle?.stop();
    const error = handle.connection.endError();
    if (!this.#end.signal.aborted) {
      this.#deps.log.warn({ server: this.#entry.name, err: error }, 'the connection to the server ended');
    }
    this.#failed(error);
  }

  async #clear(): Promise<void> {
    const channels = [...this.#channels];
    await Promise.allSettled(channels.map((channel) => channel.close()));
    for (const channel of channels) this.#channels.delete(channel);
  }
}
