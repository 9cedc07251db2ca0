// Resources, prompts and completion of servers through the meta tools.
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer, publishedServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const family = ['list_server_resources', 'read_server_resource', 'list_server_prompts', 'get_server_prompt'];

function start(rules?: object, servers: Record<string, object> = { docs: fixtureServer('resources') }) {
  return stage.gateway(stage.home({ servers, ...(rules && { rules }) }));
}

const listed = async (gateway: GatewayProcess): Promise<string[]> =>
  (await gateway.request('tools/list')).tools.map(({ name }: Json) => name);

const changes = (gateway: GatewayProcess): Json[] =>
  gateway.messages.filter(({ method }) => method === 'notifications/tools/list_changed');

describe('the meta tools for resources and prompts', () => {
  test('are listed once a server is known to have some, and the host is told', async () => {
    const gateway = await start();
    expect(await listed(gateway)).not.toContain('read_server_resource');
    await gateway.value('get_server_tools', { server: 'docs' });
    await until(() => changes(gateway).length === 1);
    const all = await gateway.request('tools/list');
    expect(encode(JSON.stringify(all)).length).toBeLessThanOrEqual(700);
    const { tools } = all;
    expect(tools.map(({ name }: Json) => name)).toEqual(expect.arrayContaining(family));
    const cost = encode(JSON.stringify(tools.filter(({ name }: Json) => family.includes(name)))).length;
    expect(cost).toBeLessThanOrEqual(250);
  });

  test('are not listed where no server has any', async () => {
    const gateway = await start(undefined, { echo: fixtureServer('echo') });
    await gateway.value('get_server_tools', { server: 'echo' });
    expect(await listed(gateway)).not.toEqual(expect.arrayContaining(['read_server_resource']));
    expect(changes(gateway)).toEqual([]);
  });

  test('are not listed for an agent that may not use the server', async () => {
    const servers = { docs: fixtureServer('resources'), echo: fixtureServer('echo') };
    const agents = { default: { allow: { servers: ['echo'] } }, other: { allow: { servers: ['*'] } } };
    const gateway = await start({ agents }, servers);
    await gateway.value('get_server_tools', { server: 'docs', agent_id: 'other' });
    expect(await listed(gateway)).not.toContain('read_server_resource');
  });

  test('can be called before they are listed', async () => {
    const gateway = await start();
    expect(await gateway.callTool('read_server_resource', { server: 'docs', uri: 'test://text' })).toMatchObject({
      content: [{ type: 'resource' }],
    });
  });

  test('are the ones that were agreed on, word for word', async () => {
    const gateway = await start();
    await gateway.value('list_server_prompts', { server: 'docs' });
    const { tools } = await gateway.request('tools/list');
    const ours = tools.filter(({ name }: Json) => family.includes(name));
    await expect(`${JSON.stringify(ours, null, 2)}\n`).toMatchFileSnapshot('./contracts/resource-tools.txt');
  });
});

