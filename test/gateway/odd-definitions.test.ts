// Definitions as no server should give them: each is listed, found and named, and takes nothing from those beside it.
import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, test } from 'vitest';
import { collectTools, type ToolDefinition } from '../../src/downstream/tool-pages.ts';
import { details } from '../../src/gateway/get-server-tools.ts';
import { forHost } from '../../src/gateway/host-definition.ts';
import { createScene, host, type Scene } from './scene.ts';

const nested = (levels: number) => JSON.parse('{"a":'.repeat(levels) + 0 + '}'.repeat(levels));
const megabyte = 'long '.repeat(200_000);
const object = { type: 'object' };
const good = { name: 'good_tool', description: 'Is as it should be.', inputSchema: object };
const leftOut = (what: string) => expect.stringContaining(`${what}, nested more than 1000 levels deep`);
const noForm = (what: string) => expect.stringMatching(new RegExp(`form that MCP does not know: ${what}\\.`));

/** What is wrong, the definition, and what a host sees of it in direct mode where that is not the definition. */
const odd: readonly [string, Record<string, unknown>, Record<string, unknown>?][] = [
  [
    'a schema deeper than JSON can be written',
    { inputSchema: nested(100_000) },
    { description: leftOut('inputSchema') },
  ],
  [
    'an annotation of that depth',
    { inputSchema: object, annotations: nested(9000) },
    { description: leftOut('annotations') },
  ],
  ['a schema as deep as may be', { inputSchema: { type: 'object', x: nested(999) } }],
  ['a description of a megabyte', { inputSchema: object, description: megabyte }],
  [
    'a value of a megabyte',
    { inputSchema: { type: 'object', properties: { a: { const: megabyte }, b: { enum: [megabyte] } } } },
  ],
  [
    '20,000 parameters',
    {
      inputSchema: {
        type: 'object',
        properties: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`p${at}`, {}])),
      },
    },
  ],
  ['a schema that loops', { inputSchema: { type: 'object', $ref: '#', properties: { a: { $ref: '#' } } } }],
  [
    'a member named __proto__',
    { inputSchema: JSON.parse('{"type":"object","__proto__":{"x":1},"properties":{"__proto__":{"type":"string"}}}') },
  ],
  ['half a character and a NUL', { inputSchema: object, description: 'a\ud800b\u0000c' }],
  ['no schema', {}, { inputSchema: object }],
  ['null for a schema', { inputSchema: null }, { inputSchema: object, description: noForm('inputSchema') }],
  ['a list for a schema', { inputSchema: [object] }, { inputSchema: object, description: noForm('inputSchema') }],
  ['a text for a schema', { inputSchema: 'object' }, { inputSchema: object, description: noForm('inputSchema') }],
  [
    'a schema of no object',
    { inputSchema: { type: 'string' } },
    { inputSchema: object, description: noForm('inputSchema') },
  ],
  [
    'parameters that are none',
    { inputSchema: { type: 'object', properties: { a: 7 } } },
    { description: noForm('inputSchema') },
  ],
  [
    'a description that is no text',
    { inputSchema: object, description: { en: 'x' } },
    { description: noForm('description') },
  ],
  [
    'a title and hints of other kinds',
    { inputSchema: object, title: 7, annotations: { readOnlyHint: 'yes' } },
    { description: noForm('title, annotations') },
  ],
  [
    'a null for an output schema',
    { inputSchema: object, outputSchema: null, _meta: null },
    { description: noForm('_meta, outputSchema') },
  ],
];

/** As the tools come in, beside such as have no name that could be called, and one that has the name of another. */
async function sceneWith(definition: Record<string, unknown>): Promise<Scene> {
  const page = {
    tools: [{ name: 'odd_tool', ...definition }, null, 'x', {}, { name: 7 }, { ...good, name: 'odd_tool' }, good],
  };
  const { tools } = await collectTools(async () => page);
  const known = { tools, listedAt: 0, isRecent: true };
  return createScene({ servers: { odd: { tools, known } }, settings: { expose: 'direct' } });
}

const size = (value: unknown) => JSON.stringify(value).length;
const namesOf = (tools: readonly object[]) => tools.map((tool) => ('name' in tool ? tool.name : undefined));

describe.each(odd)('D46: a tool with %s', (_what, definition, inDirectMode) => {
  it('is named in every detail, and those beside it are whole', async () => {
    const { gateway } = await sceneWith(definition);
    for (const detail of details) {
      const listed = await gateway.getServerTools({ server: 'odd', detail }, host());
      expect([...namesOf(listed.tools), ...(listed.omitted ?? [])].sort()).toEqual(['good_tool', 'odd_tool']);
      if (detail !== 'full') expect(size(listed)).toBeLessThan(10_000);
      else expect(listed.tools).toContainEqual(good);
      const found = await gateway.searchTools({ query: 'good odd tool', detail }, host());
      expect(found.tools).toHaveLength(2);
      expect(size(found)).toBeLessThan(10_000);
    }
    const { servers } = await gateway.listServers({ includeMetadata: true }, host());
    expect(size(servers)).toBeLessThan(1000);
  });

  it('costs a host none of the others in direct mode', async () => {
    const { gateway } = await sceneWith(definition);
    const { direct } = await gateway.direct.give();
    expect(namesOf(direct)).toEqual(['odd__odd_tool', 'odd__good_tool']);
    expect(direct[0]).toMatchObject(inDirectMode ?? definition);
    expect(direct[1]).toEqual({ ...good, name: 'odd__good_tool' });
    const read = ListToolsResultSchema.safeParse(JSON.parse(JSON.stringify({ tools: direct })));
    expect(read.error).toBeUndefined();
  });
});

test('a definition that is right goes on as the object that came', () => {
  const tool = {
    ...good,
    title: 'T',
    annotations: { readOnlyHint: true, 'x-own': 1 },
    icons: [{ src: 'x:' }],
    'x-own': null,
  };
  expect(forHost('tools', tool, { inputSchema: object })).toBe(tool);
  const resource: ToolDefinition = { uri: 'x:', name: 'x', size: 1, annotations: {} };
  expect(forHost('resources', resource, { name: 'x:' })).toBe(resource);
});

test.each([
  ['resources', { uri: 'x:/a' }, { name: 'x:/a' }, { uri: 'x:/a', name: 'x:/a' }],
  ['resources', { uri: 'x:/a', name: 7 }, { name: 'x:/a' }, { uri: 'x:/a', name: 'x:/a', description: noForm('name') }],
  [
    'prompts',
    { name: 'p', arguments: [{}], description: 'D.' },
    {},
    { name: 'p', description: expect.stringMatching(/arguments\.\] D\.$/) },
  ],
] as const)('D46: one of the %s without what it needs is mended: %j', (kind, definition, required, shown) => {
  expect(forHost<Record<string, unknown>>(kind, definition, required)).toEqual(shown);
});
