// The stream on which a server tells of its changes, with a server of a few lines: src/downstream/listen-stream.ts.
import { afterEach, describe, expect, it } from 'vitest';
import { HttpStatusError } from '../../src/downstream/http-answer-errors.ts';
import { type ChangeFilter, judgeStreamEnd, ListenStream } from '../../src/downstream/listen-stream.ts';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../../src/wire/rpc-error.ts';
import { recordingLog, until } from './surroundings.ts';

const status = (code: number) => new HttpStatusError(code, '', false, {});
it.each([
  [undefined, 'again'],
  [new ConnectionClosedError(), 'again'],
  [new RequestTimeoutError(1), 'again'],
  [new TypeError('fetch failed'), 'again'],
  [new RpcError(-32603, 'too many'), 'again'],
  [new RpcError(-32601, ''), 'refused'],
  [new RpcError(-32602, ''), 'refused'],
  [status(404), 'refused'],
  [status(400), 'refused'],
  [status(401), 'refused'],
  [status(429), 'again'],
  [status(503), 'again'],
  [new LoginRequiredError('web', {}), 'refused'],
  [new GatewayError('AUTH_FAILED', ''), 'refused'],
])('a stream that ends with %o is tried %s', (error, verdict) => {
  expect(judgeStreamEnd(error)).toBe(verdict);
});

interface Asked {
  readonly id: number;
  readonly filter: ChangeFilter;
  readonly signal: AbortSignal;
  readonly end: (error?: unknown) => void;
}

const streams: ListenStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

function started() {
  const asked: Asked[] = [];
  const reopened: ChangeFilter[] = [];
  const stream = new ListenStream({
    log: recordingLog().log,
    server: 'one',
    backoff: { delivered: () => undefined, nextDelayMs: () => 1 },
    listen: (filter, { signal, onId }) =>
      new Promise((resolve, reject) => {
        const id = asked.length + 1;
        const end = (error?: unknown) => (error === undefined ? resolve({}) : reject(error));
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        onId(id);
        asked.push({ id, filter, signal, end });
      }),
    onReopened: (agreed) => reopened.push(agreed),
  });
  streams.push(stream);
  const agree = (id: unknown, notifications: unknown = asked.at(-1)?.filter): boolean =>
    stream.notified('notifications/subscriptions/acknowledged', {
      _meta: { 'io.modelcontextprotocol/subscriptionId': id },
      notifications,
    });
  return { stream, asked, reopened, agree };
}

const tools = { toolsListChanged: true };

describe('a stream', () => {
  it('is open when the server has agreed, to what it has agreed to', async () => {
    const { stream, agree } = started();
    const opened = stream.open({ ...tools, promptsListChanged: true });
    expect(agree('1', {})).toBe(true);
    expect(agree(1, tools)).toBe(true);
    expect(await opened).toEqual(tools);
    expect(stream.notified('notifications/tools/list_changed', {})).toBe(false);
  });

  it.each([[undefined], [new ConnectionClosedError()], [status(503)]])(
    'that is lost (%o) is opened again',
    async (error) => {
      const { stream, asked, agree, reopened } = started();
      void stream.open(tools);
      agree(1);
      for (const count of [2, 3]) {
        asked.at(-1)?.end(error);
        await until(() => asked.length === count);
        expect(reopened).toHaveLength(count - 2);
        agree(count);
      }
      expect(asked.map(({ filter }) => filter)).toEqual([tools, tools, tools]);
      expect(reopened).toEqual([tools, tools]);
    },
  );

  it('that is lost, and has another filter before it is open again, was lost all the same', async () => {
    const { stream, asked, agree, reopened } = started();
    void stream.open(tools);
    agree(1);
    void stream.open({ promptsListChanged: true });
    agree(2);
    expect(reopened).toEqual([]);
    asked.at(-1)?.end();
    await until(() => asked.length === 3);
    void stream.open(tools);
    agree(4);
    expect(reopened).toEqual([tools]);
  });

  it('that a local server cancels is opened again', async () => {
    const { stream, asked, agree } = started();
    void stream.open(tools);
    agree(1);
    expect(stream.notified('notifications/cancelled', { requestId: 2 })).toBe(false);
    expect(stream.notified('notifications/cancelled', { requestId: 1 })).toBe(true);
    await until(() => asked.length === 2);
    expect(asked[0]?.signal.aborted).toBe(true);
  });

  it('that is refused is not, and whoever waits is told', async () => {
    const { stream, asked } = started();
    const opened = stream.open(tools);
    asked[0]?.end(new RpcError(-32601, 'no'));
    await expect(opened).rejects.toMatchObject({ code: -32601 });
    expect(stream.isWanted).toBe(false);
  });

  it('ends with everything that belongs to it when it is closed', async () => {
    const { stream, asked } = started();
    const opened = stream.open(tools);
    stream.close();
    await expect(opened).rejects.toBeInstanceOf(ConnectionClosedError);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(stream.isWanted).toBe(false);
  });
});

describe('a new filter', () => {
  it('takes the place of the old one when the server has agreed, and not before', async () => {
    const { stream, asked, agree, reopened } = started();
    void stream.open(tools);
    agree(1);
    const wider = { ...tools, resourceSubscriptions: ['a'] };
    const opened = stream.open(wider);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    agree(2);
    expect(await opened).toEqual(wider);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(reopened).toEqual([]);
  });

  it('that is refused leaves the old one as it is', async () => {
    const { stream, asked, agree } = started();
    void stream.open(tools);
    agree(1);
    const opened = stream.open({ resourceSubscriptions: ['?'] });
    asked[1]?.end(new RpcError(-32602, 'what?'));
    await expect(opened).rejects.toMatchObject({ code: -32602 });
    expect(asked[0]?.signal.aborted).toBe(false);
    expect(stream.isWanted).toBe(true);
  });

  it('that is agreed to first is the answer to the older one too', async () => {
    const { stream, agree } = started();
    const older = stream.open({ resourceSubscriptions: ['a'] });
    const newer = stream.open({ resourceSubscriptions: ['a', 'b'] });
    agree(2);
    expect(await older).toEqual({ resourceSubscriptions: ['a', 'b'] });
    expect(await newer).toEqual({ resourceSubscriptions: ['a', 'b'] });
  });
});
