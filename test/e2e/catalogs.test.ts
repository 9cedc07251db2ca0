// Catalogs across restarts: a gateway that starts later knows the tools of servers that it has not started.
import { readFileSync, utimesSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const catalogsOf = (home: Home) => home.files().filter((path) => /catalogs.[0-9a-f]{32}\.json$/.test(path));
const tools = ['tool_1', 'tool_2'].map((name) => ({ name }));

/** A home whose server has been listed, with two tools, by a gateway that has ended. */
async function visited() {
  const home = stage.home({ servers: { grows: fixtureServer('list-changed', 'silent') } });
  const gateway = await stage.gateway(home);
  await gateway.execute('grows', 'tool_1');
  await gateway.value('get_server_tools', { server: 'grows' });
  expect(await gateway.stop()).toBe(0);
  return home;
}

test('the tools of a server are shown before it is up, and marked', async () => {
  const home = await visited();
  const gateway = await stage.gateway(home);
  expect(await gateway.listed('grows')).toMatchObject({ state: 'idle', tools: 2, protocol: '2025-11-25' });
  const listed = await gateway.value('get_server_tools', { server: 'grows', detail: 'names' });
  expect(listed).toMatchObject({ tools, cached: true, cached_at: expect.stringMatching(/^\d{4}-.*Z$/) });
  // The process of the server is not there: this gateway's own would have one tool.
  expect(await gateway.listed('grows')).toMatchObject({ state: 'idle' });
  await gateway.execute('grows', 'tool_1');
  await gateway.execute('grows', 'tool_1');
  const live = await gateway.value('get_server_tools', { server: 'grows', detail: 'names' });
  expect(live.tools).toHaveLength(3);
  expect(live).not.toHaveProperty('cached');
});

test('a config that was changed since, and the command line, ask the server', async () => {
  const home = await visited();
  const own = ['tool_1'];
  const named = JSON.parse((await stage.run(home, ['tools', 'grows', '--json'])).stdout);
  expect(named.tools.map(({ name }: { name: string }) => name)).toEqual(own);
  const later = new Date(Date.now() + 60_000);
  utimesSync(home.configFile, later, later);
  const gateway = await stage.gateway(home);
  const listed = await gateway.value('get_server_tools', { server: 'grows', detail: 'names' });
  expect(listed).toMatchObject({ tools: own.map((name) => ({ name })) });
  expect(listed).not.toHaveProperty('cached');
});

test('a server that cannot be started any more is shown as it was, with the reason', async () => {
  const home = await visited();
  const [catalog = ''] = catalogsOf(home);
  expect(home.mode(catalog)).toBe('600');
  const saved = JSON.parse(readFileSync(catalog, 'utf8'));
  home.write(catalog.slice(home.directory.length + 1), JSON.stringify({ ...saved, saved_at: 0 }));
  const gateway = await stage.gateway(home, { nodeArgs: ['--require', home.write('broken.cjs', breakSpawn)] });
  expect(await gateway.value('get_server_tools', { server: 'grows', detail: 'names' })).toMatchObject({
    tools,
    cached: true,
    cached_at: '1970-01-01T00:00:00.000Z',
    hint: expect.stringContaining('cannot be reached'),
  });
});

/** No process can be started any more. */
const breakSpawn = `
const { ChildProcess } = require('node:child_process');
ChildProcess.prototype.spawn = function () {
  process.nextTick(() => this.emit('error', Object.assign(new Error('spawn EACCES'), { code: 'EACCES' })));
  return -13;
};
`;

test('after a logout nothing is left of what the account was shown', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const gateway = await stage.gateway(home);
  await gateway.value('get_server_tools', { server: 'crm' });
  expect(await gateway.stop()).toBe(0);
  expect(catalogsOf(home)).toHaveLength(1);
  expect(await stage.run(home, ['logout', 'crm'])).toMatchObject({ code: 0 });
  expect(catalogsOf(home)).toEqual([]);
});

test('what a server has besides tools is known to the next gateway before it is up', async () => {
  const home = stage.home({ servers: { docs: fixtureServer('resources') } });
  const family = ['list_server_resources', 'read_server_resource', 'list_server_prompts', 'get_server_prompt'];
  const first = await stage.gateway(home);
  await first.value('list_server_prompts', { server: 'docs' });
  expect(await first.stop()).toBe(0);
  const [saved = '', ...others] = home.files().filter((path) => path.endsWith('.offers.json'));
  expect([home.mode(saved), others]).toEqual(['600', []]);
  const gateway = await stage.gateway(home);
  const listed = async () => {
    const answer = await gateway.request('tools/list');
    return answer.tools.map(({ name }: { name: string }) => name);
  };
  // A gateway that takes long to load tells the host afterwards.
  await expect.poll(listed).toEqual(expect.arrayContaining(family));
  expect(await gateway.listed('docs')).toMatchObject({ state: 'idle' });
});
