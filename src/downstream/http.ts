// Owns the channel to a Streamable HTTP server, on the SDK's transport; knows nothing of OAuth or of MCP's conversation.
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { HttpServerEntry } from '../config/server-entry.ts';
import { waitFor } from '../lib/deadline.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { JsonRpcMessage, SendOptions } from '../wire/messages.ts';
import { ConnectionClosedError } from '../wire/rpc-error.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { HeldMessages } from './held-messages.ts';
import { type ExchangeSettings, mediaType, readPostAnswer, watched } from './http-exchange.ts';
import { ListeningStream } from './listening-stream.ts';
import { createNoiseLog } from './noise-log.ts';
import type { ServerChannel } from './server-channel.ts';
import { createStreamBackoff, longestDelayMs, type StreamBackoff } from './stream-backoff.ts';

/** How long saying goodbye to the session may take. */
const goodbyeMs = 1000;

type HttpDeps = Pick<DownstreamDeps, 'fetchFor' | 'now' | 'log'>;

export class HttpChannel implements ServerChannel {
  readonly transport = 'http';
  readonly hasPerRequestStream = true;
  onmessage: ServerChannel['onmessage'];
  onerror: ServerChannel['onerror'];
  onclose: ServerChannel['onclose'];
  ongap: ServerChannel['ongap'];
  readonly #entry: HttpServerEntry;
  readonly #fetch: FetchLike;
  readonly #backoff: StreamBackoff;
  readonly #exchange: ExchangeSettings;
  readonly #listening = new ListeningStream();
  #transport: StreamableHTTPClientTransport | undefined;
  #isModern = false;
  #closed = false;

  constructor(deps: HttpDeps, entry: HttpServerEntry, maxMessageBytes?: number) {
    this.#entry = entry;
    this.#fetch = deps.fetchFor(entry);
    this.#backoff = createStreamBackoff(deps);
    const noise = createNoiseLog(deps, entry.name);
    this.#exchange = {
      held: new HeldMessages(),
      watch: {
        skipped: (text, size) => noise.skipped(text, size),
        delivered: () => this.#backoff.delivered(),
        ended: () => deps.log.debug({ server: entry.name }, 'an event stream ended'),
      },
      maxMessageBytes,
    };
  }

  get sessionId(): string | undefined {
    return this.#isModern ? undefined : this.#transport?.sessionId;
  }

  get cancelsByClosing(): boolean {
    return this.#isModern;
  }

  setProtocolVersion(version: string): void {
    this.#transport?.setProtocolVersion(version);
  }

  setModern(isModern: boolean): void {
    this.#isModern = isModern;
  }

  async start(): Promise<void> {
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    if (this.#closed) throw new ConnectionClosedError();
    const transport = new StreamableHTTPClientTransport(new URL(this.#entry.url), {
      fetch: (url, init) => this.#request(url, init),
      reconnectionOptions: {
        initialReconnectionDelay: 1000,
        maxReconnectionDelay: longestDelayMs,
        reconnectionDelayGrowFactor: 2,
        maxRetries: Number.POSITIVE_INFINITY,
      },
      reconnectionScheduler: (reconnect, askedMs) => {
        const delayMs = this.#isModern ? 0 : this.#backoff.nextDelayMs(askedMs);
        const timer = setTimeout(reconnect, delayMs).unref();
        return () => clearTimeout(timer);
      },
    });
    transport.onmessage = (standIn) => {
      const held = this.#exchange.held.take(standIn);
      if (held) this.onmessage?.(held.message, held.size, held.answering);
    };
    transport.onerror = (error) => this.onerror?.(error);
    transport.onclose = () => this.onclose?.();
    this.#transport = transport;
    await transport.start();
  }

  async send(message: JsonRpcMessage, options?: SendOptions): Promise<void> {
    if (this.#closed || !this.#transport) throw new ConnectionClosedError();
    // Servers ask nothing over a stream any more, and get no answers (2026-07-28, Streamable HTTP, Sending Messages 4).
    if (this.#isModern && !('method' in message)) return;
    await this.#transport.send(message as Parameters<StreamableHTTPClientTransport['send']>[0], options);
  }

  /** Ends the session on the server too (2025-11-25, Session Management 5), without waiting long for it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const transport = this.#transport;
    if (!transport) return this.onclose?.();
    try {
      if (this.sessionId !== undefined) await waitFor(transport.terminateSession(), goodbyeMs);
    } catch {
      // The server forgets the session by itself; there is nobody left to tell.
    } finally {
      await transport.close();
    }
  }

  async #request(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    // Streams cannot be resumed (2026-07-28, Streamable HTTP, Receiving Messages): what was cut has ended.
    if (this.#isModern && init?.method === 'GET') return new Response(null, { status: 405 });
    const target = String(url) === new URL(this.#entry.url).href ? this.#entry.url : url;
    if (init?.method === 'POST') return this.#post(target, init);
    return init?.method === 'GET' ? this.#get(target, init) : this.#fetch(target, init);
  }

  async #get(url: string | URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!this.#listening.isMeant(headers)) return this.#openStream(await this.#fetch(url, init));
    const session = headers.get('mcp-session-id') ?? undefined;
    const listening = this.#listening.begin(session, headers.get('last-event-id') ?? undefined);
    if (!listening) return new Response(null, { status: 405 });
    try {
      const response = await this.#fetch(url, init);
      const stream = await this.#openStream(
        response,
        (body) => this.#listening.follow(listening, body),
        (id) => {
          listening.lastEventId = id;
        },
      );
      if (stream.status !== 200) this.#listening.end(listening);
      else if (listening.followsGap) this.ongap?.();
      return stream;
    } catch (error) {
      this.#listening.end(listening);
      throw error;
    }
  }

  async #post(url: string | URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const isModern = headers.has('mcp-method');
    // The session, if there was one, ended with the server that knew it.
    if (isModern) headers.delete('mcp-session-id');
    const sent = { body: init.body, hadSession: headers.has('mcp-session-id'), isModern };
    return readPostAnswer(await this.#fetch(url, { ...init, headers }), sent, this.#exchange);
  }

  /** The GET stream is optional. The SDK takes 405 alone for "no stream"; servers also say it with other answers. */
  async #openStream(
    response: Response,
    follow = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => body,
    onEventId?: (id: string) => void,
  ): Promise<Response> {
    const refused = response.status >= 400 && response.status < 500;
    if (!refused && !response.ok) return response;
    if (!refused && mediaType(response) === 'text/event-stream' && response.body) {
      return watched(response, follow(response.body), { ...this.#exchange, onEventId });
    }
    await response.body?.cancel();
    return new Response(null, { status: 405 });
  }
}
