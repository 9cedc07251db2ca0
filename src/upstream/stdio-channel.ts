// Owns the byte side of the conversation with a host over stdin and stdout; knows nothing of the messages' meaning.
import type { Readable, Writable } from 'node:stream';
import { LineFraming } from '../wire/line-framing.ts';
import { LineWriter } from '../wire/line-writer.ts';
import type { JsonRpcMessage, MessageChannel, RequestId } from '../wire/messages.ts';
import { idOfOversizedRequest } from '../wire/oversized-id.ts';
import { rpcCodes } from '../wire/rpc-error.ts';

/** So much waits for a host that does not read; what it can do without is no longer kept for it then. Bytes. */
const mostWaiting = 16 * 1024 * 1024;
/** A flood of them must not fill the memory: they are worth something only while they are new. */
const passingMethods: readonly string[] = ['notifications/message', 'notifications/progress'];
const byteOrderMark = 0xfeff;

export class StdioServerChannel implements MessageChannel {
  onmessage?: MessageChannel['onmessage'];
  onerror?: MessageChannel['onerror'];
  onclose?: MessageChannel['onclose'];
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #writer: LineWriter;
  #closed = false;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.#writer = new LineWriter(output);
  }

  async start(): Promise<void> {
    const framing = new LineFraming({
      line: (text) => this.#receive(text),
      oversized: (head, tail, size) =>
        this.#refuse(
          rpcCodes.invalidRequest,
          `a message of ${size} bytes is too large`,
          idOfOversizedRequest(head, tail),
        ),
    });
    this.#input.on('data', (chunk: Buffer) => framing.push(chunk));
    this.#input.once('end', () => void this.close());
    this.#input.once('error', () => void this.close());
    // The host is gone: writing to it must not end the process before everything is shut down.
    this.#output.on('error', () => void this.close());
  }

  send(message: JsonRpcMessage): Promise<void> {
    if (this.#closed || this.#isSpared(message)) return Promise.resolve();
    return this.#writer.write(JSON.stringify(message)) ?? Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.flush();
    this.#input.pause();
    this.onclose?.();
  }

  #isSpared(message: JsonRpcMessage): boolean {
    return this.#output.writableLength > mostWaiting && 'method' in message && passingMethods.includes(message.method);
  }

  #receive(line: string): void {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line.charCodeAt(0) === byteOrderMark ? line.slice(1) : line);
    } catch {
      this.#refuse(rpcCodes.parseError, 'Parse error');
      return;
    }
    // An empty batch is no batch (JSON-RPC 2.0, section 6).
    for (const message of Array.isArray(value) && value.length > 0 ? value : [value]) {
      if (isMessage(message)) this.onmessage?.(message);
      else this.#refuse(rpcCodes.invalidRequest, 'Invalid request', idOfRequest(message));
    }
  }

  /** `id`: of the request, where it can be told: whoever sent it waits for an answer. */
  #refuse(code: number, message: string, id: RequestId | null = null): void {
    this.onerror?.(new Error(message));
    void this.send({ jsonrpc: '2.0', id, error: { code, message } });
  }
}

function isMessage(value: unknown): value is JsonRpcMessage {
  if (typeof value !== 'object' || value === null || !('jsonrpc' in value) || value.jsonrpc !== '2.0') return false;
  if (!('method' in value)) return 'id' in value;
  return typeof value.method === 'string' && (!('id' in value) || isId(value.id));
}

/** The id of an answer would be one of ours. */
function idOfRequest(value: unknown): RequestId | undefined {
  const isRequest = typeof value === 'object' && value !== null && 'method' in value && 'id' in value;
  return isRequest && isId(value.id) ? value.id : undefined;
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}
