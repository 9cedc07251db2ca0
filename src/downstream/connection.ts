// Owns one conversation with one server, from the first message to the last; knows nothing of agents, rules or logins.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import type { Answers, CallHost } from '../wire/call-host.ts';
import type { RequestId } from '../wire/messages.ts';
import { Pauses } from '../wire/pauses.ts';
import { Peer } from '../wire/peer.ts';
import type { Answer } from '../wire/pending-request.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { CallOptions, CallOutcome } from './call-options.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { type LimitKey, translateError } from './downstream-errors.ts';
import type { ConnectionInfo } from './handshake.ts';
import { HostNews } from './host-news.ts';
import { modernVersion, withModernMeta } from './modern-era.ts';
import { type ConversationOptions, openConversation } from './open-conversation.ts';
import { OpenWork } from './open-work.ts';
import { answerQuestions, refuseLateAnswers } from './question-rounds.ts';
import { OversizedAnswer } from './read-message.ts';
import { ServerChanges } from './server-changes.ts';
import type { ServerChannel } from './server-channel.ts';
import { ServerQuestions } from './server-questions.ts';
import { SessionRecovery } from './session-recovery.ts';
import { type Headers, ToolHeaders } from './tool-headers.ts';
import { collectTools, type ToolListing } from './tool-pages.ts';

type Params = Readonly<Record<string, unknown>>;

type ConnectionDeps = Pick<DownstreamDeps, 'log' | 'now' | 'version' | 'host' | 'eras'>;

/** Made by `openConnection`. Set the handlers right after. */
export class Connection {
  /** The server's tools are not what they were: it said so, or its session is a new one. */
  onListChanged: (() => void) | undefined;
  /** Told of the server's other changes: lists of prompts and resources, and resources that are subscribed to. */
  onServerNotification: ((method: string, params: Params) => void) | undefined;
  /** Whether the last request was stopped for want of a login. */
  onLoginNeeded: ((needed: boolean) => void) | undefined;
  /** Resolves when the conversation is over, whoever ended it. */
  readonly closed: Promise<void>;
  /** For what the host has to tell. */
  readonly news: HostNews;
  /** Follows resources, and lists where the server has to be asked for that. */
  readonly changes: ServerChanges;
  readonly work: OpenWork;
  readonly #deps: ConnectionDeps;
  #entry: ServerEntry;
  readonly #channel: ServerChannel;
  readonly #peer: Peer;
  readonly #recovery: SessionRecovery;
  readonly #questions: ServerQuestions;
  readonly #headers: ToolHeaders;
  #info: ConnectionInfo | undefined;
  #endReason: GatewayError | undefined;

