// Tools of servers in the host's own list: under two independent clients, in both eras, against servers of every kind.
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import { connectHost, type HostKind, hostKinds } from '../helpers/hosts.ts';
import { type Json, JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { fixtureServer, publishedServer, type ServerCommand } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const direct = { args: ['serve', '--expose', 'direct'] };
const own = ['list_servers', 'read_result', 'login_server'];
const namesOf = (tools: readonly Json[]): string[] => tools.map(({ name }) => name);
const listed = async (gateway: GatewayProcess): Promise<Json[]> => (await gateway.request('tools/list')).tools;
/** The list once the tools of these servers are in it: a machine may be slower than the first list waits. */
const listedWith = (gateway: GatewayProcess, ...servers: string[]): Promise<Json[]> =>
  until(async () => {
    const tools = await listed(gateway);
    return servers.every((server) => tools.some(({ name }) => name.startsWith(`${server}__`))) ? tools : undefined;
  });
const told = (gateway: GatewayProcess): number =>
  gateway.messages.filter(({ method }) => method === 'notifications/tools/list_changed').length;

/** The same exchange without the gateway. */
async function straight({ command, args }: ServerCommand): Promise<JsonRpcProcess> {
  const server = new JsonRpcProcess({ command, args, cwd: process.cwd(), env: {} });
  stage.own(() => server.stop());
  await server.initialize();
  return server;
}

describe.each(hostKinds)('%s', (kind: HostKind) => {
  test('sees the tools of a published server, calls them, and hears of those that come later', async () => {
    const servers = {
      all: publishedServer('everything', 'stdio'),
      grows: fixtureServer('list-changed'),
      meta: { ...fixtureServer('echo'), expose: 'meta' },
    };
    const lists: (readonly Json[])[] = [];
    const host = await connectHost(kind, stage.home({ servers }), ['--expose', 'direct'], (tools) => lists.push(tools));
    stage.own(() => host.close());
    const names = await until(async () => {
      const found = namesOf(await host.tools());
      return ['all__', 'grows__'].every((prefix) => found.some((name) => name.startsWith(prefix))) ? found : undefined;
    });
    lists.length = 0;
    expect(names).toEqual(
      expect.arrayContaining([...own, 'execute_tool', 'all__echo', 'all__get-sum', 'grows__tool_1']),
    );
    expect(names.some((name) => name.startsWith('meta__'))).toBe(false);
    const sum = await host.call('all__get-sum', { a: 2, b: 40 });
    expect(sum.content).toEqual([{ type: 'text', text: expect.stringContaining('42') }]);
    const weather = await host.call('all__get-structured-content', { location: 'New York' });
    expect(weather.structuredContent).toMatchObject({ temperature: expect.any(Number) });
    const echoed = await host.call('execute_tool', { server: 'meta', tool: 'echo', args: { a: null } });
    expect(echoed.content[0].text).toBe('{"a":null}');
    await host.call('grows__tool_1');
    await until(() => lists.some((tools) => namesOf(tools).includes('grows__tool_2')));
    await expect(host.call('all__no-such-tool')).rejects.toThrow(/Unknown tool/);
  });
});

test('definitions are those of the server byte for byte, but for the name', async () => {
  const echo = fixtureServer('echo', '--tools', '20');
  const server = await straight(echo);
  const { tools: expected } = await server.request('tools/list');
  const gateway = await stage.gateway(stage.home({ servers: { echo } }), direct);
  const tools = (await listedWith(gateway, 'echo')).slice(own.length);
  expect(tools.map((tool) => JSON.stringify({ ...tool, name: tool.name.replace('echo__', '') }))).toEqual(
    expected.map((tool: Json) => JSON.stringify(tool)),
  );
});

test.each(['audio', 'resource_link', 'structured', 'meta', 'error'])(
  'the result of %s passes unchanged',
  async (tool) => {
    const echo = fixtureServer('echo');
    const server = await straight(echo);
    const gateway = await stage.gateway(stage.home({ servers: { echo } }), direct);
    await listed(gateway);
    expect(JSON.stringify(await gateway.callTool(`echo__${tool}`))).toBe(JSON.stringify(await server.callTool(tool)));
  },
);

test('arguments pass as they were sent, and stay absent where there were none', async () => {
  const gateway = await stage.gateway(stage.home({ servers: { seen: fixtureServer('seen-params') } }), direct);
  await listedWith(gateway, 'seen');
  const seen = async (params: object): Promise<Json> => {
    const { content } = await gateway.request('tools/call', { name: 'seen__params', ...params });
    const { _meta: _ours, ...rest } = JSON.parse(content[0].text);
    return rest;
  };
  expect(await seen({})).toEqual({ name: 'params' });
  const given = { agent_id: 'x', nothing: null, server: 'y', deep: [{ a: 1.5 }] };
  expect(await seen({ arguments: given })).toEqual({ name: 'params', arguments: given });
});

test('two servers whose names would give one name keep their tools apart, in any order', async () => {
  const one = { a__b: fixtureServer('list-changed', 'silent'), a: fixtureServer('seen-params', 'b__tool_1') };
  const routes = async (servers: object): Promise<Map<string, string>> => {
    const gateway = await stage.gateway(stage.home({ servers: { ...servers } }), direct);
    const names = await until(async () => {
      const found = namesOf(await listed(gateway)).filter((name) => name.includes('tool_1'));
      return found.length === 2 ? found : undefined;
    });
    const results = await Promise.all(names.map((name) => gateway.callTool(name)));
    return new Map(names.map((name, at) => [name, results[at]?.content[0].text.slice(0, 7)] as const).sort());
  };
  const found = await routes(one);
  expect([...found.keys()]).toEqual([expect.stringMatching(/^a__b__tool_1_/), expect.stringMatching(/^a__b__tool_1_/)]);
  expect([...found.values()].sort()).toEqual(['2', '{"name"']);
  expect(await routes({ a: one.a, a__b: one.a__b })).toEqual(found);
});

test('what the rules forbid is not listed and not called, and both are noted', async () => {
  const rules = {
    agents: { clerk: { allow: { servers: ['echo'] }, deny: { tools: { echo: ['env'] } } } },
  };
  const home = stage.home({ servers: { echo: fixtureServer('echo'), hidden: fixtureServer('echo') }, rules });
  const gateway = await stage.gateway(home, { args: [...direct.args, '--agent', 'clerk'] });
  const names = namesOf(await listedWith(gateway, 'echo'));
  expect(names).toContain('echo__echo');
  expect(names).not.toContain('echo__env');
  expect(names.some((name) => name.startsWith('hidden'))).toBe(false);
  const refused = await gateway.callTool('echo__env');
  expect(refused.isError).toBe(true);
  expect(JSON.parse(refused.content[0].text).error).toMatchObject({
    code: 'DENIED_BY_POLICY',
    server: 'echo',
    tool: 'env',
  });
  await expect(gateway.callTool('hidden__echo')).rejects.toMatchObject({ code: -32602 });
  await gateway.callTool('echo__echo');
  await gateway.stop();
  const noted = home
    .audit()
    .map(({ operation, server, tool, decision, error_code }) => [operation, server, tool, decision, error_code]);
  expect(noted).toEqual([
    ['execute_tool', 'echo', 'env', 'DENY', 'DENIED_BY_POLICY'],
    ['execute_tool', null, 'hidden__echo', 'ERROR', 'TOOL_NOT_FOUND'],
    ['execute_tool', 'echo', 'echo', 'ALLOW', null],
  ]);
});

test('tools that are known from an earlier run are listed without their server, and can be called', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  const first = await stage.gateway(home, direct);
  const before = await listedWith(first, 'echo');
  await first.stop();
  const second = await stage.gateway(home, direct);
  expect(await listed(second)).toEqual(before);
  expect(await second.listed('echo')).toMatchObject({ state: 'idle' });
  expect((await second.callTool('echo__echo', { a: 1 })).content[0].text).toBe('{"a":1}');
});

