// The audit log: one line for every call of a meta tool, whatever became of it, and nothing in it that the call carried.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const keys = [
  'timestamp',
  'agent_id',
  'operation',
  'server',
  'tool',
  'decision',
  'rule',
  'error_code',
  'latency_ms',
  'args_sha256',
  'result_bytes',
  'request_id',
];
const rules = {
  agents: { me: { allow: { servers: ['*'], tools: {} }, deny: { servers: ['secret'], tools: { echo: ['meta'] } } } },
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('every call leaves one line with the same keys, in the order of the calls', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({
    servers: { echo: fixtureServer('echo'), crm: { url: server.url }, crashing: fixtureServer('crash-on-start') },
    rules,
    env: { GATEWAY_AGENT: 'me' },
  });
  const gateway = await stage.gateway(home, { args: ['serve', '--debug'] });
  await gateway.request('tools/list');
  await gateway.value('list_servers');
  await gateway.value('get_server_tools', { server: 'echo' });
  await gateway.execute('echo', 'echo', { b: 'canary-argument', a: null });
  await gateway.execute('echo', 'echo', { a: null, b: 'canary-argument' });
  await gateway.callTool('execute_tool', { server: 'echo', tool: 'error' });
  await gateway.failure('execute_tool', { server: 'echo', tool: 'meta' });
  await gateway.failure('execute_tool', { server: 'secret', tool: 'x' });
  await gateway.failure('execute_tool', { server: 'nobody', tool: 'x' });
  await gateway.failure('execute_tool', { server: 'echo', tool: 'echo', agent_id: 'root' });
  await gateway.failure('execute_tool', { server: 'echo', tool: 'slow', args: { ms: 60_000 }, timeout_ms: 100 });
  await gateway.failure('execute_tool', { server: 'crashing', tool: 'x' });
  await gateway.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  await gateway.value('login_server', { server: 'crm' });
  await gateway.value('get_gateway_status');
  const lines = await until(() => (home.audit().length >= 14 ? home.audit() : undefined));
  expect(lines.map((line) => Object.keys(line))).toEqual(lines.map(() => keys));
  const shown = lines.map((line) => [line.operation, line.server, line.tool, line.decision, line.error_code]);
  expect(shown).toEqual([
    ['list_servers', null, null, 'ALLOW', null],
    ['get_server_tools', 'echo', null, 'ALLOW', null],
    ['execute_tool', 'echo', 'echo', 'ALLOW', null],
    ['execute_tool', 'echo', 'echo', 'ALLOW', null],
    ['execute_tool', 'echo', 'error', 'ALLOW', null],
    ['execute_tool', 'echo', 'meta', 'DENY', 'DENIED_BY_POLICY'],
    ['execute_tool', 'secret', 'x', 'DENY', 'DENIED_BY_POLICY'],
    ['execute_tool', 'nobody', 'x', 'ERROR', 'SERVER_NOT_FOUND'],
    ['execute_tool', 'echo', 'echo', 'DENY', 'INVALID_AGENT_ID'],
    ['execute_tool', 'echo', 'slow', 'TIMEOUT', 'TIMEOUT'],
    ['execute_tool', 'crashing', 'x', 'ERROR', 'SERVER_UNAVAILABLE'],
    ['execute_tool', 'crm', 'whoami', 'ERROR', 'AUTH_REQUIRED'],
    ['login_server', 'crm', null, 'ALLOW', null],
    ['get_gateway_status', null, null, 'ALLOW', null],
  ]);
  const [, , first, second, , denied, hidden] = lines;
  expect(first).toMatchObject({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    agent_id: 'me',
    rule: expect.stringContaining('allow'),
    latency_ms: expect.any(Number),
    args_sha256: sha256('{"a":null,"b":"canary-argument"}'),
    request_id: expect.anything(),
  });
  expect(first?.result_bytes).toBeGreaterThan(40);
  expect(second?.args_sha256).toBe(first?.args_sha256);
  expect(denied).toMatchObject({ rule: expect.stringMatching(/deny.*echo/), result_bytes: null });
  expect(hidden).toMatchObject({ rule: expect.stringContaining('deny') });
  expect(new Set(lines.map(({ request_id }) => request_id)).size).toBe(lines.length);
  expect(readFileSync(home.auditFile, 'utf8')).not.toContain('canary');
});

test('a call that was cancelled, and one whose host went away, leave their line', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  const gateway = await stage.gateway(home);
  const cancelling = new AbortController();
  const slow = { server: 'echo', tool: 'slow', args: { ms: 60_000, progress: 600 } };
  gateway
    .callTool('execute_tool', slow, { cancel: cancelling.signal, onProgress: () => cancelling.abort() })
    .catch(() => undefined);
  await until(() => home.audit().length > 0);
  let running = false;
  gateway
    .callTool('execute_tool', slow, {
      onProgress: () => {
        running = true;
      },
    })
    .catch(() => undefined);
  await until(() => running);
  expect(await gateway.stop()).toBe(0);
  expect(home.audit()).toMatchObject([
    { operation: 'execute_tool', tool: 'slow', decision: 'CANCELLED', error_code: 'CANCELLED', result_bytes: null },
    { operation: 'execute_tool', tool: 'slow', decision: 'CANCELLED', error_code: 'CANCELLED' },
  ]);
});

test('arguments that were refused before anything ran leave their line too', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  const gateway = await stage.gateway(home);
  await gateway.failure('execute_tool', { server: 'echo', tool: 'echo', args: [1] });
  await gateway.value('list_servers');
  const lines = await until(() =>
    home.audit().some((line) => line.operation === 'list_servers') ? home.audit() : undefined,
  );
  expect(lines.map((line) => [line.operation, line.decision, line.error_code])).toEqual([
    ['execute_tool', 'ERROR', 'INVALID_ARGUMENTS'],
    ['list_servers', 'ALLOW', null],
  ]);
});

test('several gateways write into one log, each line whole', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  const gateways = await Promise.all([1, 2, 3].map(() => stage.gateway(home)));
  await Promise.all(gateways.flatMap((gateway) => Array.from({ length: 50 }, () => gateway.value('list_servers'))));
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  expect(home.audit()).toHaveLength(150);
});

test('the log can be switched off, and one that cannot be written stops nothing', async () => {
  const off = stage.home({ servers: { echo: fixtureServer('echo') }, env: { GATEWAY_AUDIT_LOG: 'off' } });
  expect(await (await stage.gateway(off)).executeText('echo', 'echo', {})).toBe('{}');
  expect(off.audit()).toEqual([]);
  const blocked = stage.home({ servers: { echo: fixtureServer('echo') } });
  mkdirSync(blocked.auditFile, { recursive: true });
  const gateway = await stage.gateway(blocked);
  expect(await gateway.executeText('echo', 'echo', {})).toBe('{}');
  await until(() => gateway.stderr.includes(blocked.auditFile));
});

test('the log is readable by its owner alone', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  const gateway = await stage.gateway(home);
  await gateway.value('list_servers');
  await gateway.stop();
  expect(home.mode(home.auditFile)).toBe('600');
});
