// Tests of src/wire/peer.ts.
import { describe, expect, it } from 'vitest';
import type { JsonRpcMessage, MessageChannel, SendOptions } from '../../src/wire/messages.ts';
import { Peer, type PeerHandlers } from '../../src/wire/peer.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../../src/wire/rpc-error.ts';

/** A channel whose other end is the test. */
class TestChannel implements MessageChannel {
  readonly hasPerRequestStream = true;
  readonly sent: { message: JsonRpcMessage; options: SendOptions | undefined }[] = [];
  failure: Error | undefined;
  onmessage: MessageChannel['onmessage'];
  onerror: MessageChannel['onerror'];
  onclose: MessageChannel['onclose'];

  async start(): Promise<void> {
    await Promise.resolve();
  }

  async send(message: JsonRpcMessage, options?: SendOptions): Promise<void> {
    await Promise.resolve();
    if (this.failure) throw this.failure;
    this.sent.push({ message, options });
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.onclose?.();
  }

  last(): Record<string, unknown> {
    return this.sent.at(-1)?.message as unknown as Record<string, unknown>;
  }
}

async function connect(handlers: Partial<PeerHandlers> = {}) {
  const channel = new TestChannel();
  const errors: Error[] = [];
  const peer = new Peer(channel, {
    request: async () => ({}),
    notification: () => undefined,
    error: (error) => void errors.push(error),
    closed: () => undefined,
    ...handlers,
  });
  await peer.start();
  return { channel, peer, errors };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a request of a peer', () => {
  it('takes its id as text too', async () => {
    const { channel, peer } = await connect();
    const asked = peer.request('a', {}, { timeoutMs: 5000, onProgress: (params) => void seen.push(params) });
    const seen: unknown[] = [];
    const progress = { progressToken: '1', progress: 1 };
    channel.onmessage?.({ jsonrpc: '2.0', method: 'notifications/progress', params: progress });
    channel.onmessage?.({ jsonrpc: '2.0', id: '1', result: 7 });
    expect(await asked).toMatchObject({ result: 7 });
    expect(seen).toEqual([progress]);
  });

  it.each([
    [
      { code: 5, message: 'x', data: [1] },
      { code: 5, message: 'x', data: [1] },
    ],
    [{ code: 5 }, { code: 5, message: 'an error without a message' }],
    [{}, { code: -32603, message: 'an error without a message' }],
    [
      { code: '5', message: 6 },
      { code: -32603, message: 'an error without a message' },
    ],
    ['broken', { code: -32603, message: 'broken' }],
    [[1], { code: -32603, message: 'an error without a message' }],
    [7, { code: -32603, message: 'an error without a message' }],
  ])('fails with the error %j as far as it has the right form', async (error, expected) => {
    const { channel, peer } = await connect();
    const asked = peer.request('a', {}, { timeoutMs: 5000 });
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, error } as unknown as JsonRpcMessage);
    await expect(asked).rejects.toMatchObject(expected);
  });

  it('takes a result with an error of null beside it', async () => {
    const { channel, peer } = await connect();
    const asked = peer.request('a', {}, { timeoutMs: 5000 });
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, result: 7, error: null } as unknown as JsonRpcMessage);
    expect(await asked).toMatchObject({ result: 7 });
  });

  it('gives each answer to its own request, in any order, with the size and the very object', async () => {
    const { channel, peer } = await connect();
    const first = peer.request('a', {}, { timeoutMs: 5000 });
    const second = peer.request('b', {}, { timeoutMs: 5000 });
    const result = { x: 1 };
    channel.onmessage?.({ jsonrpc: '2.0', id: 2, result }, 10);
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, result: null }, 20);
    expect(await first).toEqual({ result: null, size: 20 });
    expect((await second).result).toBe(result);
  });

  it('rejects with the error answer, its code and data kept', async () => {
    const { channel, peer } = await connect();
    const request = peer.request('a', {}, { timeoutMs: 5000 });
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, error: { code: -5, message: 'no', data: [1] } });
    const error = await request.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: -5, message: 'no', data: [1] });
  });

  it('gives up after the time limit, tells the other side, and ends the request stream', async () => {
    const { channel, peer } = await connect();
    await expect(peer.request('a', {}, { timeoutMs: 5 })).rejects.toBeInstanceOf(RequestTimeoutError);
    await settled();
    expect(channel.last()).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(channel.sent[0]?.options?.requestSignal?.aborted).toBe(true);
  });

  it('does not cancel initialize', async () => {
    const { channel, peer } = await connect();
    await expect(peer.request('initialize', {}, { timeoutMs: 5 })).rejects.toBeInstanceOf(RequestTimeoutError);
    await settled();
    expect(channel.sent).toHaveLength(1);
  });

  it('waits for a limit longer than a timer can count', async () => {
    const { channel, peer } = await connect();
    const request = peer.request('a', {}, { timeoutMs: 2 ** 40 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
    expect(await request).toEqual({ result: {}, size: undefined });
  });
});

