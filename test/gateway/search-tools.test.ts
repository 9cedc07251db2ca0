// Tests of src/gateway/search-tools.ts, tool-index.ts and tool-words.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToolDefinition } from '../../src/downstream/tool-pages.ts';
import type { KnownTools } from '../../src/gateway/downstream-port.ts';
import { createToolIndex } from '../../src/gateway/tool-index.ts';
import { queryWordsOf, textsOf, wordsOf } from '../../src/gateway/tool-words.ts';
import { createScene, type FakeServer, host, rules, type SceneSettings } from './scene.ts';

function tool(name: string, description = '', properties: Record<string, object> = {}): ToolDefinition {
  return { name, description, inputSchema: { type: 'object', properties }, unknownMember: { kept: null } };
}

const known = (tools: readonly ToolDefinition[]): KnownTools => ({ tools, listedAt: 0, isRecent: false });
const fails = () => {
  throw new Error('no server may be started');
};
const server = (...tools: ToolDefinition[]): FakeServer => ({ known: known(tools), connect: fails });

const issues = server(
  tool('create_issue', 'Opens an issue. Ask the user first.', { title: { type: 'string' }, body: { type: 'string' } }),
  tool('searchIssues', 'Looks for issues.', { query: { type: 'string' } }),
  tool('delete-repository', 'Removes all of it.', { owner: { type: 'string', description: 'The organisation' } }),
);
const weather = server(
  tool('get_forecast', 'The issue of today: no other issue.', { city: { type: 'string' } }),
  tool('get_alerts', 'Storms and floods.', {
    area: { type: 'object', properties: { postcode: { type: 'string', description: 'With five digits' } } } as object,
  }),
);

function scene(servers: Readonly<Record<string, FakeServer>> = { issues, weather }, more: Partial<SceneSettings> = {}) {
  const made = createScene({ servers, ...more });
  return { ...made, search: (query: string, input = {}) => made.gateway.searchTools({ query, ...input }, host()) };
}

const namesOf = ({ tools }: { readonly tools: readonly object[] }) =>
  tools.map((shown) => {
    const { server: at, name, definition } = shown as { server: string; name?: string; definition?: { name: string } };
    return `${at}/${name ?? definition?.name}`;
  });

