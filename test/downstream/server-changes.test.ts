// Hearing of changes over connections, in both eras: src/downstream/server-changes.ts, connection.ts.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { RpcFailure } from '../../fixtures/servers/json-rpc.mjs';
import { startModernEcho } from '../../fixtures/servers/modern-echo.mjs';
import { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { withoutSubscription } from '../../src/downstream/server-changes.ts';
import type { ServerChannel } from '../../src/downstream/server-channel.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import type { JsonRpcMessage } from '../../src/wire/messages.ts';
import { httpEntry, stdioEntry, testDeps, until } from './surroundings.ts';

const protocol = '2026-07-28';
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
};
const allLists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

interface Heard {
  readonly connection: Connection;
  /** What the connection told, in order. */
  readonly heard: unknown[];
}

function hearing(connection: Connection): Heard {
  const heard: unknown[] = [];
  connection.onListChanged = () => heard.push('tools');
  connection.onServerNotification = (method, params) => heard.push([method, params]);
  closers.push(() => connection.close());
  return { connection, heard };
}

async function overHttp(switches: object = {}, deps: Partial<DownstreamDeps> = {}) {
  const server = await startModernEcho({ capabilities, ...switches });
  closers.push(() => server.close());
  const connection = await openConnection(testDeps(deps), httpEntry(server.url, { protocol, connectTimeoutMs: 5000 }));
  const asked = (): unknown[] => server.requests.map(({ body }) => JSON.parse(body).method);
  return { server, asked, ...hearing(connection) };
}

const updated = 'notifications/resources/updated';
const listen = 'subscriptions/listen';

