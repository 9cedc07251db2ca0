// Bad files and bad arguments: each ends in one clear error that names the place and the next step, everything else goes
// on, and nothing on disk changes.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { getuid } from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const good = fixtureServer('echo');
const reference = (name: string): string => `\${${name}}`;
/** Who may read everything cannot be shown a file that may not be read. */
const isRoot = getuid?.() === 0;

describe('a config that cannot be used as a whole', () => {
  const whole = JSON.stringify({ mcpServers: { good } }, null, 2);

  test.each([
    { title: 'malformed', text: '{ "mcpServers": { "a" { } } }', place: /:1:\d+: / },
    { title: 'half-written', text: whole.slice(0, -12), place: /:\d+:\d+: / },
    { title: 'empty', text: '', place: /is empty/ },
    { title: 'a list', text: '[]', place: /must hold an object/ },
    { title: 'of another shape', text: '{"mcpServers": "x"}', place: /"mcpServers" must be an object/ },
    {
      title: 'nested one level too deep',
      text: '{"mcp": {"servers": {"a": {"command": "x"}}}}',
      place: /one level too deep/,
    },
  ])('$title: check, status and every meta tool name the file and the place', async ({ text, place }) => {
    const home = stage.home();
    writeFileSync(home.configFile, text);
    const check = await stage.run(home, ['check', '--json']);
    expect(check).toMatchObject({ code: 1 });
    expect(check.json()).toMatchObject({ valid: false, issues: [{ severity: 'error', file: home.configFile }] });
    const status = await stage.run(home, ['status', '--json']);
    expect(status).toMatchObject({ code: 2 });
    expect(status.json().error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(place) });

    const gateway = await stage.gateway(home);
    expect(await gateway.request('tools/list')).toMatchObject({ tools: expect.any(Array) });
    const failure = await gateway.failure('list_servers');
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.any(String) });
    expect(failure.message).toContain(home.configFile);
    expect(failure.message).toMatch(place);
    expect(readFileSync(home.configFile, 'utf8')).toBe(text);
  });

  test('missing: the error says where it was looked for', async () => {
    const home = stage.home();
    const status = await stage.run(home, ['status', '--json', '--config', 'nowhere.json']);
    expect(status).toMatchObject({ code: 2 });
    expect(status.json().error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('nowhere.json'),
    });
  });

  test.skipIf(isRoot)('unreadable: the error says why', async () => {
    const home = stage.home();
    chmodSync(home.configFile, 0);
    const status = await stage.run(home, ['status', '--json']);
    expect(status.json().error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('EACCES') });
  });

  test('a folder in the place of the file', async () => {
    const home = stage.home();
    const status = await stage.run(home, ['status', '--json', '--config', home.directory]);
    expect(status).toMatchObject({ code: 2 });
    expect(status.json().error).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.any(String) });
  });
});

