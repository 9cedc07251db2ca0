// What passes in a conversation of revision 2026-07-28, with servers that know nothing else and are strict about it, over
// HTTP and stdio: src/downstream/modern-era.ts, connection.ts, http.ts.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, describe, expect, it } from 'vitest';
import { startModernEcho } from '../../fixtures/servers/modern-echo.mjs';
import type { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { RpcError } from '../../src/wire/rpc-error.ts';
import { httpEntry, recordingLog, stdioEntry, testDeps, until } from './surroundings.ts';

type Server = Awaited<ReturnType<typeof startModernEcho>>;

const protocol = '2026-07-28';
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Record<string, unknown> = {}): Promise<Server> {
  const server = await startModernEcho(options);
  closers.push(() => server.close());
  return server;
}

async function connect(url: string, deps: Partial<DownstreamDeps> = {}): Promise<Connection> {
  const connection = await openConnection(testDeps(deps), httpEntry(url, { protocol }));
  closers.push(() => connection.close());
  return connection;
}

async function start(options: Record<string, unknown> = {}): Promise<Connection> {
  const entry = stdioEntry({ fixture: 'modern-echo', args: [JSON.stringify(options)], protocol });
  const connection = await openConnection(testDeps(), entry);
  closers.push(() => connection.close());
  return connection;
}

const over = {
  'HTTP, as JSON': async (options = {}) => connect((await serve(options)).url),
  'HTTP, as events': async (options = {}) => connect((await serve({ answers: 'sse', ...options })).url),
  stdio: start,
};
const ways = Object.entries(over);

const textOf = ({ result }: { result: Record<string, unknown> }): string =>
  (result['content'] as { text: string }[])[0]?.text ?? '';

describe.each(ways)('over %s', (_, open) => {
  it('a server is opened, listed and called, with every odd value in its place', async () => {
    const connection = await open();
    expect(connection.info).toMatchObject({
      protocolVersion: protocol,
      serverInfo: { name: 'modern-echo' },
      instructions: 'Echoes.',
    });
    expect((await connection.listTools()).tools.find(({ name }) => name === 'echo')).toMatchObject({
      'x-unknown': { kept: true },
    });
    expect(textOf(await connection.callTool('echo', { a: null, b: 'é' }))).toBe('{"a":null,"b":"é"}');
    const { result } = await connection.callTool('meta', {});
    expect(Object.keys(result)).toEqual(['resultType', 'x-first', 'content', '_meta', 'x-last']);
  });

  it('all pages of the tools are read', async () => {
    const connection = await open({ pageSize: 4, extraTools: 10 });
    expect((await connection.listTools()).tools.map(({ name }) => name)).toContain('extra_10');
  });

  it('an error of a tool is the error of the server, unchanged', async () => {
    const connection = await open();
    const refusal = await connection.callTool('refuse', { code: -32602 }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RpcError);
    expect(refusal).toMatchObject({ code: -32602, message: 'refused as asked', data: { why: 'asked' } });
  });

  it('a call without an answer is a TIMEOUT, and the next one works', async () => {
    const connection = await open();
    await expect(connection.callTool('slow', { ms: 60_000 }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining("tool 'slow' within 50 ms"),
    });
    expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
  });
});

describe.each(ways.slice(1))('over %s', (_, open) => {
  it('progress is passed on while a call runs', async () => {
    const connection = await open();
    const steps: unknown[] = [];
    const onProgress = (params: Readonly<Record<string, unknown>>) => steps.push(params['message']);
    await connection.callTool('slow', { ms: 200, progress: 3 }, { onProgress });
    expect(steps).toEqual(['step 1', 'step 2', 'step 3']);
  });
});

describe('over stdio', () => {
  it('a call is cancelled with a notification, as there is no request to end', async () => {
    const connection = await start();
    const caller = new AbortController();
    const call = connection.callTool('slow', { ms: 60_000 }, { signal: caller.signal });
    const failure = expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    caller.abort();
    await failure;
    expect(JSON.parse(textOf(await connection.callTool('cancelled', {})))).toHaveLength(1);
  });

  it('a server of the legacy era that is pinned is one error that names the pin', async () => {
    const opening = openConnection(testDeps(), stdioEntry({ protocol }));
    await expect(opening).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('refused server/discover'),
      hint: expect.stringContaining('"auto"'),
    });
  });
});

