// Owns one conversation with one server, from the first message to the last; knows nothing of agents, rules or logins.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { type Answers, type CallHost, offeredTo } from '../wire/call-host.ts';
import type { RequestId } from '../wire/messages.ts';
import { Pauses } from '../wire/pauses.ts';
import { type IncomingRequest, Peer } from '../wire/peer.ts';
import type { Answer } from '../wire/pending-request.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { type LimitKey, translateError } from './downstream-errors.ts';
import type { ConnectionInfo } from './handshake.ts';
import { modernVersion, withModernMeta } from './modern-era.ts';
import { openConversation } from './open-conversation.ts';
import { answerQuestions } from './question-rounds.ts';
import { OversizedAnswer } from './read-message.ts';
import type { ServerChannel } from './server-channel.ts';
import { ServerQuestions } from './server-questions.ts';
import { SessionRecovery } from './session-recovery.ts';
import { collectTools, type ToolListing } from './tool-pages.ts';

type Params = Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress; absent: the entry's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  readonly onProgress?: ((params: Params) => void) | undefined;
  /** Whom the server may ask, and tell, while the call runs. */
  readonly host?: CallHost | undefined;
}

export interface CallOutcome {
  /** What the server answered, untouched. */
  readonly result: Record<string, unknown>;
  /** Bytes of the message, where the channel knows. */
  readonly size: number | undefined;
}

type ConnectionDeps = Pick<DownstreamDeps, 'log' | 'now' | 'version' | 'host'>;

