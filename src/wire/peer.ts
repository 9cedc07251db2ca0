// Owns one side of a JSON-RPC conversation as MCP holds it: which answer belongs to which request, time limits,
// progress and cancellation. Messages pass as they are: nothing is validated, copied or serialised here.
import { isRecord } from '../lib/members.ts';
import type { JsonRpcMessage, MessageChannel, RequestId } from './messages.ts';
import { type Answer, PendingRequest, type RequestOptions } from './pending-request.ts';
import { ConnectionClosedError, RpcError, readRpcError, rpcCodes } from './rpc-error.ts';

export interface IncomingRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Aborted when the other side cancels the request, or the connection ends. */
  readonly signal: AbortSignal;
  /** The request of ours in whose course it came, where the channel knows. */
  readonly during?: RequestId | undefined;
}

export interface PeerHandlers {
  /** Answers a request; what it throws becomes the error answer. */
  request(request: IncomingRequest): Promise<unknown>;
  notification(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Something out of the ordinary that belongs to no request. */
  error(error: Error): void;
  closed(): void;
}

const noParams: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * Never cancelled, by either side: the specification forbids it of the first (2025-11-25, basic/utilities/cancellation),
 * and the second may have gone to a server that knows neither it nor, before the first, anything else.
 */
const openings: readonly string[] = ['initialize', 'server/discover'];

export class Peer {
  readonly #channel: MessageChannel;
  readonly #handlers: PeerHandlers;
  readonly #pending = new Map<unknown, PendingRequest>();
  readonly #incoming = new Map<RequestId, AbortController>();
  #nextId = 1;
  #closed = false;

  constructor(channel: MessageChannel, handlers: PeerHandlers) {
    this.#channel = channel;
    this.#handlers = handlers;
  }

  async start(): Promise<void> {
    this.#channel.onmessage = (message, size, answering) => this.#receive(message, size, answering);
    this.#channel.onerror = (error) => this.#handlers.error(error);
    this.#channel.onclose = () => this.#end();
    await this.#channel.start();
  }

  /**
   * @throws RpcError the other side's error answer
   * @throws RequestTimeoutError neither answer nor progress within `timeoutMs`; the other side has been told
   * @throws ConnectionClosedError the channel ended first
   */
  request(method: string, params: Record<string, unknown>, options: RequestOptions): Promise<Answer> {
    if (this.#closed) return Promise.reject(new ConnectionClosedError());
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const id = this.#nextId++;
    const stream = this.#channel.hasPerRequestStream ? new AbortController() : undefined;
    const pending = new PendingRequest(options, (error, reason) => {
      this.#pending.delete(id);
      const isTold = !openings.includes(method) && !(stream && this.#channel.cancelsByClosing);
      if (isTold) void this.#send('notifications/cancelled', { requestId: id, reason });
      stream?.abort();
      pending.reject(error);
    });
    this.#pending.set(id, pending);
    options.onId?.(id);
    const fail = (error: unknown): void => this.#take(id)?.reject(error);
    this.#channel
      .send(
        { jsonrpc: '2.0', id, method, params: options.onProgress ? withProgressToken(params, id) : params },
        stream && {
          requestSignal: stream.signal,
          onRequestStreamEnd: () => fail(new ConnectionClosedError()),
          ...(options.headers && { headers: options.headers }),
        },
      )
      .catch(fail);
    return pending.answer;
  }

  async notify(method: string, params?: Record<string, unknown>): Promise<void> {
    if (this.#closed) return;
    await this.#channel.send(params ? { jsonrpc: '2.0', method, params } : { jsonrpc: '2.0', method });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #take(given: RequestId): PendingRequest | undefined {
    const id = ownId(given);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #receive(message: JsonRpcMessage, size: number | undefined, during: RequestId | undefined): void {
    if ('method' in message) {
      const params = message.params ?? noParams;
      if ('id' in message) void this.#answer({ id: message.id, method: message.method, params, during });
      else this.#receiveNotification(message.method, params);
      return;
    }
    const pending = message.id === null ? undefined : this.#take(message.id);
    if (!pending) {
      this.#handlers.error(new Error(`an answer to no open request (id ${JSON.stringify(message.id)?.slice(0, 40)})`));
      return;
    }
    // Some always write both, one of them null, as JSON-RPC 1.0 had it.
    const { error, result } = message as { readonly error?: unknown; readonly result?: unknown };
    if (error === undefined || error === null) pending.resolve({ result, size });
    else pending.reject(readRpcError(error));
  }

  #receiveNotification(method: string, params: Readonly<Record<string, unknown>>): void {
    if (method === 'notifications/cancelled') {
      const running = this.#incoming.get(params['requestId'] as RequestId);
      if (running) running.abort(new Error(String(params['reason'] ?? 'cancelled')));
      // Some servers end what was asked of them in this way too (2026-07-28, `CancelledNotification`).
      else this.#handlers.notification(method, params);
    } else if (method === 'notifications/progress') {
      this.#pending.get(ownId(params['progressToken']))?.progress(params);
    } else {
      this.#handlers.notification(method, params);
    }
  }

  async #answer(request: Omit<IncomingRequest, 'signal'>): Promise<void> {
    const controller = new AbortController();
    if (!openings.includes(request.method)) this.#incoming.set(request.id, controller);
    try {
      const result = await this.#handlers.request({ ...request, signal: controller.signal });
      // A cancelled request gets no answer (basic/utilities/cancellation).
      if (!controller.signal.aborted) await this.#channel.send({ jsonrpc: '2.0', id: request.id, result });
    } catch (error) {
      if (controller.signal.aborted) return;
      const failure =
        error instanceof RpcError
          ? { code: error.code, message: error.message, ...(error.data !== undefined && { data: error.data }) }
          : { code: rpcCodes.internalError, message: 'internal error' };
      if (!(error instanceof RpcError)) this.#handlers.error(error instanceof Error ? error : new Error(String(error)));
      await this.#reply({ jsonrpc: '2.0', id: request.id, error: failure });
    } finally {
      // Another one may have been given the same id meanwhile.
      if (this.#incoming.get(request.id) === controller) this.#incoming.delete(request.id);
    }
  }

  async #reply(message: JsonRpcMessage): Promise<void> {
    try {
      await this.#channel.send(message);
    } catch (error) {
      this.#handlers.error(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #send(method: string, params: Record<string, unknown>): Promise<void> {
    if (!this.#closed) await this.#reply({ jsonrpc: '2.0', method, params });
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pending of this.#pending.values()) pending.reject(new ConnectionClosedError());
    this.#pending.clear();
    for (const controller of this.#incoming.values()) controller.abort(new ConnectionClosedError());
    this.#handlers.closed();
  }
}

/** The id of a request of ours, as it comes back: some servers turn it into a string, and the SDK's clients take that. */
function ownId(given: unknown): unknown {
  return typeof given === 'string' ? Number(given) : given;
}

function withProgressToken(params: Record<string, unknown>, token: RequestId): Record<string, unknown> {
  const meta = params['_meta'];
  return { ...params, _meta: isRecord(meta) ? { ...meta, progressToken: token } : { progressToken: token } };
}