describe('search_tools', () => {
  it.each([
    ['create an issue', 'issues/create_issue', 'words of the name'],
    ['search issues', 'issues/searchIssues', 'words of a name in camel case'],
    ['searchissues', 'issues/searchIssues', 'a name as one word'],
    ['deleteRepository', 'issues/delete-repository', 'a name in another spelling'],
    ['forecst', 'weather/get_forecast', 'a typing error'],
    ['repo', 'issues/delete-repository', 'the beginning of a word'],
    ['storms', 'weather/get_alerts', 'a word of the description'],
    ['city', 'weather/get_forecast', 'the name of a parameter'],
    ['organisation', 'issues/delete-repository', 'the description of a parameter'],
    ['postcode digits', 'weather/get_alerts', 'a parameter within a parameter'],
  ])('“%s” finds %s first: %s', async (query, best) => {
    expect(namesOf(await scene().search(query))[0]).toBe(best);
  });

  it('puts a word in the name before the same word in a description', async () => {
    expect(namesOf(await scene().search('issue'))).toEqual([
      'issues/create_issue',
      'issues/searchIssues',
      'weather/get_forecast',
      'issues/delete-repository',
    ]);
  });

  it.each(['', '???', 'xyzzyplugh', '  '])('finds nothing for “%s”', async (query) => {
    expect(await scene().search(query)).toEqual({ tools: [], tokens_used: 0 });
  });

  it('shows a line each, and at most so many as asked for', async () => {
    const found = await scene().search('issue', { limit: 1 });
    expect(found).toEqual({
      tools: [
        {
          server: 'issues',
          name: 'create_issue',
          description: 'Opens an issue.',
          parameters: '(title?: string, body?: string)',
        },
      ],
      tokens_used: expect.any(Number),
    });
  });

  it('shows names, or definitions as they are', async () => {
    expect((await scene().search('storms', { detail: 'names' })).tools).toEqual([
      { server: 'weather', name: 'get_alerts' },
    ]);
    for (const detail of ['full', 'auto']) {
      const { tools } = await scene().search('storms', { detail });
      expect(tools).toEqual([{ server: 'weather', definition: weather.known?.tools[1] }]);
    }
  });

  const long = server(
    ...Array.from({ length: 60 }, (_, index) =>
      tool(`long_${index}`, `Long. ${'And more of it. '.repeat(80)}`, { [`name_${index}`]: { type: 'string' } }),
    ),
  );
  it.each([
    { detail: 'full', whole: (count: number) => count >= 4 },
    { detail: 'auto', whole: (count: number) => count === 0 },
  ])('stays within the budget with detail $detail, and says how many were left out', async ({ detail, whole }) => {
    const { search } = scene({ long });
    const found = await search('long', { limit: 1000, detail });
    expect(found.tokens_used).toBeLessThanOrEqual(2000);
    expect(found.tools.length + (found.omitted ?? 0)).toBe(50);
    expect(whole(found.tools.filter((shown) => 'definition' in shown).length)).toBe(true);
  });

  it('shows the best one even where it alone is over the budget', async () => {
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`parameter_${at}`, { type: 'string' }]));
    const found = await scene({ wide: server(tool('wide', 'Wide.', wide)) }).search('wide', { detail: 'full' });
    expect(namesOf(found)).toEqual(['wide/wide']);
  });

  it('names the servers whose tools are not known, and starts none', async () => {
    const unseen = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`unseen_${at}`, { connect: fails }]));
    const off = { ...server(tool('storms')), entry: { disabled: true } };
    const found = await scene({ weather, off, ...unseen }).search('storms');
    expect(namesOf(found)).toEqual(['weather/get_alerts']);
    expect(found.not_searched).toHaveLength(20);
    expect(found).toMatchObject({ not_searched_count: 25, hint: expect.stringContaining('get_server_tools') });
    const few = await scene({ weather, new: { connect: fails } }).search('storms');
    expect(few).toMatchObject({ not_searched: ['new'] });
    expect(few).not.toHaveProperty('not_searched_count');
  });

  it('leaves one audit line, without a server', async () => {
    const { search, audit } = scene();
    await search('storms');
    expect(audit).toMatchObject([{ operation: 'search_tools', server: null, tool: null, decision: 'ALLOW' }]);
  });

  it('finds what a server lists now, and no longer what it listed before', async () => {
    const servers: Record<string, { known?: KnownTools }> = { one: {}, two: server(tool('steady_thing')) };
    const { search } = scene(servers);
    expect(namesOf(await search('thing'))).toEqual(['two/steady_thing']);
    servers['one'] = { known: known([tool('old_thing'), tool('other_thing')]) };
    expect(namesOf(await search('old thing'))[0]).toBe('one/old_thing');
    servers['one'] = { known: known([tool('new_thing')]) };
    expect(namesOf(await search('thing')).sort()).toEqual(['one/new_thing', 'two/steady_thing']);
    servers['one'] = {};
    expect(await search('new thing')).toMatchObject({ tools: [{ name: 'steady_thing' }], not_searched: ['one'] });
  });

  it('is asked by many at once, before the first index is there', async () => {
    const many = server(...Array.from({ length: 350 }, (_, at) => tool(`tool_number_${at}`)));
    const { search } = scene({ many });
    const all = await Promise.all([search('number 349'), search('number 349'), search('number 7')]);
    expect(all.map((found) => namesOf(found)[0])).toEqual([
      'many/tool_number_349',
      'many/tool_number_349',
      'many/tool_number_7',
    ]);
  });

  it('H54: finds exactly what the agent may call', async () => {
    const servers = ['alpha', 'beta', 'gamma'];
    const names = ['read_thing', 'write_thing', 'delete_thing'];
    const list = fc.subarray(['alpha', 'be*', 'gamma', '*']);
    const tools = fc.dictionary(
      fc.constantFrom('alpha', 'b*', '*'),
      fc.subarray(['read_*', 'write_thing', '*_thing', 'delete_?????']),
    );
    const side = fc.record({ servers: list, tools });
    await fc.assert(
      fc.asyncProperty(side, side, async (allow, deny) => {
        const fakes = Object.fromEntries(
          servers.map((name) => [name, { known: known(names.map((each) => tool(each))), call: async () => done }]),
        );
        const { gateway, search } = scene(fakes, { rules: rules({ default: { allow, deny } }) });
        const callable: string[] = [];
        for (const at of servers) {
          for (const name of names) {
            const called = gateway.executeTool({ server: at, tool: name, args: {} }, host());
            if (
              await called.then(
                () => true,
                () => false,
              )
            )
              callable.push(`${at}/${name}`);
          }
        }
        expect(namesOf(await search('thing', { limit: 50 })).sort()).toEqual(callable.sort());
      }),
      { numRuns: 60 },
    );
  });
});

const done = { result: { content: [] }, size: 1 };

describe('the words of a question', () => {
  it.each([
    ['How do I create an issue?', ['create', 'issue']],
    ['who is it', ['who', 'is', 'it']],
    ['', []],
    [`${'word '.repeat(60)}`, Array.from({ length: 30 }, () => 'word')],
  ])('“%s”', (query, words) => {
    expect(queryWordsOf(query)).toEqual(words);
  });
});

describe('the words of a tool', () => {
  it.each([
    ['searchIssues', ['search', 'issues', 'searchissues']],
    ['search_issues-now', ['search', 'issues', 'now']],
    ['getHTTPServer2', ['get', 'http', 'server', '2', 'gethttpserver2']],
    ['HTML', ['html']],
    ['Straße über', ['straße', 'über']],
    ['搜索', ['搜', '索', '搜索']],
    ['поискПисем', ['поиск', 'писем', 'поискписем']],
    ['--- !', []],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are bounded, however large and deep the schema', () => {
    let schema: object = { type: 'string', description: 'deepest' };
    for (let depth = 0; depth < 5000; depth++) schema = { type: 'object', properties: { inner: schema } };
    const wide = Object.fromEntries(
      Array.from({ length: 5000 }, (_, at) => [`p${at}`, { description: 'x'.repeat(99) }]),
    );
    for (const inputSchema of [schema, { properties: wide }, { properties: [1] }, { items: [null, 3] }, 7, null]) {
      const texts = textsOf({ name: 'x'.repeat(9999), description: 'y'.repeat(9999), inputSchema });
      for (const text of Object.values(texts)) expect(text.length).toBeLessThanOrEqual(4000);
      expect(texts.details).not.toContain('deepest');
    }
  });

  it('of any text are found again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20 }), fc.anything(), async (name, inputSchema) => {
        const tools = [{ name, inputSchema }] as ToolDefinition[];
        const found = await createToolIndex().find(name, new Map([['one', tools]]));
        expect(found).toHaveLength(wordsOf(name).length > 0 ? 1 : 0);
      }),
    );
  });
});
