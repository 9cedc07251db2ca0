// Owns the byte side of the conversation with a host over stdin and stdout; knows nothing of the messages' meaning.
import type { Readable, Writable } from 'node:stream';
import { LineFraming } from '../wire/line-framing.ts';
import { LineWriter } from '../wire/line-writer.ts';
import type { JsonRpcMessage, MessageChannel } from '../wire/messages.ts';
import { rpcCodes } from '../wire/rpc-error.ts';

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
      oversized: (_head, _tail, size) =>
        this.#refuse(rpcCodes.invalidRequest, `a message of ${size} bytes is too large`),
    });
    this.#input.on('data', (chunk: Buffer) => framing.push(chunk));
    this.#input.once('end', () => void this.close());
    this.#input.once('error', () => void this.close());
    // The host is gone: writing to it must not end the process before everything is shut down.
    this.#output.on('error', () => void this.close());
  }

  send(message: JsonRpcMessage): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return this.#writer.write(JSON.stringify(message)) ?? Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.flush();
    this.#input.pause();
    this.onclose?.();
  }

  #receive(line: string): void {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      this.#refuse(rpcCodes.parseError, 'Parse error');
      return;
    }
    for (const message of Array.isArray(value) ? value : [value]) {
      if (isMessage(message)) this.onmessage?.(message);
      else this.#refuse(rpcCodes.invalidRequest, 'Invalid request');
    }
  }

  #refuse(code: number, message: string): void {
    this.onerror?.(new Error(message));
    void this.send({ jsonrpc: '2.0', id: null, error: { code, message } });
  }
}

function isMessage(value: unknown): value is JsonRpcMessage {
  if (typeof value !== 'object' || value === null || !('jsonrpc' in value) || value.jsonrpc !== '2.0') return false;
  return 'method' in value ? typeof value.method === 'string' : 'id' in value;
}