/** Made by `openConnection`. Set the handlers right after. */
export class Connection {
  /** The server's tools are not what they were: it said so, or its session is a new one. */
  onListChanged: (() => void) | undefined;
  /** Whether the last request was stopped for want of a login. */
  onLoginNeeded: ((needed: boolean) => void) | undefined;
  /** Resolves when the conversation is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #deps: ConnectionDeps;
  readonly #entry: ServerEntry;
  readonly #channel: ServerChannel;
  readonly #peer: Peer;
  readonly #recovery: SessionRecovery;
  readonly #questions: ServerQuestions;
  #info: ConnectionInfo | undefined;
  #logLevel: string | undefined;

  constructor(deps: ConnectionDeps, entry: ServerEntry, channel: ServerChannel) {
    this.#deps = deps;
    this.#entry = entry;
    this.#channel = channel;
    let ended: () => void;
    this.closed = new Promise((resolve) => {
      ended = resolve;
    });
    this.#peer = new Peer(channel, {
      request: (request) => this.#answer(request),
      notification: (method, params) => this.#notified(method, params),
      error: (err) => deps.log.debug({ server: entry.name, err }, 'out of the ordinary'),
      closed: () => ended(),
    });
    this.#questions = new ServerQuestions(() => deps.host?.());
    this.#recovery = new SessionRecovery({
      has: () => channel.sessionId !== undefined,
      renew: () => this.#renew(),
    });
  }

  /** Starts the channel and agrees on a revision; `isModern`: the server was of the modern era before. Called once. */
  async open(signal: AbortSignal, isModern = false): Promise<void> {
    await this.#peer.start();
    this.#info = await openConversation(this.#peer, this.#channel, this.#entry, {
      ...this.#opening(),
      signal,
      isModern,
    });
    this.useLogLevel(this.#deps.host?.()?.logLevel);
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
  async listTools({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<ToolListing> {
    const limitMs = this.#entry.connectTimeoutMs;
    const endsAt = this.#deps.now() + limitMs;
    try {
      return await this.#tracked(() =>
        collectTools(async (cursor) => {
          const timeoutMs = Math.max(1, endsAt - this.#deps.now());
          const params = cursor === undefined ? {} : { cursor };
          const ask = () =>
            this.#peer.request('tools/list', this.#inEra(params), { signal, timeoutMs, onProgress: () => undefined });
          return (await this.#recovery.run(ask, { repeatable: true, signal })).result;
        }),
      );
    } catch (error) {
      // A server without tools need not know the method.
      if (error instanceof RpcError && error.code === rpcCodes.methodNotFound) return { tools: [] };
      const shown = error instanceof RequestTimeoutError ? new RequestTimeoutError(limitMs) : error;
      throw this.#translated(shown, 'tools/list', 'connectTimeoutMs', signal);
    }
  }

  /**
   * @throws RpcError the server's own error answer, unchanged
   * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | RESULT_TOO_LARGE | AUTH_…
   */
  async callTool(tool: string, args: unknown, options: CallOptions = {}): Promise<CallOutcome> {
    const params = args === undefined ? { name: tool } : { name: tool, arguments: args };
    return await this.#exchange('tools/call', params, `tool '${tool}'`, options);
  }

  /** Any other request; params and result pass as they are. @throws as `callTool` does */
  async request(method: string, params: Params, options: CallOptions = {}): Promise<CallOutcome> {
    return await this.#exchange(method, params, method, options);
  }

  /** Tells the server what the host wants to read, where its revision has a request for that. */
  useLogLevel(level: string | undefined): void {
    const { capabilities } = this.info;
    if (level === undefined || level === this.#logLevel || this.isModern || !capabilities['logging']) return;
    this.#logLevel = level;
    const { connectTimeoutMs: timeoutMs, name: server } = this.#entry;
    this.#peer.request('logging/setLevel', { level }, { timeoutMs }).catch((err: unknown) => {
      this.#deps.log.debug({ server, err }, 'the server did not take the log level');
    });
  }

  /** The folders of the host are others than before; told where they were offered. */
  async tellRootsChanged(): Promise<void> {
    const { roots } = offeredTo(this.#deps.host?.());
    if (roots !== undefined && !this.isModern) await this.#peer.notify('notifications/roots/list_changed');
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

  async #exchange(method: string, params: Params, doing: string, options: CallOptions): Promise<CallOutcome> {
    const { timeoutMs: usualMs, totalTimeoutMs } = this.#entry;
    const { signal, timeoutMs = usualMs, onProgress = () => undefined, host } = options;
    const pauses = new Pauses();
    const limits = { signal, timeoutMs, totalMs: Math.max(totalTimeoutMs, timeoutMs), pauses, onProgress };
    const onId = (id: RequestId): void => void call?.ids.add(id);
    const send = (answers: Answers | undefined): Promise<Answer> => {
      const ask = () => this.#peer.request(method, this.#inEra({ ...params, ...answers }, host), { ...limits, onId });
      // A stdio server has neither sessions nor logins that a call could miss.
      if (this.#channel.transport === 'stdio') return ask();
      return this.#tracked(() => this.#recovery.run(ask, { repeatable: false, signal }));
    };
    const call = host && this.#questions.begin(host, pauses);
    try {
      this.useLogLevel(host?.logLevel);
      const answer = await send(host?.answers);
      return this.#outcome(this.isModern ? await this.#completed(answer, doing, options, send) : answer, doing);
    } catch (error) {
      if (error instanceof RpcError && !(error.data instanceof OversizedAnswer)) throw error;
      throw this.#translated(error, doing, timeoutMs === usualMs ? 'timeoutMs' : 'timeout_ms', signal);
    } finally {
      if (call) this.#questions.end(call);
    }
  }

  #completed(
    first: Answer,
    doing: string,
    { host, signal = new AbortController().signal }: CallOptions,
    repeat: (answers: Answers) => Promise<Answer>,
  ): Promise<Answer> {
    return answerQuestions(first, { server: this.#entry.name, doing, host, signal, repeat });
  }

  /** The params as the server's revision wants them. */
  #inEra(params: Record<string, unknown>, host?: CallHost): Record<string, unknown> {
    if (this.isModern) return withModernMeta(params, this.#deps.version, host ?? this.#deps.host?.());
    return host && Object.keys(host.meta).length > 0 ? { ...params, _meta: host.meta } : params;
  }

  #opening(): { readonly version: string; readonly timeoutMs: number; readonly host: CallHost | undefined } {
    return {
      version: this.#deps.version,
      timeoutMs: this.#entry.connectTimeoutMs,
      host: this.#deps.host?.(),
    };
  }

  #outcome({ result, size }: Answer, doing: string): CallOutcome {
    if (typeof result === 'object' && result !== null) return { result: result as Record<string, unknown>, size };
    const message = `server '${this.#entry.name}' answered ${doing} with a result that is no object`;
    throw new GatewayError('SERVER_UNAVAILABLE', message, { server: this.#entry.name });
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

  async #renew(): Promise<void> {
    const { name: server } = this.#entry;
    this.#deps.log.info({ server }, 'the server no longer knows this conversation; starting a new one');
    this.#info = await openConversation(this.#peer, this.#channel, this.#entry, this.#opening());
    this.#logLevel = undefined;
    this.useLogLevel(this.#deps.host?.()?.logLevel);
    this.onListChanged?.();
  }

  async #answer(request: IncomingRequest): Promise<unknown> {
    return request.method === 'ping' ? {} : await this.#questions.answer(request);
  }

  #notified(method: string, params: Params): void {
    switch (method) {
      case 'notifications/tools/list_changed':
        this.onListChanged?.();
        break;
      case 'notifications/message':
      case 'notifications/elicitation/complete':
        this.#questions.listener()?.notify(method, params);
        break;
      default:
        this.#deps.log.debug({ server: this.#entry.name, method }, 'notification');
    }
  }
}
