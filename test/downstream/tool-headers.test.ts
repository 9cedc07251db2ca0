// Calls whose arguments are repeated in headers, on connections to servers that check them: src/downstream/tool-headers.ts,
// connection.ts.
import { afterEach, expect, it } from 'vitest';
import { startModernEcho } from '../../fixtures/servers/modern-echo.mjs';
import type { Connection } from '../../src/downstream/connection.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { httpEntry, recordingLog, stdioEntry, testDeps, until } from './surroundings.ts';

const protocol = '2026-07-28';
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(switches: Record<string, unknown>, deps: Partial<DownstreamDeps> = {}) {
  const server = await startModernEcho({ region: 'Region', ...switches });
  closers.push(() => server.close());
  const connection = await openConnection(testDeps(deps), httpEntry(server.url, { protocol }));
  closers.push(() => connection.close());
  /** What was asked, without the opening. */
  const asked = (): unknown[] => server.requests.slice(1).map(({ body }) => JSON.parse(body).method);
  const lastHeaders = (): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(server.requests.at(-1)?.headers ?? {}).filter(([name]) => name.startsWith('mcp-param-')),
    );
  return { server, connection, asked, lastHeaders };
}

const textOf = ({ result }: { result: Record<string, unknown> }): string =>
  (result['content'] as { text: string }[])[0]?.text ?? '';

const call = (connection: Connection, args: unknown) => connection.callTool('where', args);

it('the list is read before the first call and no more, and the arguments arrive in both places', async () => {
  const { connection, asked, lastHeaders } = await started({});
  const args = { region: 'Größe', at: { zone: 'b', other: null } };
  expect(textOf(await call(connection, args))).toBe(JSON.stringify(args));
  expect(lastHeaders()).toEqual({ 'mcp-param-region': '=?base64?R3LDtsOfZQ==?=', 'mcp-param-zone': 'b' });
  await call(connection, { region: 'eu' });
  expect(lastHeaders()).toEqual({ 'mcp-param-region': 'eu' });
  expect(asked()).toEqual(['tools/list', 'tools/call', 'tools/call']);
});

it('a null stays a null in the body and has no header', async () => {
  const { connection, lastHeaders } = await started({});
  expect(textOf(await call(connection, { region: null, at: { zone: null } }))).toBe(
    '{"region":null,"at":{"zone":null}}',
  );
  expect(lastHeaders()).toEqual({});
});

it('a list that was read for another reason serves the calls too; calls at once read one together', async () => {
  const listed = await started({ pageSize: 5 });
  await listed.connection.listTools();
  const pages = listed.asked().length;
  await call(listed.connection, { region: 'eu' });
  expect(listed.asked().slice(pages)).toEqual(['tools/call']);
  const atOnce = await started({});
  await Promise.all([call(atOnce.connection, { region: 'a' }), call(atOnce.connection, { region: 'b' })]);
  expect(atOnce.asked()).toEqual(['tools/list', 'tools/call', 'tools/call']);
});

it('a server that wants other headers now gets the call again, once, with those of a new list', async () => {
  const { server, connection, asked, lastHeaders } = await started({});
  await call(connection, { region: 'eu' });
  Object.assign(server.switches, { region: 'Area' });
  expect(textOf(await call(connection, { region: 'us' }))).toBe('{"region":"us"}');
  expect(lastHeaders()).toEqual({ 'mcp-param-area': 'us' });
  expect(asked().slice(2)).toEqual(['tools/call', 'tools/list', 'tools/call']);
});

it('a list that the server says has changed is read again before the next call, where no refusal would tell', async () => {
  const capabilities = { tools: { listChanged: true } };
  const { server, connection, lastHeaders } = await started({ checksRegion: false, capabilities });
  const changed = new Promise<void>((resolve) => {
    connection.onListChanged = resolve;
  });
  await call(connection, { region: 'eu' });
  await until(() => server.streams.open().length === 1);
  Object.assign(server.switches, { region: 'Area' });
  server.streams.tell('notifications/tools/list_changed');
  await changed;
  await call(connection, { region: 'us' });
  expect(lastHeaders()).toEqual({ 'mcp-param-area': 'us' });
});

it('a server that is content with no header there is gets the call twice at most, and its own error is told', async () => {
  const { server, connection, asked } = await started({});
  await call(connection, { region: 'eu' });
  const refusing = server.switches;
  // Whatever comes, it names another one.
  Object.defineProperty(refusing, 'region', { get: () => `Region-${Math.random().toString(36).slice(2)}` });
  await expect(call(connection, { region: 'us' })).rejects.toMatchObject({ code: -32020 });
  expect(asked().slice(2)).toEqual(['tools/call', 'tools/list', 'tools/call']);
});

it('a refusal that a new list does not explain is not tried again', async () => {
  const fetchFor: DownstreamDeps['fetchFor'] = () => async (url, init) => {
    const { id, method } = JSON.parse(String(init?.body));
    const answer = await fetch(url, init);
    if (method !== 'tools/call') return answer;
    return Response.json({ jsonrpc: '2.0', id, error: { code: -32020, message: 'elsewhere' } }, { status: 400 });
  };
  const { connection, asked } = await started({}, { fetchFor });
  await expect(call(connection, { region: 'us' })).rejects.toMatchObject({ code: -32020, message: 'elsewhere' });
  expect(asked()).toEqual(['tools/list', 'tools/call', 'tools/list']);
});

it('a list that cannot be read does not stop the call', async () => {
  const fetchFor: DownstreamDeps['fetchFor'] = () => async (url, init) =>
    String(init?.body).includes('tools/list') ? new Response('no', { status: 500 }) : fetch(url, init);
  const { connection } = await started({ checksRegion: false }, { fetchFor });
  expect(textOf(await call(connection, { region: 'eu' }))).toBe('{"region":"eu"}');
});

it('a tool whose marks are wrong is left out, with one warning; the others are as they were sent', async () => {
  const { log, lines } = recordingLog();
  const { connection } = await started({ wrong: true }, { log });
  for (let time = 0; time < 2; time++) {
    const names = (await connection.listTools()).tools.map(({ name }) => name);
    expect(names).toContain('where');
    expect(names).not.toContain('wrong');
  }
  const warnings = lines.filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([
    { details: { server: 'web', tool: 'wrong', reason: 'a: x-mcp-header is no name for a header' } },
  ]);
});

it('over stdio there are no headers: no tool is left out and no list is read', async () => {
  const { log, lines } = recordingLog();
  const args = [JSON.stringify({ wrong: true, region: 'Region' })];
  const connection = await openConnection(testDeps({ log }), stdioEntry({ fixture: 'modern-echo', args, protocol }));
  closers.push(() => connection.close());
  expect(textOf(await call(connection, { region: 'eu' }))).toBe('{"region":"eu"}');
  expect((await connection.listTools()).tools.map(({ name }) => name)).toContain('wrong');
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
});