  constructor(deps: ConnectionDeps, entry: ServerEntry, channel: ServerChannel) {
    this.#deps = deps;
    this.#entry = entry;
    this.#channel = channel;
    this.work = new OpenWork(deps.now, { taskMs: entry.totalTimeoutMs });
    this.#headers = new ToolHeaders({ log: deps.log, list: () => this.listTools() }, entry.name);
    let ended: () => void;
    this.closed = new Promise((resolve) => {
      ended = resolve;
    });
    this.#peer = new Peer(channel, {
      request: async (request) =>
        request.method === 'ping' ? {} : await this.work.during(() => this.#questions.answer(request)),
      notification: (method, params) => this.#notified(method, params),
      error: (err) => deps.log.debug({ server: entry.name, err }, 'out of the ordinary'),
      closed: () => ended(),
    });
    this.news = new HostNews({ ...deps, peer: this.#peer }, entry);
    this.#questions = new ServerQuestions(() => deps.host?.());
    this.changes = new ServerChanges(deps, entry, {
      listen: (params, options) => this.#peer.request('subscriptions/listen', this.#inEra(params), options),
      request: (method, params, options) => this.request(method, params, options),
      onMissed: (method) => this.#notified(method, {}),
      onTold: (method, params) => this.onServerNotification?.(method, params),
    });
    channel.ongap = () => this.changes.missed();
    void this.closed.then(() => this.changes.close());
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

  /** Whether its end would take something from somebody. */
  get isBusy(): boolean {
    return this.work.isOpen() || this.changes.isFollowing;
  }

  /** Limits of another entry for the same server hold from the next request on. */
  adjust(entry: ServerEntry): void {
    this.#entry = entry;
  }

  /** Whoever still waits when it closes is told this. */
  closesFor(reason: GatewayError): void {
    this.#endReason = reason;
  }

  /** @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_… */
  async listTools({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<ToolListing> {
    const limitMs = this.#entry.connectTimeoutMs;
    const endsAt = this.#deps.now() + limitMs;
    const workEnds = this.work.begin();
    try {
      const listing = await this.#tracked(() =>
        collectTools(async (cursor) => {
          const timeoutMs = Math.max(1, endsAt - this.#deps.now());
          const params = cursor === undefined ? {} : { cursor };
          const ask = () =>
            this.#peer.request('tools/list', this.#inEra(params), { signal, timeoutMs, onProgress: () => undefined });
          return this.#outcome(await this.#recovery.run(ask, { repeatable: true, signal }), 'tools/list').result;
        }),
      );
      this.changes.answered({ isList: true });
      return this.#mirrors ? { ...listing, tools: this.#headers.take(listing.tools) } : listing;
    } catch (error) {
      // A server without tools need not know the method.
      if (error instanceof RpcError && error.code === rpcCodes.methodNotFound) {
        this.changes.answered({ isList: true });
        return { tools: [] };
      }
      const shown = error instanceof RequestTimeoutError ? new RequestTimeoutError(limitMs) : error;
      throw this.#translated(shown, 'tools/list', 'connectTimeoutMs', signal);
    } finally {
      workEnds();
    }
  }

  /**
   * @throws RpcError the server's own error answer, unchanged
   * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | RESULT_TOO_LARGE | AUTH_…
   */
  async callTool(tool: string, args: unknown, options: CallOptions = {}): Promise<CallOutcome> {
    const params = args === undefined ? { name: tool } : { name: tool, arguments: args };
    const send = (request: (headers?: Headers) => Promise<Answer>): Promise<Answer> =>
      this.#mirrors ? this.#headers.send(tool, args, request, options.signal) : request();
    return await this.#exchange('tools/call', params, `tool '${tool}'`, options, send);
  }

  /** Whether arguments are repeated in headers. */
  get #mirrors(): boolean {
    return this.isModern && this.#channel.transport === 'http';
  }

  /** Any other request; params and result pass as they are. @throws as `callTool` does */
  async request(method: string, params: Params, options: CallOptions = {}): Promise<CallOutcome> {
    return await this.#exchange(method, params, method, options, (send) => send());
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

  /** `attempt` sends the request, with headers of its own where it has any. */
  async #exchange(
    method: string,
    params: Params,
    doing: string,
    options: CallOptions,
    attempt: (request: (headers?: Headers) => Promise<Answer>) => Promise<Answer>,
  ): Promise<CallOutcome> {
    const { timeoutMs: usualMs, totalTimeoutMs } = this.#entry;
    const { signal, timeoutMs = usualMs, repeatable = false, onProgress = () => undefined, host } = options;
    const pauses = new Pauses();
    const onId = (id: RequestId): void => void call?.ids.add(id);
    const sending = { signal, timeoutMs, totalMs: Math.max(totalTimeoutMs, timeoutMs), pauses, onProgress, onId };
    const send = (answers: Answers | undefined): Promise<Answer> => {
      const given = answers ? { ...params, ...answers } : params;
      const request = (headers?: Headers): Promise<Answer> =>
        this.#peer.request(method, this.#inEra(given, host), headers ? { ...sending, headers } : sending);
      const ask = (): Promise<Answer> => attempt(request);
      // A stdio server has neither sessions nor logins that a call could miss.
      if (this.#channel.transport === 'stdio') return ask();
      return this.#tracked(() => this.#recovery.run(ask, { repeatable, signal }));
    };
    const call = host && this.#questions.begin(host, pauses);
    const workEnds = this.work.begin();
    let isAnswered = false;
    try {
      if (!this.isModern) refuseLateAnswers(host, this.#entry.name);
      this.news.useLogLevel(host?.logLevel);
      const answer = await send(host?.answers);
      isAnswered = true;
      this.changes.answered({ isList: method.endsWith('/list') });
      if (!this.isModern) return this.#outcome(answer, doing);
      const rounds = { server: this.#entry.name, doing, host, signal: signal ?? new AbortController().signal };
      const outcome = this.#outcome(await answerQuestions(answer, { ...rounds, repeat: send }), doing);
      this.work.answered(method, { ...params, ...host?.answers }, outcome.result);
      return outcome;
    } catch (error) {
      isAnswered ||= error instanceof RpcError;
      if (error instanceof RpcError && !(error.data instanceof OversizedAnswer)) throw error;
      throw this.#translated(error, doing, timeoutMs === usualMs ? 'timeoutMs' : 'timeout_ms', signal);
    } finally {
      if (call) this.#questions.end(call, { isAnswered });
      workEnds();
    }
  }

  /** The params as the server's revision wants them. */
  #inEra(params: Record<string, unknown>, host?: CallHost): Record<string, unknown> {
    if (this.isModern) return withModernMeta(params, this.#deps.version, host ?? this.#deps.host?.());
    return host && Object.keys(host.meta).length > 0 ? { ...params, _meta: host.meta } : params;
  }

  #outcome({ result, size }: Answer, doing: string): CallOutcome {
    if (typeof result === 'object' && result !== null && !Array.isArray(result))
      return { result: result as Record<string, unknown>, size };
    const message = `server '${this.#entry.name}' answered ${doing} with a result that is no object`;
    throw new GatewayError('SERVER_UNAVAILABLE', message, { server: this.#entry.name });
  }

  #translated(error: unknown, doing: string, limitKey: LimitKey, signal: AbortSignal | undefined): GatewayError {
    if (error instanceof ConnectionClosedError && this.#endReason) return this.#endReason;
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
    this.#deps.log.info(
      { server: this.#entry.name },
      'the server no longer knows this conversation; starting a new one',
    );
    await this.#agree({});
    this.onListChanged?.();
  }

  async #agree(options: Pick<ConversationOptions, 'begin' | 'onAsk' | 'signal'>): Promise<void> {
    const { version, eras } = this.#deps;
    const host = this.#deps.host?.();
    const timeoutMs = this.#entry.connectTimeoutMs;
    const given = { ...options, version, timeoutMs, host };
    const opened = await openConversation(this.#peer, this.#channel, this.#entry, given);
    this.#headers.forget();
    if (opened.era) eras?.keep(this.#entry, opened.era);
    this.#info = opened.info;
    this.news.begin(opened.info);
    this.changes.begin(opened.info);
  }

  #notified(method: string, params: Params): void {
    if (this.changes.notified(method, params)) return;
    switch (method) {
      case 'notifications/tools/list_changed':
        this.#headers.forget();
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
