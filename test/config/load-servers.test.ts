// Owns the tests of whole config files: what is usable, what is broken, and that one bad entry stops no other.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadServers } from '../../src/config/load-servers.ts';
import type { HttpServerEntry, StdioServerEntry } from '../../src/config/server-entry.ts';
import { loadOne, loadText, temporaryDirectory, usableEntry, writeConfig } from './write-config.ts';

test('a stdio entry gets its defaults', async () => {
  expect(await usableEntry({ command: 'npx' })).toEqual({
    kind: 'stdio',
    name: 'one',
    command: 'npx',
    args: [],
    env: {},
    inheritEnv: [],
    disabled: false,
    timeoutMs: 600_000,
    totalTimeoutMs: 14_400_000,
    connectTimeoutMs: 120_000,
    maxResultBytes: 1_048_576,
    protocol: 'auto',
  });
});

test('an http entry gets its defaults, a login without configuration among them', async () => {
  expect(await usableEntry({ url: 'https://h/mcp' })).toEqual({
    kind: 'http',
    name: 'one',
    transport: 'auto',
    url: 'https://h/mcp',
    headers: {},
    disabled: false,
    timeoutMs: 600_000,
    totalTimeoutMs: 14_400_000,
    connectTimeoutMs: 30_000,
    maxResultBytes: 1_048_576,
    protocol: 'auto',
    oauth: { grantType: 'authorization_code', dpop: false, callbackHost: '127.0.0.1', authorizationParams: {} },
  });
});

test('every key of a stdio entry arrives', async () => {
  const path = await writeConfig({
    mcpServers: {
      one: {
        type: 'stdio',
        command: '${BIN}',
        args: ['-y', '${ARG:-x}'],
        env: { KEY: 'v-${env:BIN}' },
        cwd: 'sub',
        inheritEnv: ['AWS_*'],
        description: 'd',
        disabled: true,
        profile: 'p',
        timeoutMs: 1,
        totalTimeoutMs: 3,
        connectTimeoutMs: 2,
        idleTimeoutMs: 4,
        maxResultBytes: 1024,
        protocol: '2025-11-25',
      },
    },
  });
  const { servers, issues } = await loadServers({ path, env: { BIN: 'node' } });
  expect(issues).toEqual([]);
  expect(servers.get('one')).toEqual({
    state: 'usable',
    name: 'one',
    entry: {
      kind: 'stdio',
      name: 'one',
      command: 'node',
      args: ['-y', 'x'],
      env: { KEY: 'v-node' },
      cwd: join(path, '..', 'sub'),
      inheritEnv: ['AWS_*'],
      description: 'd',
      disabled: true,
      profile: 'p',
      timeoutMs: 1,
      totalTimeoutMs: 3,
      connectTimeoutMs: 2,
      idleTimeoutMs: 4,
      maxResultBytes: 1024,
      protocol: '2025-11-25',
    },
  });
});

test.each([
  [{}, 'auto'],
  [{ type: 'http' }, 'http'],
  [{ type: 'streamable-http' }, 'http'],
  [{ transport: 'streamable-http' }, 'http'],
  [{ transport: 'sse' }, 'sse'],
  [{ type: 'sse', transport: 'sse' }, 'sse'],
])('%j chooses the transport %s', async (members, transport) => {
  const entry = (await usableEntry({ url: 'https://h/', ...members })) as HttpServerEntry;
  expect(entry.transport).toBe(transport);
});

test('the URL stays as it is written', async () => {
  const entry = (await usableEntry({ url: 'HTTPS://${HOST}:443' }, { HOST: 'Example.com' })) as HttpServerEntry;
  expect(entry.url).toBe('HTTPS://Example.com:443');
});

test('inheritEnv may be true', async () => {
  expect(((await usableEntry({ command: 'x', inheritEnv: true })) as StdioServerEntry).inheritEnv).toBe(true);
});

test('one bad entry stops no other', async () => {
  const { servers, issues } = await loadText({
    mcpServers: { bad: { url: 'nonsense' }, worse: 7, good: { command: 'x' }, unset: { url: '${NOPE}' } },
  });
  expect([...servers].map(([name, { state }]) => [name, state])).toEqual([
    ['bad', 'broken'],
    ['worse', 'broken'],
    ['good', 'usable'],
    ['unset', 'broken'],
  ]);
  expect(issues.map(({ server, severity }) => [server, severity])).toEqual([
    ['bad', 'error'],
    ['worse', 'error'],
    ['unset', 'error'],
  ]);
});

test('G51: an unset variable names itself and its key, with the place in the file', async () => {
  const { server } = await loadOne({ url: 'https://h/', headers: { Authorization: 'Bearer ${PAT}' } });
  expect(server).toMatchObject({
    state: 'broken',
    issues: [
      {
        severity: 'error',
        server: 'one',
        line: 6,
        pointer: '/mcpServers/one/headers/Authorization',
        message: "server 'one': PAT is not set (headers.Authorization)",
        hint: expect.stringContaining('PAT'),
      },
    ],
  });
});

test('a disabled entry with an unset variable is no error', async () => {
  const { server, issues } = await loadOne({ url: '${NOPE}/mcp', disabled: true, description: 'later' });
  expect(server).toMatchObject({ state: 'broken', disabled: true, description: 'later' });
  expect(issues.map(({ severity }) => severity)).toEqual(['warning']);
});

