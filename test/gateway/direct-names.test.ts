import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namePrefix, nameTools, type ServerTool } from '../../src/gateway/direct-names.ts';

const names = (tools: readonly ServerTool[], servers?: readonly string[]): readonly string[] => [
  ...nameTools(tools, new Set(servers ?? tools.map(({ server }) => server))).keys(),
];
const pair = (server: string, tool: string): ServerTool => ({ server, tool });

/** Few letters, so that collisions are found; and everything else that somebody may write. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '_', '-', '.', ' ', 'é'), maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('a', '_'), minLength: 25, maxLength: 80 }) },
);
const tools = fc.array(fc.record({ server: word, tool: word }), { maxLength: 30 });
const distinct = (given: readonly ServerTool[]): number => new Set(given.map((tool) => JSON.stringify(tool))).size;

describe('the names of tools that are exposed directly', () => {
  it.each([
    { tool: pair('files', 'read_file'), name: 'files__read_file' },
    { tool: pair('docs-2', 'search-all'), name: 'docs-2__search-all' },
    { tool: pair('files', '_private'), name: 'files___private' },
    { tool: pair('my files', 'read'), name: expect.stringMatching(/^my_files__read_[0-9a-f]{8}$/) },
    { tool: pair('files', 'read.file'), name: expect.stringMatching(/^files__read_file_[0-9a-f]{8}$/) },
    { tool: pair('files', 'x'.repeat(53)), name: `files__${'x'.repeat(53)}` },
    { tool: pair('files', 'x'.repeat(54)), name: expect.stringMatching(/^files__x{44}_[0-9a-f]{8}$/) },
    { tool: pair('files', '🚀'), name: expect.stringMatching(/^files____[0-9a-f]{8}$/) },
  ])('$tool.server and $tool.tool', ({ tool, name }) => {
    expect(names([tool])).toEqual([name]);
  });

  it('never come out of one server and one tool as they would of two others', () => {
    const [first = '', second = ''] = names([pair('a__b', 'c'), pair('a', 'b__c')]);
    expect(first).toMatch(/^a__b__c_[0-9a-f]{8}$/);
    expect(second).toMatch(/^a__b__c_[0-9a-f]{8}$/);
    expect(first).not.toBe(second);
    expect(names([pair('a', 'b__c')], ['a'])).toEqual(['a__b__c']);
  });

  it('are told apart where a tool is called like the suffixed name of another', () => {
    const [odd = ''] = names([pair('a', 'x y')]);
    const both = names([pair('a', 'x y'), pair('a', odd.slice('a__'.length))]);
    expect(new Set(both).size).toBe(2);
    expect(both).not.toContain(odd);
  });

  it('of a tool that a server lists twice is the first', () => {
    const twice = [
      { ...pair('a', 't'), which: 1 },
      { ...pair('a', 't'), which: 2 },
    ];
    expect([...nameTools(twice, new Set(['a'])).values()]).toEqual([twice[0]]);
  });

  it('F47: are fit for every host, and each tool has one of its own', () => {
    fc.assert(
      fc.property(tools, (given) => {
        const all = names(given);
        expect(all).toHaveLength(distinct(given));
        for (const name of all) expect(name).toMatch(/^[A-Za-z0-9_-]{1,60}$/);
      }),
      { numRuns: 500 },
    );
  });

  it('do not depend on the order of servers and tools', () => {
    fc.assert(
      fc.property(tools, fc.infiniteStream(fc.nat()), (given, seeds) => {
        const shuffled = given
          .map((tool) => ({ tool, at: seeds.next().value }))
          .sort((one, other) => one.at - other.at);
        const sorted = (all: readonly ServerTool[]) => {
          const found = nameTools(all, new Set(given.map(({ server }) => server)));
          return [...found].map(([name, { server, tool }]) => [name, server, tool].join('\n')).sort();
        };
        expect(sorted(shuffled.map(({ tool }) => tool))).toEqual(sorted(given));
      }),
    );
  });

  it('do not depend on which other servers are up', () => {
    // Letters without a hash in them: tools that are named after the suffix of another are the one exception.
    const letters = fc.string({ unit: fc.constantFrom('x', 'y', '_', ' '), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.record({ server: letters, tool: letters }), { minLength: 1, maxLength: 20 }), (given) => {
        const servers = given.map(({ server }) => server);
        const together = nameTools(given, new Set(servers));
        for (const server of servers) {
          const alone = names(
            given.filter((tool) => tool.server === server),
            servers,
          );
          expect([...together].filter(([, tool]) => tool.server === server).map(([name]) => name)).toEqual(alone);
        }
      }),
    );
  });

  it('begin with what their server is recognised by', () => {
    fc.assert(
      fc.property(tools, (given) => {
        for (const [name, { server }] of nameTools(given, new Set(given.map((tool) => tool.server)))) {
          expect(name.startsWith(namePrefix(server))).toBe(true);
        }
      }),
    );
  });
});