describe('a server of 2026-07-28 over HTTP', () => {
  it('D33: tells of its lists on one stream, which is opened after the first list', async () => {
    const { server, asked, connection, heard } = await overHttp();
    expect(asked()).toEqual(['server/discover']);
    await connection.listTools();
    await until(() => server.streams.open().length === 1);
    expect(server.streams.open()).toEqual([allLists]);
    await connection.listTools();
    expect(asked()).toEqual(['server/discover', 'tools/list', listen, 'tools/list']);
    server.streams.tell('notifications/tools/list_changed');
    server.streams.tell('notifications/prompts/list_changed', { _meta: { other: 1 } });
    server.streams.tell('notifications/resources/list_changed');
    await until(() => heard.length === 3);
    expect(heard).toEqual([
      'tools',
      ['notifications/prompts/list_changed', {}],
      ['notifications/resources/list_changed', {}],
    ]);
  });

  it.each([{}, { tools: {} }, { tools: { listChanged: false }, prompts: null }])(
    'with the capabilities %j is not asked for a stream',
    async (offered) => {
      const { asked, connection } = await overHttp({ capabilities: offered });
      await connection.listTools();
      await connection.listTools();
      expect(asked()).not.toContain(listen);
    },
  );

  it('is asked only for what it offers', async () => {
    const { server, connection } = await overHttp({ capabilities: { prompts: { listChanged: true } } });
    await connection.listTools();
    await until(() => server.streams.open().length === 1);
    expect(server.streams.open()).toEqual([{ promptsListChanged: true }]);
  });

  it.each([[false], [-32602]])('that refuses the stream (%s) is asked once, and serves on', async (listens) => {
    const { asked, connection } = await overHttp({ listens });
    await connection.listTools();
    await until(() => asked().includes(listen));
    await connection.callTool('echo', {});
    await connection.listTools();
    await connection.callTool('echo', {});
    expect(asked().filter((method) => method === listen)).toHaveLength(1);
  });

  it('D31: a stream that is lost is opened again, the server is not down, and what was missed is assumed', async () => {
    const { server, connection, heard } = await overHttp();
    await connection.listTools();
    await until(() => server.streams.open().length === 1);
    server.dropStreams();
    await connection.callTool('echo', {});
    await until(() => heard.length === 3);
    expect(heard).toEqual([
      'tools',
      ['notifications/prompts/list_changed', {}],
      ['notifications/resources/list_changed', {}],
    ]);
    server.streams.end();
    await until(() => heard.length === 6);
    expect(server.streams.open()).toEqual([allLists]);
  });

  it('a stream that wants a login is left until the next list', async () => {
    let isLocked = true;
    const fetchFor: DownstreamDeps['fetchFor'] = () => async (url, init) => {
      if (isLocked && String(init?.body).includes(listen)) throw new LoginRequiredError('web', {});
      return fetch(url, init);
    };
    const { server, connection } = await overHttp({}, { fetchFor });
    await connection.listTools();
    await connection.callTool('echo', {});
    isLocked = false;
    await connection.listTools();
    await until(() => server.streams.open().length === 1);
  });

  it('the stream ends with the connection', async () => {
    const { server, connection } = await overHttp();
    await connection.listTools();
    await until(() => server.streams.open().length === 1);
    await connection.close();
    await until(() => server.streams.open().length === 0);
  });

  it('tells of the resources that are subscribed to, with a new filter for each', async () => {
    const { server, connection, heard } = await overHttp();
    await connection.changes.subscribe('file:///a');
    expect(server.streams.open()).toContainEqual({ ...allLists, resourceSubscriptions: ['file:///a'] });
    await connection.changes.subscribe('file:///b');
    await connection.changes.subscribe('file:///b');
    await until(() => server.streams.open().length === 1);
    expect(server.streams.open()).toEqual([{ ...allLists, resourceSubscriptions: ['file:///a', 'file:///b'] }]);
    server.streams.tell(updated, { uri: 'file:///a' });
    await until(() => heard.length === 1);
    await connection.changes.unsubscribe('file:///a');
    await until(
      () =>
        JSON.stringify(server.streams.open()) ===
        JSON.stringify([{ ...allLists, resourceSubscriptions: ['file:///b'] }]),
    );
    server.streams.tell(updated, { uri: 'file:///a' });
    server.streams.tell(updated, { uri: 'file:///b' });
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      [updated, { uri: 'file:///a' }],
      [updated, { uri: 'file:///b' }],
    ]);
  });

  it('D31: after a gap whoever follows a resource is told that it may have changed', async () => {
    const { server, connection, heard } = await overHttp({ capabilities: { resources: { subscribe: true } } });
    await connection.changes.subscribe('file:///a');
    await connection.changes.subscribe('file:///b');
    expect(heard).toEqual([]);
    server.dropStreams();
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      [updated, { uri: 'file:///a' }],
      [updated, { uri: 'file:///b' }],
    ]);
  });

  it('that has resources and no tools is listened to once it has answered anything', async () => {
    const { server, asked, connection } = await overHttp({
      capabilities: { resources: { listChanged: true } },
      handler: async (method: string) => {
        if (method === 'resources/list') return { resources: [] };
        throw new RpcFailure(-32601, 'Method not found');
      },
    });
    expect(await connection.listTools()).toEqual({ tools: [] });
    await until(() => server.streams.open().length === 1);
    expect(server.streams.open()).toEqual([{ resourcesListChanged: true }]);
    const another = await overHttp();
    await another.connection.callTool('echo', {});
    await until(() => another.server.streams.open().length === 1);
    expect(asked().filter((method) => method === listen)).toHaveLength(1);
  });

  it('that does not agree to a resource is an error, and the lists are heard as before', async () => {
    const { server, connection, heard } = await overHttp({ omits: ['resourceSubscriptions'] });
    await connection.listTools();
    await expect(connection.changes.subscribe('file:///a')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining("'file:///a'"),
    });
    await until(() => server.streams.open().length === 1);
    server.streams.tell('notifications/tools/list_changed');
    await until(() => heard.length === 1);
  });

  it('that never agrees is a TIMEOUT, and one that refuses is its own error', async () => {
    const silent = await overHttp({ acknowledges: false });
    const entry = httpEntry(silent.server.url, { protocol, connectTimeoutMs: 300 });
    const { connection } = hearing(await openConnection(testDeps(), entry));
    await expect(connection.changes.subscribe('file:///a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    const refusing = await overHttp({ listens: false });
    await expect(refusing.connection.changes.subscribe('file:///a')).rejects.toMatchObject({ code: -32601 });
  });

  it('built with the SDK tells of its changes too', async () => {
    const handler = createMcpHandler(
      () => {
        const server = new McpServer({ name: 'sdk', version: '1.0.0' }, { capabilities });
        server.registerTool('one', {}, () => ({ content: [] }));
        return server;
      },
      { legacy: 'reject' },
    );
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const headers = request.headers as Record<string, string>;
      const init = { method: 'POST', headers, signal: gone.signal, body: Buffer.concat(parts) };
      const answer = await handler.fetch(new Request(`http://${request.headers.host}/mcp`, init));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).flushHeaders();
      const sent = (async () => {
        for await (const part of answer.body ?? []) response.write(part);
      })();
      await sent.catch(() => undefined);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const { connection, heard } = hearing(
      await openConnection(testDeps(), httpEntry(`http://127.0.0.1:${port}/mcp`, { protocol })),
    );
    // Resolves when the server has agreed, so that what it says from now on is heard.
    await connection.changes.subscribe('file:///a');
    handler.notify.toolsChanged();
    handler.notify.resourceUpdated('file:///a');
    await until(() => heard.length === 2);
    expect(heard).toEqual(['tools', [updated, { uri: 'file:///a' }]]);
  });
});

