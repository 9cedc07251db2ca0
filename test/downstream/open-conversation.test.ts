// In which era a conversation is opened, and goes on: src/downstream/open-conversation.ts, modern-era.ts.
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import { startModernEcho } from '../../fixtures/servers/modern-echo.mjs';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { createEraMemory, type Era } from '../../src/downstream/era-memory.ts';
import { HttpStatusError, NotAMessageError, type RefusalDetails } from '../../src/downstream/http-answer-errors.ts';
import { judgeDiscoverFailure } from '../../src/downstream/judge-discover.ts';
import { judgeEra, NoCommonRevisionError, refusesInitialize } from '../../src/downstream/modern-era.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { createServerPool } from '../../src/downstream/pool.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../../src/wire/rpc-error.ts';
import { httpEntry, recordingLog, testDeps, until } from './surroundings.ts';

interface Started {
  readonly url: string;
  readonly requests: { method: string; body: string }[];
  close(): Promise<unknown>;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started<T extends Started>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  closers.push(() => server.close());
  return server;
}

async function connect(
  url: string,
  entry: Partial<HttpServerEntry> = {},
  deps: Partial<DownstreamDeps> = {},
  known?: Era,
): Promise<Connection> {
  const eras = createEraMemory({ now: () => 0, log: recordingLog().log });
  const full = httpEntry(url, entry);
  if (known) eras.keep(full, known);
  const connection = await openConnection(testDeps({ eras, ...deps }), full);
  closers.push(() => connection.close());
  return connection;
}

/** What the server was asked, in order. */
const asked = ({ requests }: Started): unknown[] =>
  requests.map(({ method, body }) => (body === '' ? method : JSON.parse(body).method));

/** Servers that take each other's place at one address. */
function address(first: Started) {
  let current = first;
  const fetchFor: DownstreamDeps['fetchFor'] = () => (url, init) =>
    fetch(String(url).replace(first.url, current.url), init);
  const exchange = (next: Started): void => {
    current = next;
  };
  return { url: first.url, fetchFor, exchange };
}

const ok = { result: { content: [{ text: '{}' }] } };

describe('judging whether initialize was refused by a server of the modern era', () => {
  const refusal = (status: number, rpcCode?: number) => new HttpStatusError(status, '', false, { rpcCode });
  it.each([
    [refusal(400, -32020), true],
    [refusal(400, -32022), true],
    [refusal(400, -32602), true],
    [refusal(404, -32601), true],
    [refusal(400), false],
    [refusal(404), false],
    [refusal(401, -32022), false],
    [refusal(403, -32022), false],
    [refusal(500, -32603), false],
    [new RpcError(-32601, ''), true],
    [new RpcError(-32022, ''), true],
    [new RpcError(-32603, ''), false],
    [new Error('HTTP 400'), false],
  ])('%o: %s', (error, verdict) => {
    expect(refusesInitialize(error)).toBe(verdict);
  });
});

describe('judging what a refused server/discover says', () => {
  const refusal = (status: number, rpcCode?: number) =>
    new HttpStatusError(status, '', false, { rpcCode, isModern: true });
  const revisions = (supported: unknown) => new NoCommonRevisionError(httpEntry('http://a.example'), supported);
  it.each([
    ['http', refusal(400), 'legacy'],
    ['http', refusal(404), 'legacy'],
    ['http', refusal(405), 'legacy'],
    ['http', refusal(422, -32602), 'legacy'],
    ['http', refusal(401, -32022), 'final'],
    ['http', refusal(403, -32601), 'final'],
    ['http', refusal(408), 'unclear'],
    ['http', refusal(429), 'unclear'],
    ['http', refusal(500, -32601), 'unclear'],
    ['http', refusal(503), 'unclear'],
    ['http', new RpcError(-32601, ''), 'legacy'],
    ['http', new RpcError(-32000, ''), 'legacy'],
    ['http', new RpcError(-32022, ''), 'legacy'],
    ['http', new RpcError(-32603, ''), 'unclear'],
    ['stdio', new RpcError(-32603, ''), 'legacy'],
    ['http', new NotAMessageError('text/html', '<html>'), 'unclear'],
    ['http', new ConnectionClosedError(), 'unclear'],
    ['stdio', new ConnectionClosedError(), 'legacy'],
    ['http', new RequestTimeoutError(1), 'final'],
    ['stdio', new RequestTimeoutError(1), 'legacy'],
    ['http', new LoginRequiredError('web', {}), 'final'],
    ['http', new TypeError('fetch failed'), 'final'],
    ['http', revisions(['2025-11-25']), 'legacy'],
    ['stdio', revisions(['2027-01-01', '2025-11-25']), 'legacy'],
    ['http', revisions(['2027-01-01']), 'final'],
    ['stdio', revisions(undefined), 'legacy'],
    ['http', revisions([]), 'legacy'],
  ] as const)('over %s %o: %s', (transport, error, verdict) => {
    expect(judgeDiscoverFailure(error, transport)).toBe(verdict);
  });
});