describe('what happens to a request on its way', () => {
  it('asks for progress, hands it on, and keeps the _meta of the request', async () => {
    const { channel, peer } = await connect();
    const seen: unknown[] = [];
    const request = peer.request(
      'a',
      { _meta: { x: 1 } },
      { timeoutMs: 5000, onProgress: (params) => seen.push(params) },
    );
    await settled();
    expect(channel.last()['params']).toEqual({ _meta: { x: 1, progressToken: 1 } });
    const params = { progressToken: 1, progress: 1, 'x-more': null };
    channel.onmessage?.({ jsonrpc: '2.0', method: 'notifications/progress', params });
    channel.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
    await request;
    expect(seen).toEqual([params]);
  });

  it("cancels when the caller aborts, and rejects with the caller's reason", async () => {
    const { channel, peer } = await connect();
    const caller = new AbortController();
    const request = peer.request('a', {}, { timeoutMs: 5000, signal: caller.signal });
    const reason = new Error('enough');
    caller.abort(reason);
    await expect(request).rejects.toBe(reason);
    await settled();
    expect(channel.last()).toMatchObject({ method: 'notifications/cancelled' });
  });

  it('rejects what is pending when the channel ends, and everything after', async () => {
    const { channel, peer } = await connect();
    const request = peer.request('a', {}, { timeoutMs: 5000 });
    channel.onclose?.();
    await expect(request).rejects.toBeInstanceOf(ConnectionClosedError);
    await expect(peer.request('b', {}, { timeoutMs: 5000 })).rejects.toBeInstanceOf(ConnectionClosedError);
  });

  it('rejects with the very error that sending failed with', async () => {
    const { channel, peer } = await connect();
    channel.failure = new Error('login needed');
    await expect(peer.request('a', {}, { timeoutMs: 5000 })).rejects.toBe(channel.failure);
  });

  it('rejects when the stream of the request ended without an answer', async () => {
    const { channel, peer } = await connect();
    const request = peer.request('a', {}, { timeoutMs: 5000 });
    await settled();
    channel.sent[0]?.options?.onRequestStreamEnd?.();
    await expect(request).rejects.toBeInstanceOf(ConnectionClosedError);
  });
});

describe('a request to a peer', () => {
  it.each([
    ['a result', async () => ({ ok: true }), { result: { ok: true } }],
    [
      'an RpcError with its data',
      async () => Promise.reject(new RpcError(-7, 'no', 1)),
      { error: { code: -7, message: 'no', data: 1 } },
    ],
    [
      'no detail of a defect',
      async () => Promise.reject(new Error('/secret/path')),
      { error: { code: -32603, message: 'internal error' } },
    ],
  ])('answers a request of the other side with %s', async (_, request, expected) => {
    const { channel } = await connect({ request });
    channel.onmessage?.({ jsonrpc: '2.0', id: 'x', method: 'm' });
    await settled();
    expect(channel.last()).toEqual({ jsonrpc: '2.0', id: 'x', ...expected });
  });

  it('aborts a request that the other side cancels, and does not answer it', async () => {
    let signal: AbortSignal | undefined;
    const { channel } = await connect({
      request: (incoming) => {
        signal = incoming.signal;
        return new Promise((_, reject) =>
          incoming.signal.addEventListener('abort', () => reject(incoming.signal.reason)),
        );
      },
    });
    channel.onmessage?.({ jsonrpc: '2.0', id: 9, method: 'm' });
    channel.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } });
    await settled();
    expect(signal?.aborted).toBe(true);
    expect(channel.sent).toHaveLength(0);
  });

  it('reports an answer that nobody waits for, and goes on', async () => {
    const { channel, errors } = await connect();
    channel.onmessage?.({ jsonrpc: '2.0', id: 77, result: {} });
    channel.onmessage?.({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'parse error' } });
    expect(errors).toHaveLength(2);
  });
});
