import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { Host } from '../../src/gateway/host.ts';
import { UnknownToolError } from '../../src/gateway/unknown-tool-error.ts';
import { serveHost } from '../../src/upstream/server.ts';
import { StdioServerChannel } from '../../src/upstream/stdio-channel.ts';
import { modernMeta } from '../helpers/modern-host.ts';

const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A host at the other end of two pipes. */
function connect(gateway: Promise<Partial<Gateway>>, debug = false) {
  const [toGateway, fromGateway] = [new PassThrough(), new PassThrough()];
  const served = serveHost(
    new StdioServerChannel(toGateway, fromGateway),
    { gateway: gateway as Promise<Gateway>, log: silentLog },
    { version: '1.2.3', debug, expose: 'meta' },
  );
  const lines = fromGateway[Symbol.asyncIterator]();
  let rest = '';
  return {
    served,
    end: () => toGateway.end(),
    write: (text: string) => toGateway.write(text),
    send: (message: object) => toGateway.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    async receive(): Promise<Record<string, unknown>> {
      while (!rest.includes('\n')) rest += String((await lines.next()).value);
      const end = rest.indexOf('\n');
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return JSON.parse(line) as Record<string, unknown>;
    },
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const neverLoaded = new Promise<Gateway>(() => undefined);

describe('the conversation with a host', () => {
  it('answers initialize and tools/list while the gateway is still loading', async () => {
    const host = connect(neverLoaded);
    host.send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {} } });
    expect(await host.receive()).toMatchObject({
      id: 1,
      result: { protocolVersion: '2025-06-18', serverInfo: { name: 'portico', version: '1.2.3' } },
    });
    host.send({ id: 2, method: 'tools/list' });
    const { result } = (await host.receive()) as { result: { tools: { name: string }[] } };
    expect(result.tools.map(({ name }) => name)).toEqual([
      'list_servers',
      'search_tools',
      'get_server_tools',
      'execute_tool',
      'read_result',
      'login_server',
    ]);
  });

  it('offers its newest revision to a host that asks for one it does not know', async () => {
    const host = connect(neverLoaded);
    host.send({ id: 1, method: 'initialize', params: { protocolVersion: '2099-01-01' } });
    expect(await host.receive()).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
  });

  it('presents a failure as a tool result, never as a protocol error', async () => {
    const failure = new GatewayError('AUTH_REQUIRED', 'log in', {
      server: 'crm',
      loginUrl: 'https://as.test',
      hint: 'h',
    });
    const host = connect(Promise.resolve({ executeTool: () => Promise.reject(failure) }));
    host.send({
      id: 7,
      method: 'tools/call',
      params: { name: 'execute_tool', arguments: { server: 'crm', tool: 't' } },
    });
    const error = { code: 'AUTH_REQUIRED', message: 'log in', hint: 'h', server: 'crm', login_url: 'https://as.test' };
    expect(await host.receive()).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: {
        isError: true,
        structuredContent: { error },
        content: [{ type: 'text', text: JSON.stringify({ error }) }],
      },
    });
  });

  it('tells every call that the config is of no use when it is', async () => {
    const host = connect(Promise.reject(new GatewayError('CONFIG_INVALID', '/c.json:1:1: not JSON')));
    host.send({ id: 1, method: 'tools/call', params: { name: 'list_servers' } });
    expect(await host.receive()).toMatchObject({
      result: {
        isError: true,
        structuredContent: { error: { code: 'CONFIG_INVALID', message: '/c.json:1:1: not JSON' } },
      },
    });
  });

  it('keeps the text of a defect to itself', async () => {
    const host = connect(Promise.resolve({ listServers: () => Promise.reject(new Error('canary')) }));
    host.send({ id: 1, method: 'tools/call', params: { name: 'list_servers' } });
    const answer = await host.receive();
    expect(answer).toMatchObject({ result: { structuredContent: { error: { code: 'INTERNAL' } } } });
    expect(JSON.stringify(answer)).not.toContain('canary');
  });

  it('cancels the call when the host does, and gives it no answer', async () => {
    let signal: AbortSignal | undefined;
    const host = connect(
      Promise.resolve({
        executeTool: (_input: unknown, { signal: given }: { signal: AbortSignal }) => {
          signal = given;
          host.send({ method: 'notifications/cancelled', params: { requestId: 3 } });
          return new Promise<never>((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
        },
      }),
    );
    host.send({ id: 3, method: 'tools/call', params: { name: 'execute_tool', arguments: { server: 'a', tool: 't' } } });
    host.send({ id: 4, method: 'ping' });
    expect(await host.receive()).toMatchObject({ id: 4 });
    host.send({ id: 5, method: 'ping' });
    expect(await host.receive()).toMatchObject({ id: 5 });
    expect(signal?.aborted).toBe(true);
  });

  it('relays progress with the token of the caller, and none to a caller that gave no token', async () => {
    const host = connect(
      Promise.resolve({
        executeTool: async (_input: unknown, { progress }: { progress(update: object): void }) => {
          progress({ progress: 1, total: 2, message: 'half', custom: true });
          return { content: [] };
        },
      }),
    );
    const call = { name: 'execute_tool', arguments: { server: 'a', tool: 't' } };
    host.send({ id: 1, method: 'tools/call', params: call });
    expect(await host.receive()).toMatchObject({ id: 1 });
    host.send({ id: 2, method: 'tools/call', params: { ...call, _meta: { progressToken: 'tok' } } });
    expect(await host.receive()).toMatchObject({
      method: 'notifications/progress',
      params: { progressToken: 'tok', progress: 1, total: 2, message: 'half', custom: true },
    });
  });

  it('offers a URL to a host that can show one, tells it when that is done, and bothers no other host', async () => {
    const { promise: done, resolve } = withResolvers();
    const offering = Promise.resolve({
      executeTool: async (_input: unknown, { offerUrl }: { offerUrl: Host['offerUrl'] }) => {
        offerUrl('https://as.test/authorize', 'Log in', done);
        return { content: [] };
      },
    });
    const call = {
      id: 2,
      method: 'tools/call',
      params: { name: 'execute_tool', arguments: { server: 'a', tool: 't' } },
    };
    const able = connect(offering);
    able.send({ id: 1, method: 'initialize', params: { capabilities: { elicitation: { url: {} } } } });
    await able.receive();
    able.send(call);
    const asked = await able.receive();
    expect(asked).toMatchObject({
      method: 'elicitation/create',
      params: { mode: 'url', url: 'https://as.test/authorize', message: 'Log in', elicitationId: expect.any(String) },
    });
    expect(await able.receive()).toMatchObject({ id: 2 });
    able.send({ id: asked['id'], result: { action: 'accept' } });
    resolve();
    const { elicitationId } = asked['params'] as Record<string, unknown>;
    expect(await able.receive()).toMatchObject({
      method: 'notifications/elicitation/complete',
      params: { elicitationId },
    });

    const unable = connect(offering);
    unable.send({ id: 1, method: 'initialize', params: { capabilities: { elicitation: {} } } });
    await unable.receive();
    unable.send(call);
    expect(await unable.receive()).toMatchObject({ id: 2 });
  });

  const direct = {
    call: ({ name }: { name: string }) => Promise.reject(new UnknownToolError(name)),
  } as unknown as Gateway['direct'];

  it.each([
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"server/discover"}', -32601],
    ['an unknown tool', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}', -32602],
    ['what is not JSON', 'hello', -32700],
    ['what is no message', '{"jsonrpc":"1.0"}', -32600],
  ])('answers %s with its error, and goes on', async (_case, line, code) => {
    const host = connect(Promise.resolve({ direct }));
    host.write(`${line}\n`);
    expect(await host.receive()).toMatchObject({ error: { code } });
    host.send({ id: 2, method: 'ping' });
    expect(await host.receive()).toMatchObject({ id: 2, result: {} });
  });

  it.each([
    ['{"id":903,"method":"ping"}', 903],
    ['{"jsonrpc":"1.0","id":"a","method":"ping"}', 'a'],
    ['{"jsonrpc":"2.0","id":910,"method":5}', 910],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', null],
    ['{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', null],
    ['{"id":5,"result":{}}', null],
    ['[]', null],
    ['[7]', null],
  ])('answers %s, which is no request, under the id that its sender waits for: %j', async (line, id) => {
    const host = connect(neverLoaded);
    host.write(`${line}\n`);
    expect(await host.receive()).toMatchObject({ id, error: { code: -32600 } });
  });

  it('takes what the encodings of Windows put before a line', async () => {
    const host = connect(neverLoaded);
    host.write('\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n');
    expect(await host.receive()).toMatchObject({ id: 1, result: {} });
  });

  it.each([
    ['initialize', {}],
    ['server/discover', { _meta: modernMeta() }],
  ])('answers %s though the host cancels it: nothing else can come of the conversation', async (method, params) => {
    const host = connect(neverLoaded);
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    host.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n${JSON.stringify(cancel)}\n`);
    expect(await host.receive()).toMatchObject({ id: 1, result: {} });
  });

  it('lets a host that gives one id to two calls cancel the one that still runs', async () => {
    const [first, second] = [withResolvers(), withResolvers()];
    const signals: AbortSignal[] = [];
    const host = connect(
      Promise.resolve({
        executeTool: async (_input: unknown, { signal }: { signal: AbortSignal }) => {
          signals.push(signal);
          await (signals.length === 1 ? first : second).promise;
          return { content: [] };
        },
      }),
    );
    const call = {
      id: 1,
      method: 'tools/call',
      params: { name: 'execute_tool', arguments: { server: 'a', tool: 't' } },
    };
    host.send(call);
    host.send(call);
    host.send({ id: 2, method: 'ping' });
    expect(await host.receive()).toMatchObject({ id: 2 });
    first.resolve();
    expect(await host.receive()).toMatchObject({ id: 1 });
    host.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
    host.send({ id: 3, method: 'ping' });
    expect(await host.receive()).toMatchObject({ id: 3 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    second.resolve();
  });

  it('ends when the host closes its side', async () => {
    const host = connect(neverLoaded);
    host.end();
    await expect(host.served).resolves.toBeUndefined();
  });

  it('lists get_gateway_status under --debug alone', async () => {
    const host = connect(neverLoaded, true);
    host.send({ id: 1, method: 'tools/list' });
    expect(JSON.stringify(await host.receive())).toContain('get_gateway_status');
  });
});