describe('resources', () => {
  test('are listed with every member that their server gave them, from all pages', async () => {
    const gateway = await start();
    const annotations = { audience: ['user'], priority: 0.5, 'x-unknown': null };
    expect(await gateway.value('list_server_resources', { server: 'docs' })).toEqual({
      server: 'docs',
      resources: [
        { uri: 'test://text', name: 'text', annotations },
        { uri: 'test://blob', name: 'blob', annotations },
        { uri: 'test://folder', name: 'folder', annotations },
        { uri: 'ui://widget', name: 'widget', annotations },
      ],
      templates: [{ uriTemplate: 'test://by-name/{name}', name: 'by-name', 'x-unknown': 1 }],
    });
    const { resources, templates } = await gateway.value('list_server_resources', { server: 'docs', pattern: 'BL' });
    expect([resources.length, templates.length]).toEqual([1, 0]);
  });

  test('are listed again when the server says that they changed, and not before', async () => {
    const gateway = await start();
    const list = async (): Promise<number> =>
      (await gateway.value('list_server_resources', { server: 'docs' })).resources.length;
    expect([await list(), await list()]).toEqual([4, 4]);
    expect(JSON.parse(await gateway.executeText('docs', 'counts'))).toMatchObject({ 'resources/list': 2 });
    await gateway.execute('docs', 'grow');
    expect(await list()).toBe(5);
  });

  test.each<[string, string, object]>([
    ['text', 'test://text', { mimeType: 'text/plain', text: 'hello', 'x-unknown': [null] }],
    ['binary content, once', 'test://blob', { mimeType: 'image/png', blob: 'AAECAwQ=', _meta: { a: 1 } }],
    [
      'an app of a tool',
      'ui://widget',
      { mimeType: 'text/html;profile=mcp-app', text: '<html></html>', _meta: { ui: { csp: { connectDomains: [] } } } },
    ],
    ['what only a template names', 'test://by-name/x', { text: 'x' }],
    ['what only a link names', 'test://linked', { text: 'by a link' }],
  ])('are read unchanged: %s', async (_, uri, members) => {
    const gateway = await start();
    expect(await gateway.callTool('read_server_resource', { server: 'docs', uri })).toEqual({
      content: [{ type: 'resource', resource: { uri, ...members } }],
      _meta: { d: 4 },
      'x-unknown': null,
    });
  });

  test('of a folder come one by one', async () => {
    const gateway = await start();
    const { content } = await gateway.callTool('read_server_resource', { server: 'docs', uri: 'test://folder' });
    expect(content).toEqual([
      { type: 'resource', resource: { uri: 'test://folder/a', text: 'a' } },
      { type: 'resource', resource: { uri: 'test://folder/b', blob: 'Yg==' } },
    ]);
  });

  test('that do not exist are an error with the next step', async () => {
    const gateway = await start();
    expect(await gateway.failure('read_server_resource', { server: 'docs', uri: 'test://none' })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      server: 'docs',
      hint: expect.stringContaining('list_server_resources'),
    });
  });

  test('links to them, and the apps of tools, come with the tools and their results unchanged', async () => {
    const gateway = await start();
    const { content } = await gateway.execute('docs', 'link');
    expect(content).toEqual([{ type: 'resource_link', uri: 'test://linked', name: 'linked' }]);
    const { tools } = await gateway.value('get_server_tools', { server: 'docs' });
    expect(tools[0]._meta).toEqual({ ui: { resourceUri: 'ui://widget' } });
  });
});

describe('prompts', () => {
  test('are listed with every member that their server gave them', async () => {
    const gateway = await start();
    expect(await gateway.value('list_server_prompts', { server: 'docs' })).toEqual({
      server: 'docs',
      prompts: [
        { name: 'greet', title: 'Greets', arguments: [{ name: 'who', required: true }], 'x-unknown': { a: null } },
        { name: 'talk', description: 'Two voices', _meta: { b: 2 } },
      ],
    });
  });

  test('come with every message, and who says it', async () => {
    const gateway = await start();
    const speaker = (role: string, more: object = {}): object => ({
      type: 'text',
      text: `${role}:`,
      _meta: { 'portico/message': { role, ...more } },
    });
    const annotations = { audience: ['user'], priority: 0.5, 'x-unknown': null };
    expect(
      await gateway.callTool('get_server_prompt', { server: 'docs', name: 'greet', arguments: { who: 'Ann' } }),
    ).toEqual({
      description: 'd',
      content: [speaker('user'), { type: 'text', text: 'Greet Ann', annotations }],
      _meta: { c: 3 },
    });
    expect(await gateway.callTool('get_server_prompt', { server: 'docs', name: 'talk' })).toEqual({
      content: [
        speaker('user', { 'x-unknown': 1 }),
        { type: 'image', data: 'AAEC', mimeType: 'image/png' },
        speaker('assistant'),
        {
          type: 'resource',
          resource: { uri: 'test://blob', mimeType: 'image/png', blob: 'AAECAwQ=', _meta: { a: 1 } },
        },
        speaker('user'),
        { type: 'of-the-future', payload: [null] },
      ],
      'x-unknown': {},
    });
  });

  test('that do not exist are an error with the next step', async () => {
    const gateway = await start();
    expect(await gateway.failure('get_server_prompt', { server: 'docs', name: 'none' })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      hint: expect.stringContaining('list_server_prompts'),
    });
  });
});

