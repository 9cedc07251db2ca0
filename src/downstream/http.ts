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
import { createNoiseLog } from './noise-log.ts';
import type { ServerChannel } from './server-channel.ts';
import { createStreamBackoff, longestDelayMs, type StreamBackoff } from './stream-backoff.ts';

/** How long saying goodbye to the session may take. */
const goodbyeMs = 1000;

type HttpDeps = Pick<DownstreamDeps, 'fetchFor' | 'now' | 'log'>;

export class HttpChannel implements ServerChannel {
  readonly transport = 'http';
  readonly hasPerRequestStream = true;
  cancelsByClosing = false;
  onmessage: ServerChannel['onmessage'];
  onerror: ServerChannel['onerror'];
  onclose: ServerChannel['onclose'];
  readonly #entry: HttpServerEntry;
  readonly #fetch: FetchLike;
  readonly #backoff: StreamBackoff;
  readonly #exchange: ExchangeSettings;
  #transport: StreamableHTTPClientTransport | undefined;
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
    return this.#transport?.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.#transport?.setProtocolVersion(version);
  }

  enterModernEra(): void {
    this.cancelsByClosing = true;
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
        const timer = setTimeout(reconnect, this.#backoff.nextDelayMs(askedMs)).unref();
        return () => clearTimeout(timer);
      },
    });
    transport.onmessage = (standIn) => {
      const held = this.#exchange.held.take(standIn);
      if (held) this.onmessage?.(held.message, held.size);
    };
    transport.onerror = (error) => this.onerror?.(error);
    transport.onclose = () => this.onclose?.();
    this.#transport = transport;
    await transport.start();
  }

  async send(message: JsonRpcMessage, options?: SendOptions): Promise<void> {
    if (this.#closed || !this.#transport) throw new ConnectionClosedError();
    await this.#transport.send(message as Parameters<StreamableHTTPClientTransport['send']>[0], options);
  }

  /** Ends the session on the server too (2025-11-25, Session Management 5), without waiting long for it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const transport = this.#transport;
    if (!transport) return this.onclose?.();
    try {
      if (transport.sessionId !== undefined) await waitFor(transport.terminateSession(), goodbyeMs);
    } catch {
      // The server forgets the session by itself; there is nobody left to tell.
    } finally {
      await transport.close();
    }
  }

  async #request(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    const target = String(url) === new URL(this.#entry.url).href ? this.#entry.url : url;
    const response = await this.#fetch(target, init);
    if (init?.method === 'POST') {
      const headers = new Headers(init.headers);
      const sent = {
        body: init.body,
        hadSession: headers.has('mcp-session-id'),
        isModern: headers.has('mcp-method'),
      };
      return readPostAnswer(response, sent, this.#exchange);
    }
    if (init?.method === 'GET') return this.#openStream(response);
    return response;
  }

  /** The GET stream is optional. The SDK takes 405 alone for "no stream"; servers also say it with other answers. */
  async #openStream(response: Response): Promise<Response> {
    const refused = response.status >= 400 && response.status < 500;
    if (!refused && !response.ok) return response;
    if (!refused && mediaType(response) === 'text/event-stream' && response.body) {
      return watched(response, response.body, this.#exchange);
    }
    await response.body?.cancel();
    return new Response(null, { status: 405 });
  }
}
