// Tests of HTTP servers, driven through connections: src/downstream/http.ts, sse.ts, http-exchange.ts, event-stream.ts.
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { httpEntry, legacyEras, recordingLog, testDeps, until } from './surroundings.ts';

type Echo = Awaited<ReturnType<typeof startHttpEcho>>;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Record<string, unknown> = {}): Promise<Echo> {
  const server = await startHttpEcho(options);
  closers.push(() => server.close());
  return server;
}

async function connect(
  url: string,
  entry: Partial<HttpServerEntry> = {},
  deps: Partial<DownstreamDeps> = {},
): Promise<Connection> {
  const connection = await openConnection(testDeps({ eras: legacyEras(), ...deps }), httpEntry(url, entry));
  closers.push(() => connection.close());
  return connection;
}

const textOf = ({ result }: { result: Record<string, unknown> }): string =>
  (result['content'] as { text: string }[])[0]?.text ?? '';

describe('a Streamable HTTP server', () => {
  it.each([[{ answers: 'json' }], [{ answers: 'sse' }], [{ batch: true }], [{ sessions: false }]])(
    'is opened, listed and called with %j',
    async (options) => {
      const server = await serve(options);
      const connection = await connect(server.url);
      expect(connection.info).toMatchObject({ transport: 'http', protocolVersion: '2025-11-25' });
      expect((await connection.listTools()).tools).not.toHaveLength(0);
      const answer = await connection.callTool('echo', { a: null });
      expect(textOf(answer)).toBe('{"a":null}');
      expect(answer.size).toBeGreaterThan(40);
    },
  );

  it('gets the session and the revision with every request after the first', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    await connection.listTools();
    await until(() => server.streams() === 1);
    await connection.close();
    expect(server.sessions.size).toBe(0);
    const [first, ...others] = server.requests;
    expect(first?.headers).not.toHaveProperty('mcp-session-id');
    expect(others.map(({ method }) => method)).toContain('DELETE');
    for (const { headers } of others) {
      expect(headers).toMatchObject({ 'mcp-session-id': expect.any(String), 'mcp-protocol-version': '2025-11-25' });
    }
  });

  it.each([[404], [405], [401], [403], [400], ['html'], [500]])(
    'is none the worse for a GET stream answered with %s',
    async (get) => {
      const { log, lines } = recordingLog();
      const server = await serve({ get });
      const connection = await connect(server.url, {}, { log });
      await until(() => server.requests.some(({ method }) => method === 'GET'));
      expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
      expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
      expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
    },
  );

  it('tells of changed tools over the GET stream, also over a second one when the first was lost', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    let changes = 0;
    connection.onListChanged = () => changes++;
    await until(() => server.streams() === 1);
    server.notifyAll('notifications/tools/list_changed');
    await until(() => changes === 1);
    server.dropStreams();
    await until(() => server.streams() === 1);
    server.notifyAll('notifications/tools/list_changed');
    await until(() => changes === 2);
  });
});

describe('a server that forgets its sessions', () => {
  it('has one GET stream of ours at any time, and not one for each session that ever was', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    const listened = () => server.requests.filter(({ method }) => method === 'GET').length;
    await until(() => server.streams() === 1);
    for (const count of [2, 3, 4]) {
      server.forget();
      expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
      await until(() => listened() === count && server.streams() === 1);
    }
    let changes = 0;
    connection.onListChanged = () => changes++;
    server.dropStreams();
    await until(() => server.streams() === 1);
    server.notifyAll('notifications/tools/list_changed');
    await until(() => changes === 1);
    expect(listened()).toBe(5);
  });
});