test.each<[string, object, object]>([
  ['a prompt', { prompt: 'greet' }, { type: 'ref/prompt', name: 'greet' }],
  ['a template', { template: 'test://by-name/{name}' }, { type: 'ref/resource', uri: 'test://by-name/{name}' }],
])('values for an argument of %s come from its server', async (_, about, ref) => {
  const gateway = await start();
  const given = { server: 'docs', ...about, argument: 'who', value: 'A', context: { x: 'y' } };
  const { completion } = await gateway.value('complete_server_argument', given);
  expect(completion).toMatchObject({ total: 1, hasMore: false, 'x-unknown': 1 });
  expect(JSON.parse(completion.values[0])).toEqual({
    _meta: { progressToken: expect.anything() },
    ref,
    argument: { name: 'who', value: 'A' },
    context: { arguments: { x: 'y' } },
  });
});

describe('the rules', () => {
  const rules = {
    agents: {
      default: {
        allow: { servers: ['docs'], resources: { docs: ['test://*'] } },
        deny: { resources: { docs: ['*blob'] }, prompts: { '*': ['talk'] } },
      },
    },
  };

  test('what is listed can be used, what is not listed cannot, and each is noted', async () => {
    const home = stage.home({ servers: { docs: fixtureServer('resources') }, rules });
    const gateway = await stage.gateway(home);
    const { resources, templates } = await gateway.value('list_server_resources', { server: 'docs' });
    expect(resources.map(({ uri }: Json) => uri)).toEqual(['test://text', 'test://folder']);
    expect(templates).toHaveLength(1);
    const { prompts } = await gateway.value('list_server_prompts', { server: 'docs' });
    expect(prompts.map(({ name }: Json) => name)).toEqual(['greet']);
    for (const uri of ['test://blob', 'ui://widget']) {
      const failure = await gateway.failure('read_server_resource', { server: 'docs', uri });
      expect(failure).toMatchObject({ code: 'DENIED_BY_POLICY' });
    }
    expect(await gateway.failure('get_server_prompt', { server: 'docs', name: 'talk' })).toMatchObject({
      code: 'DENIED_BY_POLICY',
      rule: 'agents.default.deny.prompts["*"]: talk',
    });
    const about = { server: 'docs', argument: 'a', value: '' };
    expect(await gateway.failure('complete_server_argument', { ...about, prompt: 'talk' })).toMatchObject({
      code: 'DENIED_BY_POLICY',
    });
    await gateway.callTool('read_server_resource', { server: 'docs', uri: 'test://text' });
    await gateway.stop();
    const lines = home.audit().map(({ operation, tool, decision }) => [operation, tool, decision]);
    expect(lines).toEqual([
      ['list_server_resources', null, 'ALLOW'],
      ['list_server_prompts', null, 'ALLOW'],
      ['read_server_resource', 'test://blob', 'DENY'],
      ['read_server_resource', 'ui://widget', 'DENY'],
      ['get_server_prompt', 'talk', 'DENY'],
      ['complete_server_argument', 'talk', 'DENY'],
      ['read_server_resource', 'test://text', 'ALLOW'],
    ]);
  });
});

test('the resources and prompts of a server that nobody here wrote', async () => {
  const gateway = await start(undefined, { everything: publishedServer('everything') });
  const { resources, templates } = await gateway.value('list_server_resources', { server: 'everything' });
  expect(templates.length).toBeGreaterThan(0);
  const [{ uri }] = resources;
  const { content } = await gateway.callTool('read_server_resource', { server: 'everything', uri });
  expect(content[0]).toMatchObject({ type: 'resource', resource: { uri } });
  const { prompts } = await gateway.value('list_server_prompts', { server: 'everything' });
  const name = prompts[0].name;
  const prompt = await gateway.callTool('get_server_prompt', { server: 'everything', name });
  expect(prompt.content[0]).toMatchObject({ text: 'user:' });
});
