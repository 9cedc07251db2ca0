// One server's trouble is its own: the others answer at once, and list_servers says what is wrong with which.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Json } from '../helpers/json-rpc-process.ts';
import { processesOf } from '../helpers/processes.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

async function scene(options: { strategy?: string } = {}) {
  const { server } = await stage.protectedPair();
  const home = stage.home({
    servers: {
      good: { ...fixtureServer('echo'), description: 'Works' },
      hanging: fixtureServer('hang'),
      crashing: fixtureServer('crash-on-start'),
      dying: fixtureServer('crash-on-call'),
      behind_login: { url: server.url },
      off: { ...fixtureServer('echo'), disabled: true },
    },
    ...(options.strategy !== undefined && { env: { GATEWAY_INIT_STRATEGY: options.strategy } }),
  });
  return { home, server };
}

const inOrder = (servers: Json[]): string[] => servers.map(({ name, state }) => `${name}: ${state}`);

test('E37, E42: a hanging, a crashing and a 401 server do not keep a good one from answering', async () => {
  const { home } = await scene();
  const gateway = await stage.gateway(home);
  const answered: string[] = [];
  const note = (name: string) => () => answered.push(name);
  // Never answered in this test: the connect limit of a stdio server is two minutes.
  gateway.callTool('execute_tool', { server: 'hanging', tool: 'echo' }).then(note('hanging'), () => undefined);
  const crashing = gateway.failure('execute_tool', { server: 'crashing', tool: 'echo' });
  const dying = gateway.failure('execute_tool', { server: 'dying', tool: 'die' });
  const behind = gateway.failure('execute_tool', { server: 'behind_login', tool: 'whoami' });
  expect(await gateway.executeText('good', 'echo', { message: 'hello' })).toBe('{"message":"hello"}');
  expect(await crashing).toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    server: 'crashing',
    message: expect.stringMatching(/exit.* 3.*cannot open database/s),
  });
  expect((await crashing).message).not.toContain('sk-live-1234567890');
  expect(await dying).toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    server: 'dying',
    message: expect.stringMatching(/7.*it was zero/s),
  });
  expect(await behind).toMatchObject({ code: 'AUTH_REQUIRED', server: 'behind_login' });
  expect(answered).toEqual([]);

  const { servers } = await gateway.value('list_servers', { include_metadata: true });
  expect(inOrder(servers)).toEqual([
    'good: ready',
    'hanging: connecting',
    'crashing: failed',
    // It was up, so it is started again by and by.
    expect.stringMatching(/^dying: (failed|connecting|ready)$/),
    'behind_login: login_pending',
    'off: disabled',
  ]);
  expect(servers[2].hint).toMatch(/exited with code 3.*cannot open database/s);
  const log = await until(() => home.files().find((path) => path.endsWith(join('servers', 'crashing.log'))));
  expect(home.mode(log)).toBe('600');
  await until(() => /cannot open database[\s\S]*exited with code 3/.test(readFileSync(log, 'utf8')));
  expect(readFileSync(log, 'utf8')).not.toContain('sk-live-1234567890');
  expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
});

test('E37: with everything started eagerly, the handshake and the good server do not wait for the others', async () => {
  const { home } = await scene({ strategy: 'eager' });
  const gateway = await stage.gateway(home);
  expect(await gateway.request('tools/list')).toMatchObject({ tools: { length: 6 } });
  expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
  const states = await until(async () => {
    const { servers } = await gateway.value('list_servers');
    const settled = servers.filter(({ state }: Json) => ['failed', 'needs_login'].includes(state)).length >= 2;
    return settled ? inOrder(servers) : undefined;
  });
  expect(states).toContain('crashing: failed');
  expect(states).toContain('behind_login: needs_login');
  expect(states).toContain('hanging: connecting');
  // Nobody called it, so no browser and no login.
  expect(home.openings()).toEqual([]);
});

test('E43: of 20 servers none is started before somebody asks for it, then that one, once, and none that is idle stays', async () => {
  const { home } = await scene();
  const marked = { PORTICO_TEST_MARK: `mark-${process.pid}-${Date.now()}` };
  const names = ['good', ...Array.from({ length: 19 }, (_, index) => `other-${index}`)];
  const entry = { ...fixtureServer('echo'), env: marked, idleTimeoutMs: 1000 };
  home.writeServers(Object.fromEntries(names.map((name) => [name, entry])));
  const gateway = await stage.gateway(home);
  await gateway.value('list_servers');
  expect(processesOf(marked.PORTICO_TEST_MARK)).toEqual([]);
  const pids = await Promise.all([1, 2, 3, 4, 5].map(() => gateway.executeText('good', 'pid')));
  expect(new Set(pids).size).toBe(1);
  expect(processesOf(marked.PORTICO_TEST_MARK).map(({ pid }) => String(pid))).toEqual([pids[0]]);
  await until(() => processesOf(marked.PORTICO_TEST_MARK).length === 0);
  const { servers } = await gateway.value('list_servers');
  expect(servers[0]).toMatchObject({ name: 'good', state: 'idle' });
  expect(await gateway.executeText('good', 'pid')).not.toBe(pids[0]);
});

test('a server that died is started again by the next call', async () => {
  const home = stage.home({ servers: { chatty: fixtureServer('stderr-chatter', '2000') } });
  const gateway = await stage.gateway(home);
  const first = await gateway.executeText('chatty', 'pid');
  expect(await gateway.failure('execute_tool', { server: 'chatty', tool: 'exit' })).toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining('last line'),
  });
  const second = await gateway.executeText('chatty', 'pid');
  expect(second).not.toBe(first);
});

test('no server sees the secrets of another, of the gateway or of its logins', async () => {
  const home = stage.home({
    servers: {
      one: { ...fixtureServer('echo'), env: { ONE_API_KEY: 'canary-one' } },
      two: { ...fixtureServer('echo'), env: { TWO_API_KEY: 'canary-two' }, inheritEnv: ['SHARED_*'] },
    },
    env: { GITHUB_PAT: 'canary-gateway', SHARED_ONE: 'shared', GATEWAY_TOKEN_KEY: 'canary-key-of-logins' },
  });
  const gateway = await stage.gateway(home);
  const one = JSON.parse(await gateway.executeText('one', 'env'));
  const two = JSON.parse(await gateway.executeText('two', 'env'));
  expect(one).toMatchObject({ ONE_API_KEY: 'canary-one', PATH: expect.stringContaining('/bin'), HOME: home.directory });
  expect(two).toMatchObject({ TWO_API_KEY: 'canary-two', SHARED_ONE: 'shared' });
  expect(JSON.stringify(one)).not.toMatch(/canary-(two|gateway|key)|SHARED/);
  expect(JSON.stringify(two)).not.toMatch(/canary-(one|gateway|key)/);
});
