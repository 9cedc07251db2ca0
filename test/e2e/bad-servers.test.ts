// Servers that are not there, or are no MCP servers: one clear error each, naming the server and the next step, while the
// good server beside them answers.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, startHttp } from '../helpers/http-servers.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const good = fixtureServer('echo');
const shortly = { connectTimeoutMs: 700 };

async function failureOf(bad: object, env: Record<string, string> = {}) {
  const home = stage.home({ servers: { bad, good }, env });
  const gateway = await stage.gateway(home);
  const failure = await gateway.failure('execute_tool', { server: 'bad', tool: 'echo' });
  expect(failure).toMatchObject({ server: 'bad', tool: 'echo', hint: expect.any(String) });
  expect(await gateway.executeText('good', 'echo', { a: 1 })).toBe('{"a":1}');
  expect(await gateway.listed('bad')).toMatchObject({ state: 'failed', hint: expect.any(String) });
  return failure;
}

describe('over stdio', () => {
  test('a command that does not exist: the error lists where it was looked for', async () => {
    const failure = await failureOf({ command: 'no-such-mcp-server' }, { PATH: '/nowhere/bin:/usr/bin' });
    expect(failure).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/no-such-mcp-server.*\/nowhere\/bin, \/usr\/bin/),
      hint: expect.stringContaining('command -v no-such-mcp-server'),
    });
  });

  test.each([
    { title: 'a path to nothing', entry: { command: './bin/nothing' }, says: /no file .*bin\/nothing/ },
    {
      title: 'a folder that does not exist',
      entry: { ...good, cwd: './nowhere' },
      says: /working directory .*nowhere/,
    },
  ])('$title', async ({ entry, says }) => {
    expect(await failureOf(entry)).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringMatching(says) });
  });

  test('a folder in the place of the program', async () => {
    const home = stage.home();
    mkdirSync(join(home.directory, 'folder'));
    const failure = await failureOf({ command: join(home.directory, 'folder') });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringContaining('folder') });
  });

  test('E42: a program that ends at once: the error holds the exit code and its last words', async () => {
    const failure = await failureOf(fixtureServer('crash-on-start', '9'));
    expect(failure).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/9[\s\S]*cannot open database/),
    });
  });

  test.each([
    { title: 'says nothing', server: 'hang', says: /initialize within 700 ms \(connectTimeoutMs\)/ },
    { title: 'repeats what it hears', server: 'not-mcp', says: /./ },
  ])('a program that $title', async ({ server, says }) => {
    const failure = await failureOf({ ...fixtureServer(server), ...shortly });
    expect(failure.code).toMatch(/^(TIMEOUT|SERVER_UNAVAILABLE)$/);
    expect(failure.message).toMatch(says);
  });
});

describe('over HTTP', () => {
  const html = '<!doctype html><title>Welcome to the intranet</title>';

  test.each([
    {
      title: 'a web page',
      status: 200,
      type: 'text/html',
      body: html,
      says: /does not speak MCP.*text\/html.*Welcome/,
    },
    { title: 'JSON that is no JSON-RPC', status: 200, type: 'application/json', body: '{"ok":true}', says: /MCP/ },
    { title: 'half a JSON document', status: 200, type: 'application/json', body: '{"jsonrpc":', says: /MCP/ },
    { title: 'nothing', status: 204, type: 'text/plain', body: '', says: /204|nothing|MCP/ },
    { title: '404 and a page', status: 404, type: 'text/html', body: html, says: /404.*Welcome/ },
    { title: '500', status: 500, type: 'text/plain', body: 'database is down', says: /500.*database is down/ },
    { title: '503', status: 503, type: 'text/plain', body: 'maintenance', says: /503.*maintenance/ },
  ])('an address that answers $title', async ({ status, type, body, says }) => {
    const server = await startHttp((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    stage.own(() => server.close());
    const failure = await failureOf({ url: server.url });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringMatching(says) });
  });

  test('an address that never answers', async () => {
    const server = await startHttp((request) => void request.resume());
    stage.own(() => server.close());
    const failure = await failureOf({ url: server.url, ...shortly });
    expect(failure).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/700 ms \(connectTimeoutMs\)/) });
  });

  test('an address where nobody listens', async () => {
    const failure = await failureOf({ url: `http://127.0.0.1:${await freePort()}/mcp` });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('a name that does not exist', async () => {
    const failure = await failureOf({ url: 'https://no-such-host.invalid/mcp' });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(failure.message).toContain('no-such-host.invalid');
  });

  test('a redirect to another host gets neither the token nor the headers', async () => {
    const seen: unknown[] = [];
    const other = await startHttp((request, response) => {
      seen.push(request.headers);
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    });
    stage.own(() => other.close());
    const server = await startHttp((request, response) => {
      request.resume();
      response.writeHead(307, { location: other.url }).end();
    });
    stage.own(() => server.close());
    const failure = await failureOf({ url: server.url, headers: { 'X-Api-Key': 'canary-header' } });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringContaining(other.url) });
    expect(seen).toEqual([]);
  });

  test('B19: a static header that is rejected starts no login', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({
      servers: { bad: { url: server.url, headers: { Authorization: 'Bearer stale' } }, good },
      browser: 'approves',
    });
    const gateway = await stage.gateway(home);
    const failure = await gateway.failure('execute_tool', { server: 'bad', tool: 'whoami' });
    expect(failure).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('rejects the Authorization header'),
      hint: expect.stringMatching(/variable/),
    });
    expect(as.log).toEqual([]);
    expect(home.openings()).toEqual([]);
  });

  test('A10: a 403 that has nothing to do with OAuth starts no login', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { bad: { url: server.url } }, browser: 'approves' });
    const gateway = await stage.gateway(home);
    await gateway.execute('bad', 'whoami');
    server.faults.plain403 = 'calls';
    const failure = await gateway.failure('execute_tool', { server: 'bad', tool: 'whoami' });
    expect(failure).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/403.*Forbidden by company policy/),
    });
    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 0 });
  });
});
