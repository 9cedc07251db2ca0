// Owns the gateway's side of the conversation with a host of either era: which method leads where. Translates, decides
// nothing.
import type { GatewayError } from '../errors.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Host } from '../gateway/host.ts';
import { UnknownToolError } from '../gateway/unknown-tool-error.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { MessageChannel } from '../wire/messages.ts';
import { type IncomingRequest, Peer } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import { HeldCalls } from './held-calls.ts';
import { HostSession } from './host-session.ts';
import { HostSubscriptions } from './host-subscriptions.ts';
import { cacheHints, discoverResult, initializeResult, supportedVersions } from './introduction.ts';
import { isModernNativeMethod, isNativeMethod, nativeResult, withCacheHints } from './native-methods.ts';
import { asGatewayError, asRpcError, presentDirectError, presentError, presentValue, serverAnswer } from './present.ts';
import { isLogLevel, type RequestMeta, readRequestMeta } from './request-meta.ts';
import { listTools, type ToolList } from './tool-list.ts';
import { allTools } from './tools/all-tools.ts';
import type { MetaTool, MetaToolOutcome } from './tools/meta-tool.ts';
import { InputError, type RawInput, ToolInput } from './tools/tool-input.ts';

export interface UpstreamDeps {
  /** May still be loading: the handshake does not wait for it. */
  readonly gateway: Promise<Gateway>;
  readonly log: LogPort;
}

export interface UpstreamSettings {
  readonly version: string;
  readonly debug: boolean;
  /** How the tools of servers are shown, unless the config says otherwise of one. */
  readonly expose: 'meta' | 'direct';
}

/** Serves one host on one channel. Resolves when the channel has ended. */
export async function serveHost(
  channel: MessageChannel,
  deps: UpstreamDeps,
  settings: UpstreamSettings,
): Promise<void> {
  let end: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const peer: Peer = new Peer(channel, {
    request: (request) => server.answer(request),
    notification: (method) => server.notified(method),
    error: (error) => deps.log.debug({ err: error }, 'a message of the host was not understood'),
    closed: () => {
      server.close();
      end();
    },
  });
  const server = new HostServer(peer, deps, settings);
  await peer.start();
  await ended;
}

class HostServer {
  readonly #deps: UpstreamDeps;
  readonly #settings: UpstreamSettings;
  readonly #tools: ReadonlyMap<string, MetaTool>;
  readonly #subscriptions: HostSubscriptions;
  readonly #session: HostSession;
  readonly #held = new HeldCalls();

  constructor(peer: Peer, deps: UpstreamDeps, settings: UpstreamSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#tools = allTools(settings);
    this.#subscriptions = new HostSubscriptions(peer, (uri, isFollowed) => this.#follow(uri, isFollowed));
    this.#session = new HostSession(peer, this.#subscriptions, deps.log);
  }