describe('one bad entry', () => {
  const bad: Readonly<Record<string, { readonly entry: unknown; readonly says: RegExp }>> = {
    'an unset variable': {
      entry: { command: 'x', env: { KEY: reference('NOT_SET_HERE') } },
      says: /NOT_SET_HERE is not set.*KEY/,
    },
    'a URL that is no URL': { entry: { url: 'notion dot com' }, says: /url is no URL/ },
    'a URL of another kind': { entry: { url: 'ftp://x.example/' }, says: /http or https/ },
    'neither command nor URL': { entry: {}, says: /neither command nor url/ },
    'a number for a command': { entry: { command: 42 }, says: /command/ },
    'no object': { entry: 'npx', says: /must be an object/ },
    'a time that is none': { entry: { ...good, timeoutMs: 'soon' }, says: /timeoutMs/ },
  };
  const shared = new Stage();
  let gateway: GatewayProcess;
  let before: string;
  let check: { readonly code: number | null; readonly stderr: string };
  beforeAll(async () => {
    const home = shared.home();
    const entries = Object.entries(bad).map(([title, { entry }]) => [title, entry as object]);
    home.writeServers({ ...Object.fromEntries(entries), good });
    before = readFileSync(home.configFile, 'utf8');
    gateway = await shared.gateway(home);
    check = await shared.run(home, ['check']);
    configFile = home.configFile;
  });
  afterAll(() => shared.close());
  let configFile: string;

  test('does not touch the server beside it, nor the file', async () => {
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
    expect(await gateway.listed('good')).toMatchObject({ state: 'ready' });
    expect(check.code).toBe(1);
    expect(readFileSync(configFile, 'utf8')).toBe(before);
  });

  test.each(Object.keys(bad))('with %s fails alone, before anything is started or sent', async (title) => {
    const says = bad[title]?.says ?? /never/;
    expect(await gateway.listed(title)).toMatchObject({ state: 'failed', hint: expect.stringMatching(says) });
    const failure = await gateway.failure('execute_tool', { server: title, tool: 'x' });
    expect(failure).toMatchObject({ code: expect.stringMatching(/SERVER_UNAVAILABLE|CONFIG_INVALID/), server: title });
    expect(failure.message).toMatch(says);
    expect(failure.hint).toContain(configFile);
    const said = check.stderr.split('\n').filter((line) => line.includes(title));
    expect(said.join('\n')).toMatch(says);
  });

  test('a key that is nearly right is a warning with the right one, and the server works', async () => {
    const home = stage.home({ servers: { good: { ...good, tiemoutMs: 1000 } } });
    const check = await stage.run(home, ['check']);
    expect(check).toMatchObject({ code: 0, stderr: expect.stringMatching(/tiemoutMs[\s\S]*timeoutMs/) });
    const gateway = await stage.gateway(home);
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
  });

  test('comments, trailing commas and a byte order mark are no errors', async () => {
    const home = stage.home();
    writeFileSync(home.configFile, `\ufeff{ // mine\n "mcpServers": { "good": ${JSON.stringify(good)}, }, /* end */ }`);
    const gateway = await stage.gateway(home);
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
  });
});

describe('rules', () => {
  test.each([
    { title: 'malformed', text: '{"agents": {', says: /gateway-rules\.json:1:\d+/ },
    { title: 'of the wrong shape', text: '{"agents": {"a": {"allow": {"servers": "x"}}}}', says: /servers/ },
    { title: 'a list', text: '[]', says: /object/ },
  ])('$title deny everything, with one error that names the file', async ({ text, says }) => {
    const home = stage.home({ servers: { good } });
    writeFileSync(home.rulesFile, text);
    const check = await stage.run(home, ['check', '--json']);
    expect(check).toMatchObject({ code: 1 });
    const gateway = await stage.gateway(home, { env: { GATEWAY_AGENT: 'a' } });
    for (const [tool, args] of [
      ['list_servers', {}],
      ['execute_tool', { server: 'good', tool: 'echo' }],
    ] as const) {
      const failure = await gateway.failure(tool, args);
      expect(failure).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.any(String) });
      expect(failure.message).toMatch(says);
      expect(failure.message).toContain(home.rulesFile);
    }
    expect(readFileSync(home.rulesFile, 'utf8')).toBe(text);
  });
});

describe('a login file', () => {
  test.each([
    { title: 'half-written', text: '{"version": 1, "server_url": "http' },
    { title: 'of something else', text: '"a string"' },
    { title: 'empty', text: '' },
  ])('that is $title stops that server alone, and is kept as it is', async ({ text }) => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url }, good }, browser: 'approves' });
    await stage.run(home, ['login', 'crm']);
    const [file = ''] = home.loginFiles();
    writeFileSync(file, text);
    const gateway = await stage.gateway(home);
    const failure = await gateway.failure('execute_tool', { server: 'crm', tool: 'whoami' });
    expect(failure).toMatchObject({
      code: 'CONFIG_INVALID',
      server: 'crm',
      hint: expect.stringContaining('left as it is'),
    });
    expect(failure.message).toContain(file);
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
    const { servers } = await gateway.value('list_servers', { include_metadata: true });
    expect(servers).toMatchObject([
      { name: 'crm', state: 'failed', hint: expect.stringContaining('cannot be used') },
      { name: 'good', state: 'ready' },
    ]);
    const status = await stage.run(home, ['status', '--json']);
    expect(status.json().servers).toMatchObject([
      { server: 'crm', state: 'failed', last_error: expect.stringContaining(file) },
      { server: 'good' },
    ]);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('of a newer version is read forward, and its unknown members survive a refresh', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    await stage.run(home, ['login', 'crm']);
    const [file = ''] = home.loginFiles();
    writeFileSync(file, JSON.stringify({ ...home.logins()[0], version: 99, from_the_future: { kept: true } }));
    const gateway = await stage.gateway(home);
    await gateway.execute('crm', 'whoami');
    as.expireAccessTokens();
    await gateway.execute('crm', 'whoami');
    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
    expect(home.logins()).toMatchObject([{ version: 99, from_the_future: { kept: true } }]);
  });
});