test('an empty variable in a header is a warning', async () => {
  const { server, issues } = await loadOne({ url: 'https://h/', headers: { 'X-Key': '${K}' } }, { K: '' });
  expect(server.state).toBe('usable');
  expect(issues).toMatchObject([{ severity: 'warning', message: "server 'one': K is set, but empty (headers.X-Key)" }]);
});

describe('B19: static Authorization headers', () => {
  test('switch the login off', async () => {
    const entry = (await usableEntry({
      url: 'https://h/',
      headers: { authorization: 'x', a: 'b' },
    })) as HttpServerEntry;
    expect(entry).toMatchObject({ oauth: false, headers: { authorization: 'x', a: 'b' } });
  });

  test('are dropped with a warning where oauth is given', async () => {
    const { server, issues } = await loadOne({
      url: 'https://h/',
      headers: { AUTHORIZATION: 'x', a: 'b' },
      oauth: { clientId: 'c' },
    });
    expect(server).toMatchObject({ entry: { headers: { a: 'b' }, oauth: { clientId: 'c' } } });
    expect(server).not.toHaveProperty('entry.headers.AUTHORIZATION');
    expect(issues).toMatchObject([{ severity: 'warning', pointer: '/mcpServers/one/headers/AUTHORIZATION' }]);
  });

  test('stay where oauth is false', async () => {
    const entry = (await usableEntry({
      url: 'https://h/',
      headers: { Authorization: 'x' },
      oauth: false,
    })) as HttpServerEntry;
    expect(entry).toMatchObject({ oauth: false, headers: { Authorization: 'x' } });
  });
});

describe('a file that is of no use as a whole', () => {
  test.each<[string, string | object, RegExp, RegExp]>([
    ['a list', '[]', /must hold an object, not a list/, /mcpServers/],
    ['servers as a list', { mcpServers: [] }, /"mcpServers" must be an object, not a list/, /mcpServers/],
    ['servers at the top', { files: { command: 'x' } }, /"files" looks like a server/, /\{"mcpServers"/],
    ['servers one level too deep', { mcp: { servers: {} } }, /stand inside of "mcp"/, /"mcpServers" at the top/],
  ])('%s', async (_, content, message, hint) => {
    const error: unknown = await loadText(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

test('a file without servers loads, with a warning', async () => {
  const { servers, issues } = await loadText({});
  expect(servers.size).toBe(0);
  expect(issues).toMatchObject([{ severity: 'warning', message: 'the file names no servers' }]);
});

test('unknown keys are warnings with the nearest known one, at their place', async () => {
  const { issues } = await loadText({
    mcpServer: {},
    mcpServers: {
      one: { url: 'https://h/', discription: 'x', oauth: { client_id: 'a', scopes: 'b' }, timeout: 5, zzz: '${NO}' },
    },
  });
  expect(issues.map(({ severity, pointer, hint }) => [severity, pointer, hint])).toEqual([
    ['warning', '/mcpServer', 'did you mean "mcpServers"?'],
    ['warning', '/mcpServers/one/discription', 'did you mean "description"?'],
    ['warning', '/mcpServers/one/timeout', 'write "timeoutMs", in milliseconds'],
    ['warning', '/mcpServers/one/zzz', undefined],
    ['warning', '/mcpServers/one/oauth/client_id', 'did you mean "clientId"?'],
    ['warning', '/mcpServers/one/oauth/scopes', expect.stringContaining('"scope"')],
  ]);
});

test('a name that stands twice is a warning', async () => {
  const { issues, servers } = await loadText('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}');
  expect(issues).toMatchObject([{ severity: 'warning', pointer: '/mcpServers/a' }]);
  expect(servers.size).toBe(1);
});

test('mcpServers goes before servers where both name a server', async () => {
  const { servers, issues } = await loadText({
    servers: { a: { command: 's' }, b: { command: 'b' } },
    mcpServers: { a: { command: 'm' } },
  });
  expect(servers.get('a')).toMatchObject({ entry: { command: 'm' } });
  expect(servers.get('b')).toMatchObject({ entry: { command: 'b' } });
  expect(issues).toMatchObject([{ severity: 'warning', pointer: '/servers/a' }]);
});

test('keys of no effect on this kind of server are warnings', async () => {
  const { server, issues } = await loadOne({ command: 'x', headers: { a: '${NOPE}' } });
  expect(server.state).toBe('usable');
  expect(issues).toMatchObject([{ severity: 'warning', pointer: '/mcpServers/one/headers' }]);
});

test('names that objects have by themselves are ordinary names', async () => {
  const { servers } = await loadText(
    '{"mcpServers": {"__proto__": {"command": "x"}, "constructor": {"command": "y"}}}',
  );
  expect([...servers.keys()]).toEqual(['__proto__', 'constructor']);
  expect(servers.get('__proto__')?.state).toBe('usable');
});

test('what is loaded cannot be changed', async () => {
  const { servers, issues } = await loadText({
    mcpServers: { one: { command: 'x', args: ['a'], env: { A: 'b' } }, two: 1 },
  });
  const entry = (servers.get('one') as { entry: StdioServerEntry }).entry;
  for (const value of [servers.get('one'), servers.get('two'), entry, entry.args, entry.env, issues, issues[0]]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
  expect(() => (servers as Map<string, unknown>).set('x', 1)).toThrow(TypeError);
  expect(() => (servers as Map<string, unknown>).clear()).toThrow(TypeError);
});

test('a missing file is one clear error', async () => {
  const path = join(await temporaryDirectory(), 'none.json');
  await expect(loadServers({ path, env: {} })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(path),
  });
});