  async answer(request: IncomingRequest): Promise<unknown> {
    const meta = readRequestMeta(request.params, supportedVersions);
    if (!meta.modern) {
      this.#session.resumeHandshake();
      return await this.#answerLegacy(request, meta);
    }
    if (this.#session.introduceModern(meta.modern)) this.#attach();
    return await this.#answerModern(request, meta);
  }

  notified(method: string): void {
    if (method === 'notifications/roots/list_changed') void this.#withGateway((gateway) => gateway.rootsChanged());
  }

  close(): void {
    this.#held.close();
    this.#subscriptions.close();
  }

  async #answerLegacy(request: IncomingRequest, meta: RequestMeta): Promise<unknown> {
    const { method, params } = request;
    switch (method) {
      case 'initialize':
        this.#session.introduce(params);
        this.#attach();
        return initializeResult(params, this.#settings);
      case 'ping':
        return {};
      case 'logging/setLevel':
        return this.#setLogLevel(params['level']);
      case 'tools/list':
        return { tools: (await this.#listTools()).tools };
      case 'tools/call':
        return await this.#callTool(request, this.#session.hostOf(request, meta));
      default: {
        if (!this.#isNative || !isNativeMethod(method)) throw notFound(method);
        return await nativeResult(this.#deps.gateway, { method, params }, this.#session.hostOf(request, meta));
      }
    }
  }

  /** 2026-07-28: every result says of what kind it is. */
  async #answerModern(request: IncomingRequest, meta: RequestMeta): Promise<unknown> {
    const { method, params } = request;
    switch (method) {
      case 'server/discover':
        return discoverResult(this.#settings);
      case 'subscriptions/listen':
        return await this.#subscriptions.listen(request);
      case 'tools/list':
        return await this.#listModernTools();
      case 'tools/call':
        return await this.#inRounds(request, meta, (host) => this.#callTool(request, host));
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        return await this.#inRounds(request, meta, async (host) => await this.#task(method, params, host));
      default: {
        if (!this.#isNative || !isModernNativeMethod(method)) throw notFound(method);
        return await this.#inRounds(request, meta, async (host) =>
          withCacheHints(method, await nativeResult(this.#deps.gateway, { method, params }, host)),
        );
      }
    }
  }

  /** Hosts that see all tools in their own list see resources and prompts there too. */
  get #isNative(): boolean {
    return this.#settings.expose === 'direct';
  }

  async #inRounds(request: IncomingRequest, meta: RequestMeta, work: (host: Host) => Promise<object>): Promise<object> {
    const result = await (this.#held.resume(request) ??
      this.#held.begin(request, ({ signal, progressToken, ask }) =>
        work(this.#session.modernHostOf(request, meta, { signal, tokenOf: progressToken, ask })),
      ));
    return 'resultType' in result ? result : { resultType: 'complete', ...result };
  }

  #listTools(): Promise<ToolList> {
    return listTools({ gateway: this.#deps.gateway, tools: this.#tools });
  }

  async #listModernTools(): Promise<object> {
    const { tools, isLasting } = await this.#listTools();
    return { resultType: 'complete', tools, ...cacheHints, ...(!isLasting && { ttlMs: 0 }) };
  }

  async #callTool(request: IncomingRequest, host: Host): Promise<object> {
    const { name, arguments: given } = request.params;
    if (typeof name !== 'string') throw new RpcError(rpcCodes.invalidParams, 'name is no string');
    const tool = this.#tools.get(name);
    if (!tool) return await this.#callDirect({ name, args: given }, host);
    try {
      const outcome = await run(tool, await this.#deps.gateway, new ToolInput(inputOf(given)), host);
      return outcome.kind === 'relayed' ? outcome.result : presentValue(outcome.value);
    } catch (error) {
      return presentError(this.#failure(error, name));
    }
  }

  async #callDirect(call: { readonly name: string; readonly args: unknown }, host: Host): Promise<object> {
    try {
      return await (await this.#deps.gateway).direct.call(call, host);
    } catch (error) {
      if (error instanceof UnknownToolError) throw new RpcError(rpcCodes.invalidParams, error.message);
      const answer = serverAnswer(error);
      if (answer) throw answer;
      return presentDirectError(this.#failure(error, call.name));
    }
  }

  #failure(error: unknown, tool: string): GatewayError {
    const failure = asGatewayError(error);
    if (failure.code === 'INTERNAL') {
      this.#deps.log.error({ err: failure.cause ?? failure, tool }, 'a call failed inside');
    }
    return failure;
  }

  async #task(method: TaskMethod, params: RawInput, host: Host): Promise<object> {
    try {
      return await (await this.#deps.gateway).taskRequest({ method, params }, host);
    } catch (error) {
      throw asRpcError(error);
    }
  }

  #follow(uri: string, isFollowed: boolean): void {
    const request = {
      id: 0,
      method: isFollowed ? 'resources/subscribe' : 'resources/unsubscribe',
      params: { uri },
      signal: new AbortController().signal,
    } as const;
    const host = this.#session.hostOf(request, readRequestMeta(request.params, supportedVersions));
    nativeResult(this.#deps.gateway, request, host).catch((err: unknown) =>
      this.#deps.log.debug({ err, uri }, 'the resource cannot be followed'),
    );
  }

  #setLogLevel(level: unknown): object {
    if (!isLogLevel(level)) throw new RpcError(rpcCodes.invalidParams, 'level is no log level');
    this.#session.setLogLevel(level);
    void this.#withGateway((gateway) => gateway.logLevelChanged());
    return {};
  }

  #attach(): void {
    void this.#withGateway((gateway) => gateway.attach(this.#session.atLarge()));
  }

  /** Where the gateway could not be loaded, its calls say so. */
  async #withGateway(work: (gateway: Gateway) => void): Promise<void> {
    try {
      work(await this.#deps.gateway);
    } catch (error) {
      this.#deps.log.debug({ err: error }, 'there is no gateway to tell');
    }
  }
}

type TaskMethod = 'tasks/get' | 'tasks/update' | 'tasks/cancel';

function notFound(method: string): RpcError {
  return new RpcError(rpcCodes.methodNotFound, `Method not found: ${method.slice(0, 80)}`);
}

async function run(tool: MetaTool, gateway: Gateway, input: ToolInput, host: Host): Promise<MetaToolOutcome> {
  try {
    return await tool.run(gateway, input, host);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return await gateway.refuse({ name: tool.definition.name, ...input.about() }, error, host);
  }
}

function inputOf(given: unknown): RawInput {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as RawInput) : {};
}
