// Servers of revision 2026-07-28, which know no `initialize`: src/downstream/modern-era.ts, open-conversation.ts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { createServerPool } from '../../src/downstream/pool.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { RpcError } from '../../src/wire/rpc-error.ts';
import type { ModernServer } from './modern-server.ts';
import { startModernServer } from './modern-server.ts';
import { httpEntry, testDeps, until } from './surroundings.ts';

let server: ModernServer;
const connections: Connection[] = [];

beforeEach(async () => {
  server = await startModernServer();
});

afterEach(async () => {
  await Promise.all(connections.splice(0).map((one) => one.close()));
  await server.close();
});

async function connect(entry: Partial<HttpServerEntry> = {}, deps: Partial<DownstreamDeps> = {}): Promise<Connection> {
  const connection = await openConnection(testDeps({ version: '1.2.3', ...deps }), httpEntry(server.url, entry));
  connections.push(connection);
  return connection;
}

const methods = (): unknown[] => server.asked.map(({ message }) => (message as { method?: unknown }).method);

describe.each(['auto', '2026-07-28'])('with protocol %s', (protocol) => {
  it('a server is found, listed and called, and its result arrives as it is', async () => {
    const connection = await connect({ protocol });
    expect(connection.info).toMatchObject({
      transport: 'http',
      protocolVersion: '2026-07-28',
      serverInfo: { name: 'modern', version: '1.0.0' },
      instructions: 'Knows the new ways.',
    });
    expect((await connection.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'wait']);
    const { result } = await connection.callTool('echo', { text: 'hello' });
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { text: 'hello', nothing: null } });
  });

  it('every request says revision, client and capabilities itself, and its headers say the same', async () => {
    const connection = await connect({ protocol });
    await connection.callTool('echo', { text: 'hello' });
    const call = server.asked.at(-1);
    expect(call?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    expect(call?.message).toMatchObject({
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'portico', version: '1.2.3' },
          'io.modelcontextprotocol/clientCapabilities': {},
          progressToken: expect.anything(),
        },
      },
    });
  });

  it('there is neither a session, nor a standing stream, nor a goodbye', async () => {
    const connection = await connect({ protocol });
    await connection.listTools();
    await connection.close();
    expect(server.asked.filter(({ method }) => method !== 'POST')).toEqual([]);
    expect(methods()).not.toContain('notifications/initialized');
    expect(server.asked.some(({ headers }) => 'mcp-session-id' in headers)).toBe(false);
  });

  it('a call is cancelled by ending its request, and nothing else is sent', async () => {
    const connection = await connect({ protocol });
    const controller = new AbortController();
    const call = connection.callTool('wait', {}, { signal: controller.signal });
    const cancelled = expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => methods().includes('tools/call'));
    controller.abort(new Error('no longer wanted'));
    await cancelled;
    await until(() => server.cancelled() === 1);
    expect(methods()).not.toContain('notifications/cancelled');
  });

  it('an error answer with status 400 is the error of that request', async () => {
    const connection = await connect({ protocol });
    server.refuse({
      status: 400,
      body: (id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'bad' } }),
    });
    const failure = await connection.callTool('echo', {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RpcError);
    expect(failure).toMatchObject({ code: -32602, message: 'bad' });
  });

  it('a login that is needed stays what it is', async () => {
    const wanted = new LoginRequiredError('web', { scope: 'read' });
    const fetchFor = () => async () => {
      throw wanted;
    };
    await expect(connect({ protocol }, { fetchFor })).rejects.toBe(wanted);
  });
});

it('auto asks server/discover first, and a server that knows it is asked no more', async () => {
  await connect();
  expect(methods()).toEqual(['server/discover']);
});

it('auto remembers the era of a server for its next connection', async () => {
  const entry = httpEntry(server.url);
  const pool = createServerPool(testDeps(), { entries: [entry] });
  const { connection } = await pool.get('web');
  await connection.close();
  await until(() => pool.snapshot('web').state !== 'ready');
  await pool.get('web');
  expect(methods()).toEqual(['server/discover', 'server/discover']);
  await pool.close();
});

it('a server that refuses both says why it refused the first', async () => {
  server.refuse({ status: 400, body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"who are you"}}' });
  await expect(connect()).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining('who are you'),
  });
});

it.each([401, 403])('D36: a refusal with %i is about the login, and nothing else is asked', async (status) => {
  // A body of the login's may say anything.
  const body = '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":["2025-11-25"]}}}';
  server.refuse({ status, body });
  await expect(connect({ transport: 'http' })).rejects.toThrow(`HTTP ${status}`);
  expect(methods()).toEqual(['server/discover']);
});

it.each([400, 404, 405, 429, 500, 503])('after a refusal with %i initialize is asked', async (status) => {
  server.refuse({ status, body: 'no' });
  await expect(connect({ transport: 'http' })).rejects.toThrow(`answered initialize with HTTP ${status}`);
  expect(methods()).toEqual(['server/discover', 'initialize']);
});

it('a question of the server to the host is an error that says so', async () => {
  const connection = await connect({ protocol: '2026-07-28' });
  server.refuse({
    status: 200,
    body: (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'input_required', inputRequests: {} } }),
  });
  await expect(connection.callTool('echo', { text: 'x' })).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining('asks for input'),
  });
});