describe('judging whether a server is of another era than before', () => {
  const refusal = (status: number, details: RefusalDetails) => new HttpStatusError(status, '', false, details);
  it.each([
    [refusal(400, { rpcCode: -32022 }), 'other, unread'],
    [refusal(400, { rpcCode: -32020 }), 'other, unread'],
    // In a session, it may be what a tool makes of its arguments; a new session would forget the old one's state.
    [refusal(400, { rpcCode: -32602 }), 'same'],
    [refusal(400, {}), 'same'],
    [refusal(400, { rpcCode: -32000, isModern: true }), 'other, unread'],
    [refusal(404, { rpcCode: -32001, isModern: true }), 'other, unread'],
    [refusal(400, { isModern: true }), 'same'],
    [refusal(403, { rpcCode: -32022, isModern: true }), 'same'],
    [refusal(500, { rpcCode: -32603, isModern: true }), 'same'],
    [new RpcError(-32022, '', { supported: ['2027-01-01'] }), 'other'],
    [new RpcError(-32022, '', {}), 'same'],
    [new RpcError(-32020, ''), 'same'],
    [new Error('HTTP 400'), 'same'],
  ])('%o: %s', (error, verdict) => {
    expect(judgeEra(error)).toBe(verdict);
  });
});

describe('a server of the legacy era', () => {
  it.each([
    ['auto', undefined, ['server/discover']],
    ['auto', 'legacy', []],
    ['2025-11-25', undefined, []],
    ['2025-11-25', 'modern', []],
  ] as const)('with protocol %s, known as %s, is asked %j before', async (protocol, known, before) => {
    const server = await started(startHttpEcho({ get: 405, sessions: false }));
    const connection = await connect(server.url, { protocol }, {}, known);
    await connection.callTool('echo', {});
    expect(asked(server).filter((method) => method !== 'GET')).toEqual([
      ...before,
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
  });

  it('D36: is asked once a day whether it has learned the new one', async () => {
    const server = await started(startHttpEcho({ get: 405, sessions: false }));
    let time = 0;
    const eras = createEraMemory({ now: () => time, log: recordingLog().log });
    const hourMs = 3_600_000;
    for (const at of [0, hourMs, 23 * hourMs, 25 * hourMs, 26 * hourMs, 48 * hourMs, 50 * hourMs]) {
      time = at;
      await connect(server.url, {}, { eras });
    }
    const openings = asked(server).filter((method) => ['initialize', 'server/discover'].includes(String(method)));
    const both = ['server/discover', 'initialize'];
    expect(openings).toEqual([...both, 'initialize', 'initialize', ...both, 'initialize', 'initialize', ...both]);
  });

  it('over the oldest transport is found by way of both others, and not again', async () => {
    const server = await started(startHttpEcho({ legacy: true }));
    const eras = createEraMemory({ now: () => 0, log: recordingLog().log });
    await connect(server.url, {}, { eras });
    const first = server.requests.length;
    expect(asked(server).slice(0, 3)).toEqual(['server/discover', 'initialize', 'GET']);
    expect((await connect(server.url, {}, { eras })).info.transport).toBe('sse');
    expect(asked(server).slice(first, first + 2)).toEqual(['initialize', 'GET']);
  });

  it('D36: that is out of order for the first question is opened, and nothing is learned from that', async () => {
    const server = await started(startHttpEcho({ get: 405 }));
    const eras = createEraMemory({ now: () => 0, log: recordingLog().log });
    const fetchFor: DownstreamDeps['fetchFor'] = () => async (url, init) =>
      String(init?.body).includes('server/discover') ? new Response('starting', { status: 503 }) : fetch(url, init);
    const connection = await connect(server.url, {}, { eras, fetchFor });
    expect(connection.info.protocolVersion).toBe('2025-11-25');
    expect(await eras.recall(httpEntry(server.url))).toBeUndefined();
  });

  it('D36: that never answers the first question is a TIMEOUT, and no legacy server', async () => {
    const server = await started(startHttpEcho({ get: 405 }));
    const fetchFor: DownstreamDeps['fetchFor'] = () => (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason), { once: true });
      });
    await expect(connect(server.url, { connectTimeoutMs: 200 }, { fetchFor })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('server/discover'),
    });
  });

  it('that is pinned to 2026-07-28 is one error that names the pin, and no other transport is tried', async () => {
    const server = await started(startHttpEcho());
    await expect(connect(server.url, { protocol: '2026-07-28' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('refused server/discover'),
      hint: expect.stringContaining('"protocol" of \'web\' to "auto"'),
    });
    const old = await started(startHttpEcho({ legacy: true }));
    await expect(connect(old.url, { protocol: '2026-07-28' })).rejects.toMatchObject({
      message: expect.stringContaining('HTTP 405'),
    });
    expect(asked(server)).toEqual(['server/discover']);
    expect(asked(old)).toEqual(['server/discover']);
  });

  it('is found again where one of the modern era was before', async () => {
    const server = await started(startHttpEcho({ get: 405 }));
    const connection = await connect(server.url, {}, {}, 'modern');
    expect(connection.info.protocolVersion).toBe('2025-11-25');
    expect(asked(server).slice(0, 2)).toEqual(['server/discover', 'initialize']);
    expect(await connection.callTool('echo', {})).toMatchObject(ok);
  });
});