describe('a call over Streamable HTTP', () => {
  it('finds its answer again when the stream was cut', async () => {
    const server = await serve({ answers: 'sse', cutNextAnswer: true });
    const connection = await connect(server.url);
    expect(textOf(await connection.callTool('echo', { a: 1 }))).toBe('{"a":1}');
    expect(server.requests.at(-1)?.headers).toHaveProperty('last-event-id');
    expect(server.calls()).toBe(1);
  });

  it('passes on progress while it runs', async () => {
    const connection = await connect((await serve({ answers: 'sse' })).url);
    const steps: unknown[] = [];
    await connection.callTool(
      'slow',
      { ms: 200, progress: 3 },
      { onProgress: (params) => steps.push(params['message']) },
    );
    expect(steps).toEqual(['step 1', 'step 2', 'step 3']);
  });

  it('is cancelled at the server too', async () => {
    const connection = await connect((await serve({ answers: 'sse' })).url);
    const caller = new AbortController();
    const call = connection.callTool('slow', { ms: 60_000 }, { signal: caller.signal });
    const failure = expect(call).rejects.toMatchObject({ code: 'CANCELLED', server: 'web' });
    caller.abort();
    await failure;
    const cancelled = async () => JSON.parse(textOf(await connection.callTool('cancelled', {}))) as unknown[];
    while ((await cancelled()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('may have an answer of 16 MB, as JSON and as an event', async () => {
    for (const answers of ['json', 'sse']) {
      const connection = await connect((await serve({ answers })).url);
      expect(textOf(await connection.callTool('big', { size: 16_000_000 }))).toHaveLength(16_000_000);
    }
  });
});

describe('a server of the legacy SSE transport', () => {
  it.each(['auto', 'sse'] as const)('is opened and called with transport %s', async (transport) => {
    const server = await serve({ legacy: true });
    const connection = await connect(server.url, { transport });
    expect(connection.info.transport).toBe('sse');
    expect(textOf(await connection.callTool('echo', { a: 1 }))).toBe('{"a":1}');
  });

  it('is left alone where the config says http', async () => {
    const server = await serve({ legacy: true });
    const connecting = connect(server.url, { transport: 'http' });
    await expect(connecting).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('HTTP 405: use GET for the event stream'),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('ends the connection with its stream, and what is pending', async () => {
    const server = await serve({ legacy: true });
    const connection = await connect(server.url);
    const call = connection.callTool('slow', { ms: 60_000 });
    const failure = expect(call).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    await until(() => server.calls() === 1);
    server.dropStreams();
    await failure;
    await connection.closed;
  });
});

describe('a URL that is no MCP server', () => {
  it.each([
    [{ status: 404, body: 'no such page' }, 'HTTP 404: no such page', ['POST', 'GET']],
    [{ status: 405, body: 'x'.repeat(300) }, `HTTP 405: ${'x'.repeat(200)}`, ['POST', 'GET']],
    [{ status: 400, body: 'bad' }, 'HTTP 400: bad', ['POST']],
    [{ status: 500, body: 'oops' }, 'HTTP 500: oops', ['POST']],
    [{ status: 503, type: 'text/html', body: '<h1>down</h1>' }, 'HTTP 503: <h1>down</h1>', ['POST']],
    [
      { status: 200, type: 'text/html', body: '<html>login</html>' },
      'it answered initialize with text/html: <html>login</html>',
      ['POST'],
    ],
    [
      { status: 200, type: 'application/json', body: '{"ok":' },
      'answered initialize with application/json: {"ok":',
      ['POST'],
    ],
    [
      { status: 200, type: 'application/json', body: '' },
      'answered initialize with application/json: nothing',
      ['POST'],
    ],
  ])('answering %j is one clear error with the first cause', async (refusePost, text, methods) => {
    const server = await serve({ refusePost, get: 404 });
    const error = await connect(server.url).catch((thrown: unknown) => thrown as GatewayError);
    expect(error).toMatchObject({ code: 'SERVER_UNAVAILABLE', server: 'web' });
    expect(String(error)).toContain(text);
    expect(String(error)).not.toContain('x'.repeat(201));
    expect(server.requests.map(({ method }) => method)).toEqual(methods);
  });

  it.each([
    ['http://127.0.0.1:1/mcp', 'SERVER_UNAVAILABLE', 'bad port'],
    ['http://no-such-host.invalid/mcp', 'SERVER_UNAVAILABLE', 'no-such-host.invalid cannot be found'],
    ['not a url', 'CONFIG_INVALID', "'not a url'"],
    ['ftp://host/', 'CONFIG_INVALID', "'ftp://host/'"],
  ])('%s is one clear error', async (url, code, text) => {
    await expect(connect(url)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it('where nobody listens is one clear error with the host', async () => {
    const server = await startHttpEcho();
    await server.close();
    const { host } = new URL(server.url);
    await expect(connect(server.url)).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining(`${host} refuses connections (ECONNREFUSED, during initialize)`),
    });
  });

  it('that never answers is a TIMEOUT', async () => {
    const hangs: DownstreamDeps['fetchFor'] = () => (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const connecting = connect('http://127.0.0.1:1/mcp', { connectTimeoutMs: 100 }, { fetchFor: hangs });
    await expect(connecting).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('100 ms') });
  });
});

describe('what the fetch throws', () => {
  const errors = [new LoginRequiredError('web', { scope: 'a' }), new GatewayError('AUTH_FAILED', 'header rejected')];

  it.each(
    errors.flatMap((error) => (['auto', 'http', 'sse'] as const).map((transport) => [transport, error] as const)),
  )('leaves connect as it is (%s, %s)', async (transport, error) => {
    const thrown = await connect(
      'http://127.0.0.1:1/mcp',
      { transport },
      { fetchFor: () => () => Promise.reject(error) },
    ).catch((caught: unknown) => caught);
    expect(thrown).toBe(error);
  });

  it.each([{}, { legacy: true }])('leaves a call as it is, and the connection goes on (%j)', async (options) => {
    const error = new LoginRequiredError('web', {});
    let locked = false;
    const { log, lines } = recordingLog();
    const server = await serve(options);
    const connection = await connect(
      server.url,
      {},
      {
        fetchFor: () => (url, init) => (locked ? Promise.reject(error) : fetch(url, init)),
        log,
      },
    );
    const needed: boolean[] = [];
    connection.onLoginNeeded = (state) => needed.push(state);
    locked = true;
    expect(await connection.callTool('echo', {}).catch((caught: unknown) => caught)).toBe(error);
    locked = false;
    expect(textOf(await connection.callTool('echo', {}))).toBe('{}');
    expect(needed).toEqual([true, false]);
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});