describe('arguments', () => {
  const shared = new Stage();
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await shared.gateway(shared.home({ servers: { good } }));
  });
  afterAll(() => shared.close());

  test.each([
    { tool: 'execute_tool', args: { server: 'good', tool: 'echo', args: [1] }, field: 'args' },
    { tool: 'execute_tool', args: { server: 'good', tool: 'echo', args: 'hello' }, field: 'args' },
    { tool: 'execute_tool', args: { server: 'good', tool: 'echo', args: 42 }, field: 'args' },
    { tool: 'execute_tool', args: { server: 'good', tool: 'echo', args: '{"a":' }, field: 'args' },
    { tool: 'execute_tool', args: { server: 'good' }, field: 'tool' },
    { tool: 'execute_tool', args: { tool: 'echo' }, field: 'server' },
    { tool: 'execute_tool', args: { server: 'good', tool: 'echo', timeout_ms: -1 }, field: 'timeout_ms' },
    { tool: 'get_server_tools', args: { server: ['good'] }, field: 'server' },
    { tool: 'get_server_tools', args: { server: 'good', names: { a: 1 } }, field: 'names' },
    { tool: 'get_server_tools', args: { server: 'good', detail: 'everything' }, field: 'detail' },
    { tool: 'get_server_tools', args: { server: 'good', cursor: 'x' }, field: 'cursor' },
    { tool: 'list_servers', args: { include_metadata: 'perhaps' }, field: 'include_metadata' },
    { tool: 'login_server', args: { server: 'good', callback_url: 7 }, field: 'callback_url' },
  ])('$tool with $args names the field', async ({ tool, args, field }) => {
    const failure = await gateway.failure(tool, args);
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENTS', hint: expect.any(String) });
    expect(failure.message).toContain(field);
  });

  test.each([[[1]], ['text'], [7], [null]])('that are %j and no object count as none', async (given) => {
    const listed = await gateway.request('tools/call', { name: 'list_servers', arguments: given });
    expect(listed.structuredContent.servers).toHaveLength(1);
    const missing: Json = await gateway.request('tools/call', { name: 'execute_tool', arguments: given });
    expect(missing.structuredContent.error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  test('that the server refuses come back as its own error, with the schema of the tool', async () => {
    const failure = await gateway.failure('execute_tool', { server: 'good', tool: 'refuse', args: { code: -32602 } });
    expect(failure).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      server: 'good',
      tool: 'refuse',
      message: expect.stringContaining('refused as asked'),
      hint: expect.stringContaining('"code":{"type":"integer"}'),
    });
  });

  test('on the command line that are no object are wrong usage', async () => {
    const home = stage.home({ servers: { good } });
    for (const text of ['[1]', '"x"', '{"a":', 'null']) {
      const call = await stage.run(home, ['call', 'good', 'echo', text, '--json']);
      expect(call).toMatchObject({ code: 2 });
      expect(call.json().error).toMatchObject({ code: 'INVALID_ARGUMENTS', hint: expect.any(String) });
    }
  });
});

test('lines on stdin that are no JSON-RPC are answered as such, and the conversation goes on', async () => {
  const gateway = await stage.gateway(stage.home({ servers: { good } }));
  for (const line of ['{ not json', '42', '{"jsonrpc":"1.0","id":1,"method":"ping"}', '', '   ']) gateway.send(line);
  expect(await gateway.request('ping')).toEqual({});
  const refusals = gateway.messages.filter(({ error }) => error !== undefined).map(({ error }) => error.code);
  expect(refusals).toEqual([-32700, -32600, -32600]);
});