describe('a server of 2026-07-28 over stdio', () => {
  async function local() {
    const entry = stdioEntry({ fixture: 'modern-echo', args: [JSON.stringify({ capabilities })], protocol });
    const told = hearing(await openConnection(testDeps(), entry));
    const { connection } = told;
    const streams = async (): Promise<unknown[]> => {
      const { result } = await connection.callTool('streams', {});
      return JSON.parse((result['content'] as { text: string }[])[0]?.text ?? '');
    };
    return { ...told, streams };
  }

  it('tells of its changes, and hears which are wanted', async () => {
    const { connection, heard, streams } = await local();
    await connection.listTools();
    await connection.changes.subscribe('file:///a');
    expect(await streams()).toEqual([{ ...allLists, resourceSubscriptions: ['file:///a'] }]);
    await connection.callTool('tell', { method: updated, params: { uri: 'file:///a', more: null } });
    await connection.callTool('tell', { method: 'notifications/tools/list_changed' });
    await connection.changes.unsubscribe('file:///a');
    expect(heard).toEqual([[updated, { uri: 'file:///a', more: null }], 'tools']);
  });

  it('that ends the stream is asked for it again', async () => {
    const { connection, heard, streams } = await local();
    await connection.changes.subscribe('file:///a');
    await connection.callTool('end streams', {});
    await until(() => heard.length === 4);
    expect(heard.at(-1)).toEqual([updated, { uri: 'file:///a' }]);
    expect(await streams()).toEqual([{ ...allLists, resourceSubscriptions: ['file:///a'] }]);
  });
});

