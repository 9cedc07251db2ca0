// Owns the channel to a server of the legacy HTTP+SSE transport (revision 2024-11-05), on the SDK's transport.
import type { SSEClientTransport } from '@modelcontextprotocol/client';
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { JsonRpcMessage } from '../wire/messages.ts';
import { ConnectionClosedError } from '../wire/rpc-error.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { HeldMessages } from './held-messages.ts';
import { NotAMessageError, quotedBody, readRefusal } from './http-answer-errors.ts';
import { type ExchangeSettings, mediaType, readPostAnswer, watched } from './http-exchange.ts';
import { createNoiseLog } from './noise-log.ts';
import type { ServerChannel } from './server-channel.ts';

type SseDeps = Pick<DownstreamDeps, 'fetchFor' | 'now' | 'log'>;

export class SseChannel implements ServerChannel {
  readonly transport = 'sse';
  onmessage: ServerChannel['onmessage'];
  onerror: ServerChannel['onerror'];
  onclose: ServerChannel['onclose'];
  readonly #entry: HttpServerEntry;
  readonly #fetch: FetchLike;
  readonly #exchange: ExchangeSettings;
  #transport: SSEClientTransport | undefined;
  /** Why the stream could not be opened: the event source only keeps the wording. */
  #failure: unknown;
  #closed = false;

  constructor(deps: SseDeps, entry: HttpServerEntry, maxMessageBytes?: number) {
    this.#entry = entry;
    this.#fetch = deps.fetchFor(entry);
    const noise = createNoiseLog(deps, entry.name);
    this.#exchange = {
      held: new HeldMessages(),
      watch: {
        skipped: (text, size) => noise.skipped(text, size),
        delivered: () => undefined,
        // The stream is the session: a new stream would be a session that nobody has initialized.
        ended: () => void this.close(),
      },
      maxMessageBytes,
    };
  }

  setProtocolVersion(version: string): void {
    this.#transport?.setProtocolVersion(version);
  }

  async start(): Promise<void> {
    const { SSEClientTransport } = await import('@modelcontextprotocol/client');
    if (this.#closed) throw new ConnectionClosedError();
    const transport = new SSEClientTransport(new URL(this.#entry.url), {
      fetch: (url, init) => this.#request(url, init),
    });
    transport.onmessage = (standIn) => {
      const held = this.#exchange.held.take(standIn);
      if (held) this.onmessage?.(held.message, held.size);
    };
    transport.onerror = (error) => this.onerror?.(error);
    transport.onclose = () => this.onclose?.();
    this.#transport = transport;
    try {
      await transport.start();
    } catch (error) {
      await this.close();
      throw this.#failure ?? error;
    }
  }

  async send(message: JsonRpcMessage): Promise<void> {
    if (this.#closed || !this.#transport) throw new ConnectionClosedError();
    await this.#transport.send(message as Parameters<SSEClientTransport['send']>[0]);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#transport) await this.#transport.close();
    else this.onclose?.();
  }

  async #request(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    if (init?.method === 'POST') {
      const response = await this.#fetch(url, init);
      // Answers come over the stream, so whatever a successful POST says is not read.
      return readPostAnswer(response, { body: undefined, hadSession: false }, this.#exchange);
    }
    try {
      return await this.#openStream(await this.#fetch(this.#entry.url, init));
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #openStream(response: Response): Promise<Response> {
    if (!response.ok) throw await readRefusal(response, { hadSession: false });
    if (mediaType(response) !== 'text/event-stream' || !response.body) {
      throw new NotAMessageError(mediaType(response), await quotedBody(response));
    }
    return watched(response, response.body, this.#exchange);
  }
}