describe('over HTTP', () => {
  it.each(['größe 測試', ' padded ', 'line\nbreak', '=?base64?abc?=', 'plain_name'])(
    'the name %j arrives in a header that the server can read',
    async (tool) => {
      const server = await serve();
      const connection = await connect(server.url);
      await expect(connection.callTool(tool, {})).rejects.toMatchObject({
        code: -32602,
        message: `Unknown tool: ${tool}`,
      });
    },
  );

  it('the end of a call, by its caller or its time, is the end of its request', async () => {
    const server = await serve({ answers: 'sse' });
    const connection = await connect(server.url);
    await connection.callTool('slow', { ms: 60_000 }, { timeoutMs: 500 }).catch(() => undefined);
    await until(() => server.left() === 1);
    const caller = new AbortController();
    const call = connection.callTool('slow', { ms: 60_000 }, { signal: caller.signal }).catch(() => undefined);
    await until(() => server.requests.length === 4);
    caller.abort();
    await call;
    await until(() => server.left() === 2);
    expect(server.requests.every(({ body }) => !body.includes('notifications/'))).toBe(true);
  });

  it('a stream that breaks off is the end of the call; nobody tries to resume it', async () => {
    const server = await serve({ answers: 'sse', cutNextAnswer: true });
    const connection = await connect(server.url);
    await expect(connection.callTool('echo', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
  });

  it('a session that a server names means nothing', async () => {
    const server = await serve({ sessions: true });
    const connection = await connect(server.url);
    await connection.callTool('echo', {});
    await connection.close();
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(server.requests.some(({ headers }) => 'mcp-session-id' in headers)).toBe(false);
  });

  it('a server that asks over a stream, as it may not, gets no answer, and the call goes on', async () => {
    const server = await serve({ answers: 'sse', asks: true });
    const { log, lines } = recordingLog();
    const connection = await connect(server.url, { log });
    expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
    await connection.listTools();
    expect(server.requests.filter(({ body }) => body.includes('"asked"'))).toEqual([]);
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  const errors = [new LoginRequiredError('web', { scope: 'a' }), new GatewayError('AUTH_FAILED', 'header rejected')];
  it.each(errors)('what the fetch throws leaves a call as it is, and the connection goes on (%s)', async (error) => {
    let locked = false;
    const server = await serve();
    const fetchFor = () => (url: string | URL, init?: RequestInit) =>
      locked ? Promise.reject(error) : fetch(url, init);
    const connection = await connect(server.url, { fetchFor });
    const needed: boolean[] = [];
    connection.onLoginNeeded = (state) => needed.push(state);
    locked = true;
    expect(await connection.callTool('echo', {}).catch((caught: unknown) => caught)).toBe(error);
    expect(await connection.listTools().catch((caught: unknown) => caught)).toBe(error);
    locked = false;
    expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
    const changes = needed.filter((state, index) => state !== needed[index - 1]);
    expect(changes).toEqual(error instanceof LoginRequiredError ? [true, false] : [false]);
  });

  it.each([401, 403])('a %i is about the login, also where its body is an error answer', async (status) => {
    const server = await serve();
    let answersWith: number | undefined;
    const fetchFor = () => async (url: string | URL, init?: RequestInit) => {
      if (answersWith === undefined) return fetch(url, init);
      const { id } = JSON.parse(String(init?.body));
      const error = { code: -32001, message: 'who are you?' };
      return Response.json({ jsonrpc: '2.0', id, error }, { status: answersWith });
    };
    const connection = await connect(server.url, { fetchFor });
    answersWith = status;
    await expect(connection.callTool('echo', {})).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining(`HTTP ${status}: {"jsonrpc"`),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('an error answer to another request, or to none, is the refusal of this one and ends it at once', async () => {
    const server = await serve();
    let id: unknown;
    const fetchFor = () => async (url: string | URL, init?: RequestInit) =>
      String(init?.body).includes('tools/call')
        ? Response.json(
            { jsonrpc: '2.0', ...(id !== undefined && { id }), error: { code: 1, message: 'no' } },
            { status: 422 },
          )
        : fetch(url, init);
    const connection = await connect(server.url, { fetchFor });
    for (id of [null, undefined, 4711]) {
      await expect(connection.callTool('echo', {})).rejects.toMatchObject({
        message: expect.stringContaining('HTTP 422'),
      });
    }
  });
});

it.each(['HTTP', 'stdio'])('the fixture is what the SDK takes for a server of 2026-07-28, over %s', async (way) => {
  const { command, args } = stdioEntry({ fixture: 'modern-echo' });
  const transport =
    way === 'stdio'
      ? new StdioClientTransport({ command, args: [...args] })
      : new StreamableHTTPClientTransport(new URL((await serve()).url));
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: protocol } } });
  closers.push(() => client.close());
  await client.connect(transport);
  expect(client.getProtocolEra()).toBe('modern');
  expect((await client.listTools()).tools).not.toHaveLength(0);
});