describe('a server of the modern era', () => {
  it('that is pinned to an earlier revision is the error of that revision', async () => {
    const server = await started(startModernEcho());
    await expect(connect(server.url, { protocol: '2025-11-25' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('HTTP 400'),
    });
    expect(asked(server)).toEqual(['initialize']);
  });

  it('that refuses the version once and supports it is asked once more', async () => {
    const server = await started(startModernEcho({ refuseVersion: 1 }));
    const connection = await connect(server.url, { protocol: '2026-07-28' });
    expect(asked(server)).toEqual(['server/discover', 'server/discover']);
    expect(await connection.callTool('echo', {})).toMatchObject(ok);
  });

  it('that refuses it for ever is asked no more than that', async () => {
    const server = await started(startModernEcho({ refuseVersion: 100 }));
    await expect(connect(server.url, { protocol: '2026-07-28' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('Unsupported protocol version'),
    });
    expect(asked(server)).toEqual(['server/discover', 'server/discover']);
  });

  it('of a later revision alone is an error that says which it supports', async () => {
    const server = await started(startModernEcho({ supported: ['2027-01-01'] }));
    await expect(connect(server.url, { protocol: '2026-07-28' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('["2027-01-01"]'),
    });
    expect(asked(server)).toEqual(['server/discover']);
  });

  it('is asked server/discover alone when it was of that era before', async () => {
    const server = await started(startModernEcho());
    await connect(server.url, {}, {}, 'modern');
    expect(asked(server)).toEqual(['server/discover']);
  });
});

describe('a server that changes its era while it is connected', () => {
  it.each([true, false])('to the modern one gets the call again, once (sessions: %s)', async (sessions) => {
    const legacy = await started(startHttpEcho({ get: 405, sessions }));
    const modern = await started(startModernEcho());
    const { url, fetchFor, exchange } = address(legacy);
    const connection = await connect(url, {}, { fetchFor });
    let changes = 0;
    connection.onListChanged = () => changes++;
    expect(await connection.callTool('echo', {})).toMatchObject(ok);
    exchange(modern);
    expect(await connection.callTool('echo', {})).toMatchObject(ok);
    expect(connection.info.protocolVersion).toBe('2026-07-28');
    expect(changes).toBe(1);
    await connection.callTool('echo', {});
    await connection.close();
    const reopened = ['initialize', 'server/discover', 'tools/list'];
    expect(asked(modern)).toEqual(['tools/call', ...reopened, 'tools/call', 'tools/call']);
    // The session ended with the server that knew it.
    expect(modern.requests.slice(2).filter(({ headers }) => 'mcp-session-id' in headers)).toEqual([]);
  });

  it.each([404, 400])('to the legacy one, which refuses with %i, gets the call again, once', async (lostStatus) => {
    const modern = await started(startModernEcho());
    const legacy = await started(startHttpEcho({ get: 405, lostStatus }));
    const { url, fetchFor, exchange } = address(modern);
    const connection = await connect(url, {}, { fetchFor });
    exchange(legacy);
    expect(await connection.callTool('echo', {})).toMatchObject(ok);
    expect(connection.info.protocolVersion).toBe('2025-11-25');
    expect(legacy.calls()).toBe(1);
    await connection.close();
    expect(legacy.sessions.size).toBe(0);
  });

  it('is opened in its new era when it is connected again', async () => {
    const legacy = await started(startHttpEcho({ get: 405, sessions: false }));
    const modern = await started(startModernEcho());
    const { url, fetchFor, exchange } = address(legacy);
    const pool = createServerPool(testDeps({ fetchFor }), { entries: [httpEntry(url)] });
    closers.push(() => pool.close());
    const { connection } = await pool.get('web');
    exchange(modern);
    await connection.callTool('echo', {});
    await connection.close();
    await until(() => pool.snapshot('web').state !== 'ready');
    const before = modern.requests.length;
    await pool.get('web');
    expect(asked(modern).slice(before)).toEqual(['server/discover']);
  });
});