describe('a server of an earlier revision', () => {
  /** One that forgets its session when it is told to, and answers what nobody else would with an error. */
  function scripted() {
    const asked: unknown[] = [];
    let isLost = false;
    const channel: ServerChannel = {
      transport: 'http',
      sessionId: 'one',
      onmessage: undefined,
      onclose: undefined,
      start: async () => undefined,
      async send(message: JsonRpcMessage) {
        if (!('method' in message)) return;
        asked.push(
          message.params && 'uri' in message.params ? [message.method, message.params['uri']] : message.method,
        );
        if (!('id' in message)) return;
        const { id, method } = message;
        const reply = (answer: object) =>
          queueMicrotask(() => channel.onmessage?.({ jsonrpc: '2.0', id, ...answer } as JsonRpcMessage));
        if (method === 'initialize') {
          isLost = false;
          reply({ result: { protocolVersion: '2025-11-25', capabilities } });
        } else if (isLost) reply({ error: { code: -32001, message: 'Session not found' } });
        else if (message.params?.['uri'] === 'no') reply({ error: { code: -32002, message: 'no such resource' } });
        else reply({ result: method === 'tools/list' ? { tools: [] } : {} });
      },
      async close() {
        channel.onclose?.();
      },
    };
    const say = (method: string, params = {}) => channel.onmessage?.({ jsonrpc: '2.0', method, params });
    return { channel, asked, say, lose: () => (isLost = true) };
  }

  async function opened() {
    const script = scripted();
    const connection = new Connection(testDeps(), httpEntry('http://127.0.0.1/mcp'), script.channel);
    await connection.open(new AbortController().signal);
    script.asked.length = 0;
    return { ...script, ...hearing(connection) };
  }

  it('is asked to tell of each resource, and for no stream', async () => {
    const { connection, asked, say, heard } = await opened();
    await connection.listTools();
    await connection.changes.subscribe('a');
    await connection.changes.subscribe('a');
    await connection.changes.unsubscribe('a');
    await connection.changes.unsubscribe('a');
    expect(asked).toEqual(['tools/list', ['resources/subscribe', 'a'], ['resources/unsubscribe', 'a']]);
    const params = { uri: 'a', _meta: { x: 1 } };
    say(updated, params);
    say('notifications/message', { level: 'info' });
    expect(heard).toEqual([[updated, params]]);
  });

  it('that refuses is its own error, and is asked again the next time', async () => {
    const { connection, asked } = await opened();
    for (let time = 0; time < 2; time++) {
      await expect(connection.changes.subscribe('no')).rejects.toMatchObject({
        code: -32002,
        message: 'no such resource',
      });
    }
    expect(asked).toHaveLength(2);
  });

  it('D29: that forgets its session is asked for all of them again', async () => {
    const { connection, asked, lose } = await opened();
    await connection.changes.subscribe('a');
    await connection.changes.subscribe('b');
    lose();
    asked.length = 0;
    await connection.listTools();
    expect(asked.filter((each) => Array.isArray(each))).toEqual([
      ['resources/subscribe', 'a'],
      ['resources/subscribe', 'b'],
    ]);
  });

  it('D29: that forgets its session may have changed all that is listed and followed', async () => {
    const { connection, heard, lose } = await opened();
    await connection.changes.subscribe('a');
    lose();
    await connection.listTools();
    await until(() => heard.length === 4);
    const changes = ['notifications/prompts/list_changed', 'notifications/resources/list_changed'];
    expect(heard).toEqual(
      expect.arrayContaining(['tools', ...changes.map((each) => [each, {}]), [updated, { uri: 'a' }]]),
    );
  });

  it('D31: whose stream was lost for a while may have changed what is followed', async () => {
    const { channel, connection, heard } = await opened();
    channel.ongap?.();
    await connection.changes.subscribe('a');
    channel.ongap?.();
    expect(heard).toEqual([[updated, { uri: 'a' }]]);
  });
});

it.each([
  [{}, {}],
  [
    { uri: 'a', _meta: { x: 1 } },
    { uri: 'a', _meta: { x: 1 } },
  ],
  [{ _meta: { 'io.modelcontextprotocol/subscriptionId': 0 }, uri: 'a' }, { uri: 'a' }],
  [{ _meta: { 'io.modelcontextprotocol/subscriptionId': 0, x: null } }, { _meta: { x: null } }],
  [{ _meta: null }, { _meta: null }],
])('%j goes on as %j', (params, passed) => {
  expect(withoutSubscription(params)).toEqual(passed);
});
