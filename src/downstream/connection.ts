// Owns one conversation with one server, from the first message to the last; knows nothing of agents, rules or logins.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { Peer } from '../wire/peer.ts';
import type { Answer } from '../wire/pending-request.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { type LimitKey, translateError } from './downstream-errors.ts';
import type { ConnectionInfo } from './handshake.ts';
import { modernVersion, refuseQuestions, withModernMeta } from './modern-era.ts';
import { type ConversationOptions, openConversation } from './open-conversation.ts';
import { OversizedAnswer } from './read-message.ts';
import { changeMethods, ServerChanges, withoutSubscription } from './server-changes.ts';
import type { ServerChannel } from './server-channel.ts';
import { SessionRecovery } from './session-recovery.ts';
import { type Headers, ToolHeaders } from './tool-headers.ts';
import { collectTools, type ToolDefinition } from './tool-pages.ts';

type ProgressParams = Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress; absent: the entry's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  readonly onProgress?: ((params: ProgressParams) => void) | undefined;
}

export interface CallOutcome {
  /** What the server answered, untouched. */
  readonly result: Record<string, unknown>;
  /** Bytes of the message, where the channel knows. */
  readonly size: number | undefined;
}

/** Made by `openConnection`. Set the handlers right after. */
export class Connection {
  /** The server's tools are not what they were: it said so, or its session is a new one. */
  onListChanged: (() => void) | undefined;
  /**
   * Told of the server's other changes: lists of prompts and resources, and resources that are subscribed to. `params` are
   * the server's own, without the name of the stream they came on.
   */
  onServerNotification: ((method: string, params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Whether the last request was stopped for want of a login. */
  onLoginNeeded: ((needed: boolean) => void) | undefined;
  /** Resolves when the conversation is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #deps: Pick<DownstreamDeps, 'log' | 'now' | 'version' | 'eras'>;
  readonly #entry: ServerEntry;
  readonly #channel: ServerChannel;
  readonly #peer: Peer;
  readonly #recovery: SessionRecovery;
  readonly #headers: ToolHeaders;
  readonly #changes: ServerChanges;
  #info: ConnectionInfo | undefined;

  constructor(
    deps: Pick<DownstreamDeps, 'log' | 'now' | 'version' | 'eras'>,
    entry: ServerEntry,
    channel: ServerChannel,
  ) {
    this.#deps = deps;
    this.#entry = entry;
    this.#channel = channel;
    this.#headers = new ToolHeaders({ log: deps.log, list: () => this.listTools() }, entry.name);
    let ended: () => void;
    this.closed = new Promise((resolve) => {
      ended = resolve;
    });
    this.#peer = new Peer(channel, {
      request: ({ method }) => this.#answer(method),
      notification: (method, params) => this.#notified(method, params),
      error: (err) => deps.log.debug({ server: entry.name, err }, 'out of the ordinary'),
      closed: () => {
        this.#changes.close();
        ended();
      },
    });
    this.#changes = new ServerChanges(
      {
        log: deps.log,
        now: deps.now,
        request: (method, params, options) => this.#peer.request(method, this.#inEra(params), options),
        onMissed: (method) => this.#notified(method, {}),
      },
      entry,
    );
    this.#recovery = new SessionRecovery({
      has: () => channel.sessionId !== undefined,
      renew: () => this.#renew(),
    });
  }

  /** Starts the channel and agrees on a revision. Called once. */
  async open(signal: AbortSignal, opening: Pick<ConversationOptions, 'begin' | 'onAsk'> = {}): Promise<void> {
    await this.#peer.start();
    await this.#agree({ ...opening, signal });
  }

  get info(): ConnectionInfo {
    if (!this.#info) throw new Error('the connection is not open');
    return this.#info;
  }

  /** The revision has no handshake. It may change while the connection goes on. */
  get isModern(): boolean {
    return this.info.protocolVersion === modernVersion;
  }

  /** @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_… */
  async listTools({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly ToolDefinition[]> {
    const limitMs = this.#entry.connectTimeoutMs;
    const endsAt = this.#deps.now() + limitMs;
    try {
      const tools = await this.#tracked(() =>
        collectTools(async (cursor) => {
          const timeoutMs = Math.max(1, endsAt - this.#deps.now());
          const params = cursor === undefined ? {} : { cursor };
          const ask = () =>
            this.#peer.request('tools/list', this.#inEra(params), { signal, timeoutMs, onProgress: () => undefined });
          return (await this.#recovery.run(ask, { repeatable: true, signal })).result;
        }),
      );
      this.#changes.listed();
      return this.#mirrors ? this.#headers.take(tools) : tools;
    } catch (error) {
      // A server without tools need not know the method.
      if (error instanceof RpcError && error.code === rpcCodes.methodNotFound) return [];
      const shown = error instanceof RequestTimeoutError ? new RequestTimeoutError(limitMs) : error;
      throw this.#translated(shown, 'tools/list', 'connectTimeoutMs', signal);
    }
  }

  /**
   * @throws RpcError the server's own error answer, unchanged
   * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | RESULT_TOO_LARGE | AUTH_…
   */
  async callTool(tool: string, args: unknown, options: CallOptions = {}): Promise<CallOutcome> {
    const { signal, timeoutMs = this.#entry.timeoutMs, onProgress = () => undefined } = options;
    const params = args === undefined ? { name: tool } : { name: tool, arguments: args };
    const request = (headers?: Headers) =>
      this.#peer.request('tools/call', this.#inEra(params), { signal, timeoutMs, onProgress, headers });
    const ask = () => (this.#mirrors ? this.#headers.send(tool, args, request, signal) : request());
    try {
      // A stdio server has neither sessions nor logins that a call could miss.
      const answer =
        this.#channel.transport === 'stdio'
          ? await ask()
          : await this.#tracked(() => this.#recovery.run(ask, { repeatable: false, signal }));
      return this.#outcome(answer, tool);
    } catch (error) {
      if (error instanceof RpcError && !(error.data instanceof OversizedAnswer)) throw error;
      const limitKey = timeoutMs === this.#entry.timeoutMs ? 'timeoutMs' : 'timeout_ms';
      throw this.#translated(error, `tool '${tool}'`, limitKey, signal);
    }
  }

  /**
   * From now on `onServerNotification` hears when the resource changes, also after the conversation was opened anew. Once
   * for each resource, however many want to know.
   * @throws RpcError the server's own error answer, unchanged
   * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_…
   */
  subscribe(uri: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#following('resources/subscribe', signal, () => this.#changes.subscribe(uri, { signal }));
  }

  /** @throws what `subscribe` throws */
  unsubscribe(uri: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#following('resources/unsubscribe', signal, () => this.#changes.unsubscribe(uri, { signal }));
  }

  /** Whether arguments are repeated in headers. */
  get #mirrors(): boolean {
    return this.isModern && this.#channel.transport === 'http';
  }

  /** Ends the conversation, and a stdio server with everything it started. */
  close(): Promise<void> {
    return this.#peer.close();
  }

  /** What to say of a conversation that is over. */
  endError(): GatewayError {
    return this.#translated(new ConnectionClosedError(), '', 'timeoutMs', undefined);
  }

  killNow(): void {
    this.#channel.killNow?.();
  }

  /** The params as the server's revision wants them. */
  #inEra(params: Record<string, unknown>): Record<string, unknown> {
    return this.isModern ? withModernMeta(params, this.#deps.version) : params;
  }

  #outcome({ result, size }: Answer, tool: string): CallOutcome {
    if (typeof result === 'object' && result !== null) {
      if (this.isModern) refuseQuestions(this.#entry, tool, result as Record<string, unknown>);
      return { result: result as Record<string, unknown>, size };
    }
    const message = `server '${this.#entry.name}' answered tool '${tool}' with a result that is no object`;
    throw new GatewayError('SERVER_UNAVAILABLE', message, { server: this.#entry.name, tool });
  }

  #translated(error: unknown, doing: string, limitKey: LimitKey, signal: AbortSignal | undefined): GatewayError {
    // A running server's chatter on stderr explains no timeout of one call; its end explains a broken connection.
    const describeEnd = error instanceof RequestTimeoutError ? undefined : () => this.#channel.describeEnd?.();
    return translateError(error, { entry: this.#entry, doing, limitKey, signal, describeEnd });
  }

  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    try {
      const outcome = await work();
      this.onLoginNeeded?.(false);
      return outcome;
    } catch (error) {
      if (error instanceof LoginRequiredError) this.onLoginNeeded?.(true);
      throw error;
    }
  }

  async #following(doing: string, signal: AbortSignal | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await this.#tracked(() => this.#recovery.run(work, { repeatable: true, signal }));
    } catch (error) {
      if (error instanceof RpcError && !(error.data instanceof OversizedAnswer)) throw error;
      throw this.#translated(error, doing, 'connectTimeoutMs', signal);
    }
  }

  async #renew(): Promise<void> {
    this.#deps.log.info(
      { server: this.#entry.name },
      'the server no longer knows this conversation; starting a new one',
    );
    await this.#agree({});
    this.onListChanged?.();
  }

  async #agree(options: Pick<ConversationOptions, 'begin' | 'onAsk' | 'signal'>): Promise<void> {
    const { version, eras } = this.#deps;
    const timeoutMs = this.#entry.connectTimeoutMs;
    const opened = await openConversation(this.#peer, this.#channel, this.#entry, { ...options, version, timeoutMs });
    this.#headers.forget();
    if (opened.era) eras?.keep(this.#entry, opened.era);
    this.#info = opened.info;
    this.#changes.begin(opened.info);
  }

  async #answer(method: string): Promise<unknown> {
    if (method === 'ping') return {};
    throw new RpcError(rpcCodes.methodNotFound, `method not found: ${method}`);
  }

  #notified(method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#changes.notified(method, params)) return;
    if (method === 'notifications/tools/list_changed') {
      this.#headers.forget();
      this.onListChanged?.();
    } else if (changeMethods.includes(method)) this.onServerNotification?.(method, withoutSubscription(params));
    else this.#deps.log.debug({ server: this.#entry.name, method, level: params['level'] }, 'notification');
  }
}