test('a tool is called by its name before anybody listed anything', async () => {
  const gateway = await stage.gateway(stage.home({ servers: { echo: fixtureServer('echo') } }), direct);
  expect((await gateway.callTool('echo__echo', { a: 1 })).content[0].text).toBe('{"a":1}');
});

test('a server that hangs keeps nobody from the tools of the others, and one that fails is told of by list_servers', async () => {
  const servers = { hangs: fixtureServer('hang'), fails: fixtureServer('crash-on-start'), echo: fixtureServer('echo') };
  const gateway = await stage.gateway(stage.home({ servers }), direct);
  expect(namesOf(await listedWith(gateway, 'echo'))).toContain('echo__echo');
  expect(await gateway.listed('fails')).toMatchObject({ state: expect.stringMatching(/failed|connecting/) });
});

test('a host is told once of what one call changed, and not at all of what it does not see', async () => {
  const rules = { agents: { default: { allow: { servers: ['*'] }, deny: { tools: { quiet: ['tool_2'] } } } } };
  const servers = { grows: fixtureServer('list-changed'), quiet: fixtureServer('list-changed') };
  const gateway = await stage.gateway(stage.home({ servers, rules }), direct);
  await listedWith(gateway, 'grows', 'quiet');
  const before = told(gateway);
  await gateway.callTool('quiet__tool_1');
  await gateway.callTool('grows__tool_1');
  await until(() => told(gateway) > before);
  const names = namesOf(await listed(gateway));
  expect(names).toContain('grows__tool_2');
  expect(names).not.toContain('quiet__tool_2');
  expect(told(gateway)).toBe(before + 1);
});

test('the tools of a server appear after the login to it', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const gateway = await stage.gateway(home, direct);
  expect(namesOf(await listed(gateway))).toEqual(own);
  expect(await gateway.listed('crm')).toMatchObject({ state: 'needs_login' });
  await gateway.value('login_server', { server: 'crm' });
  await until(() => told(gateway));
  const names = namesOf(await listed(gateway));
  expect(names.length).toBeGreaterThan(own.length);
  expect(names.slice(own.length).every((name) => name.startsWith('crm__'))).toBe(true);
});

test('one server of many is exposed by its entry, and the environment says it for all', async () => {
  const servers = { one: { ...fixtureServer('echo'), expose: 'direct' }, two: fixtureServer('echo') };
  const some = namesOf(await listedWith(await stage.gateway(stage.home({ servers })), 'one'));
  expect(some).toEqual(expect.arrayContaining(['execute_tool', 'get_server_tools', 'one__echo']));
  expect(some).not.toContain('two__echo');
  const all = await stage.gateway(stage.home({ servers, env: { GATEWAY_EXPOSE: 'direct' } }));
  await listedWith(all, 'one', 'two');
  expect(namesOf(await listed(all))).not.toContain('execute_tool');
});

test('a failure of the gateway leaves structuredContent to the tool', async () => {
  const gateway = await stage.gateway(stage.home({ servers: { crash: fixtureServer('crash-on-call') } }), direct);
  const [tool] = namesOf(await listedWith(gateway, 'crash')).slice(own.length);
  const failed = await gateway.callTool(tool ?? '');
  expect(failed).toEqual({
    isError: true,
    content: [{ type: 'text', text: expect.stringContaining('SERVER_UNAVAILABLE') }],
  });
});
