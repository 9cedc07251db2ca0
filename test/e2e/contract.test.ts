// The contract of the meta tools: which there are, what they cost, what they say of servers.
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const tokensOf = (value: unknown): number => encode(JSON.stringify(value)).length;

function manyServers(count: number): Record<string, object> {
  const entries = Array.from({ length: count }, (_, index) => {
    const description = 'Reads and writes the documents of the team, searches them by words, and keeps their history.';
    return [`documents-of-team-${index + 1}`, { ...fixtureServer('echo'), description }] as const;
  });
  return Object.fromEntries(entries);
}

const offered = ['list_servers', 'search_tools', 'get_server_tools', 'execute_tool', 'read_result', 'login_server'];

test.each([
  { servers: 1, args: [], names: offered },
  { servers: 50, args: [], names: offered },
  {
    servers: 50,
    args: ['--debug'],
    names: [...offered, 'get_gateway_status'],
  },
])(
  'F45: with $servers servers and arguments $args, tools/list stays within 700 tokens',
  async ({ servers, args, names }) => {
    const gateway = await stage.gateway(stage.home({ servers: manyServers(servers) }), { args: ['serve', ...args] });
    const listed = await gateway.request('tools/list');
    expect(listed.tools.map(({ name }: { name: string }) => name)).toEqual(names);
    expect(tokensOf(listed)).toBeLessThanOrEqual(700);
    expect(JSON.stringify(listed)).not.toMatch(/\$ref|anyOf|oneOf|allOf|\$schema|outputSchema/);
  },
);

test('the meta tools are the ones that were agreed on, word for word', async () => {
  const gateway = await stage.gateway(stage.home(), { args: ['serve', '--debug'] });
  const listed = await gateway.request('tools/list');
  await expect(`${JSON.stringify(listed, null, 2)}\n`).toMatchFileSnapshot('./contracts/meta-tools.txt');
});

test('F50: execute_tool says that it may destroy and reach out, and what lists and shows is read-only', async () => {
  const gateway = await stage.gateway(stage.home());
  const { tools } = await gateway.request('tools/list');
  const said = Object.fromEntries(tools.map(({ name, annotations }: Json) => [name, annotations]));
  const readOnly = { readOnlyHint: true };
  expect(said).toEqual({
    list_servers: readOnly,
    search_tools: readOnly,
    get_server_tools: readOnly,
    execute_tool: { destructiveHint: true, openWorldHint: true },
    read_result: readOnly,
    login_server: { destructiveHint: false },
  });
});

test('initialize names the gateway and says how to begin', async () => {
  const gateway = stage.start(stage.home());
  expect(await gateway.initialize()).toEqual({
    protocolVersion: '2025-11-25',
    capabilities: { tools: { listChanged: true }, logging: {} },
    serverInfo: { name: 'portico', title: 'Portico', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    instructions: expect.stringContaining('list_servers'),
  });
});

test.each([
  { asked: '2025-06-18', given: '2025-06-18' },
  { asked: '2024-11-05', given: '2024-11-05' },
  { asked: '1999-01-01', given: '2025-11-25' },
])('a host that asks for revision $asked gets $given', async ({ asked, given }) => {
  const gateway = stage.start(stage.home());
  expect(await gateway.initialize(asked)).toMatchObject({ protocolVersion: given });
});

test('F45: list_servers costs at most 50 tokens a server', async () => {
  const gateway = await stage.gateway(stage.home({ servers: manyServers(50) }));
  const { servers } = await gateway.value('list_servers');
  expect(servers).toHaveLength(50);
  for (const server of servers) expect(tokensOf(server)).toBeLessThanOrEqual(50);
});

test('F45: a server of 20 tools costs at most 1,300 tokens to look up, and is whole when asked for by name', async () => {
  const echo = fixtureServer('echo', '--tools', '7');
  const gateway = await stage.gateway(stage.home({ servers: { echo } }), {});
  const found = await gateway.value('get_server_tools', { server: 'echo' });
  expect(found).toMatchObject({ server: 'echo', total_available: 20, returned: 20 });
  expect(tokensOf(found)).toBeLessThanOrEqual(1300);
  const [tool] = (await gateway.value('get_server_tools', { server: 'echo', names: 'extra_1' })).tools;
  expect(tool.inputSchema.properties.limit).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 10 });
});

describe('get_server_tools', () => {
  const echo = fixtureServer('echo', '--tools', '30');
  const ask = async (args: object) => {
    const gateway = await stage.gateway(stage.home({ servers: { echo } }));
    return await gateway.value('get_server_tools', { server: 'echo', ...args });
  };

  test('gives names alone for detail names', async () => {
    const { tools, detail } = await ask({ detail: 'names', pattern: 'extra_1*' });
    expect(detail).toBe('names');
    expect(tools).toHaveLength(11);
    expect(tools[0]).toEqual({ name: 'extra_1' });
  });

  test('gives a signature and a sentence for detail brief', async () => {
    const { tools } = await ask({ detail: 'brief', names: ['extra_2', 'slow'] });
    expect(tools).toEqual([
      { name: 'slow', description: 'Answers late.', parameters: expect.stringContaining('ms') },
      {
        name: 'extra_2',
        description: 'Extra tool number 2.',
        parameters: expect.stringMatching(/query.*limit/),
      },
    ]);
  });

  test('fits whole tools into an explicit budget and names those that are left out', async () => {
    const found = await ask({ detail: 'full', max_schema_tokens: 600 });
    expect(found.returned).toBeGreaterThan(3);
    expect(found.returned + found.omitted.length).toBe(43);
    expect(tokensOf(found.tools)).toBeLessThanOrEqual(700);
    for (const tool of found.tools) expect(tool.inputSchema.type).toBe('object');
  });

  test('takes names as one string with commas, as JSON text, and as an array', async () => {
    const gateway = await stage.gateway(stage.home({ servers: { echo } }));
    for (const names of ['echo,slow', '["echo", "slow"]', ['echo', 'slow']]) {
      const { tools } = await gateway.value('get_server_tools', { server: 'echo', names });
      expect(tools.map(({ name }: { name: string }) => name)).toEqual(['echo', 'slow']);
    }
  });

  test('reads every page of a server, each tool once', async () => {
    const gateway = await stage.gateway(stage.home({ servers: { pages: fixtureServer('many-pages') } }));
    const { tools } = await gateway.value('get_server_tools', { server: 'pages', detail: 'names' });
    const names = tools.map(({ name }: { name: string }) => name).sort();
    expect(names).toEqual(['on_every_page', 'tool_1', 'tool_2', 'tool_3', 'tool_4', 'tool_5']);
  });
});
