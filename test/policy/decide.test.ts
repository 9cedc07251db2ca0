// Owns the tests of the decision: the named cases, and properties over random rules.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RuleLists, Rules } from '../../src/config/rules.ts';
import { decide } from '../../src/policy/decide.ts';
import { anyAgent, anyName, anyRules, names } from './random-rules.ts';

type Lists = Partial<RuleLists>;

function rulesFor(allow: Lists, deny: Lists = {}): Rules {
  const empty = { servers: [], tools: {}, resources: {}, prompts: {} };
  const agent = { allow: { ...empty, ...allow }, deny: { ...empty, ...deny } };
  return { agents: new Map([['a', agent]]), denyOnMissingAgent: false };
}

const cases: readonly [string, Lists, Lists, string, string | undefined, boolean, string][] = [
  ['no rule for the server', {}, {}, 's', undefined, false, 'agents.a.allow.servers'],
  ['an allowed server', { servers: ['s'] }, {}, 's', undefined, true, 'agents.a.allow.servers: s'],
  ['allow * and deny x: x', { servers: ['*'] }, { servers: ['x'] }, 'x', undefined, false, 'agents.a.deny.servers: x'],
  ['allow * and deny x: y', { servers: ['*'] }, { servers: ['x'] }, 'y', undefined, true, 'agents.a.allow.servers: *'],
  ['allow x and deny *', { servers: ['x'] }, { servers: ['*'] }, 'x', undefined, false, 'agents.a.deny.servers: *'],
  ['a glob in a server name', { servers: ['docs-*'] }, {}, 'docs-1', undefined, true, 'agents.a.allow.servers: docs-*'],
  ['a glob is anchored', { servers: ['docs-*'] }, {}, 'x-docs-1', undefined, false, 'agents.a.allow.servers'],
  ['? is one character', { servers: ['s?'] }, {}, 's', undefined, false, 'agents.a.allow.servers'],
  ['server names are case-sensitive', { servers: ['S*'] }, {}, 's1', undefined, false, 'agents.a.allow.servers'],
  ['no list of tools: every tool', { servers: ['s'] }, {}, 's', 't', true, 'agents.a.allow.servers: s'],
  [
    'a tool of a denied server',
    { servers: ['*'], tools: { s: ['t'] } },
    { servers: ['s'] },
    's',
    't',
    false,
    'agents.a.deny.servers: s',
  ],
  ['a tool of a server that nothing allows', { tools: { s: ['t'] } }, {}, 's', 't', false, 'agents.a.allow.servers'],
  [
    'exact deny before exact allow',
    { servers: ['s'], tools: { s: ['t'] } },
    { tools: { s: ['*', 't'] } },
    's',
    't',
    false,
    'agents.a.deny.tools["s"]: t',
  ],
  [
    'wildcard deny before exact allow',
    { servers: ['s'], tools: { s: ['t'] } },
    { tools: { s: ['t*'] } },
    's',
    't',
    false,
    'agents.a.deny.tools["s"]: t*',
  ],
  [
    'exact allow is named before wildcard allow',
    { servers: ['s'], tools: { s: ['*', 't'] } },
    {},
    's',
    't',
    true,
    'agents.a.allow.tools["s"]: t',
  ],
  [
    'a list that names the server is complete',
    { servers: ['s'], tools: { s: ['u'] } },
    {},
    's',
    't',
    false,
    'agents.a.allow.tools["s"]',
  ],
  [
    'an empty list means no tool',
    { servers: ['s'], tools: { s: [] } },
    {},
    's',
    't',
    false,
    'agents.a.allow.tools["s"]',
  ],
  [
    'a list for another server says nothing',
    { servers: ['*'], tools: { u: [] } },
    {},
    's',
    't',
    true,
    'agents.a.allow.servers: *',
  ],
  [
    'tools of "*" hold for every server: allow',
    { servers: ['*'], tools: { '*': ['read_*'] } },
    {},
    's',
    'read_x',
    true,
    'agents.a.allow.tools["*"]: read_*',
  ],
  [
    'tools of "*" hold for every server: others',
    { servers: ['*'], tools: { '*': ['read_*'] } },
    {},
    's',
    'x',
    false,
    'agents.a.allow.tools["*"]',
  ],
  [
    'tools of "*" hold for every server: deny',
    { servers: ['*'] },
    { tools: { '*': ['delete_*'] } },
    's',
    'delete_x',
    false,
    'agents.a.deny.tools["*"]: delete_*',
  ],
  [
    'a glob as server of tools',
    { servers: ['*'], tools: { 'd-*': ['t'] } },
    {},
    'd-1',
    'u',
    false,
    'agents.a.allow.tools["d-*"]',
  ],
  [
    'several lists that name the server add up',
    { servers: ['*'], tools: { s: ['t'], '*': ['u'] } },
    {},
    's',
    'u',
    true,
    'agents.a.allow.tools["*"]: u',
  ],
  [
    'tool names are case-sensitive',
    { servers: ['s'] },
    { tools: { s: ['Delete'] } },
    's',
    'delete',
    true,
    'agents.a.allow.servers: s',
  ],
  [
    'an empty tool name is a name',
    { servers: ['s'], tools: { s: ['t'] } },
    {},
    's',
    '',
    false,
    'agents.a.allow.tools["s"]',
  ],
  [
    'names of object members are names',
    { servers: ['s'], tools: { s: ['t'] } },
    {},
    'constructor',
    't',
    false,
    'agents.a.allow.servers',
  ],
];

test.each(cases)('%s', (_, allow, deny, server, tool, allowed, rule) => {
  expect(
    decide(rulesFor(allow, deny), {
      agent: 'a',
      server,
      item: tool === undefined ? undefined : { kind: 'tool', name: tool },
    }),
  ).toMatchObject({ allowed, rule });
});

describe.each([
  ['resource', 'resources'],
  ['prompt', 'prompts'],
] as const)('a %s', (kind, list) => {
  const judge = (allow: Lists, deny: Lists, name: string): object =>
    decide(rulesFor({ servers: ['s'], ...allow }, deny), { agent: 'a', server: 's', item: { kind, name } });

  test.each<[string, Lists, Lists, boolean, string]>([
    ['no list: everything of the server', {}, {}, true, 'agents.a.allow.servers: s'],
    [
      'lists of tools say nothing about it',
      { tools: { s: [] } },
      { tools: { s: ['*'] } },
      true,
      'agents.a.allow.servers: s',
    ],
    ['in a list', { [list]: { s: ['x://a/*'] } }, {}, true, `agents.a.allow.${list}["s"]: x://a/*`],
    ['in no list', { [list]: { '*': ['y://*'] } }, {}, false, `agents.a.allow.${list}["*"]`],
    ['an empty list', { [list]: { s: [] } }, {}, false, `agents.a.allow.${list}["s"]`],
    ['denied', { [list]: { s: ['x://a/b'] } }, { [list]: { s: ['*/b'] } }, false, `agents.a.deny.${list}["s"]: */b`],
  ])('is judged by its own lists: %s', (_, allow, deny, allowed, rule) => {
    expect(judge(allow, deny, 'x://a/b')).toMatchObject({ allowed, rule });
  });
});

describe('agents', () => {
  test('without rules everything is allowed', () => {
    expect(decide(undefined, { agent: 'x', server: 's', item: { kind: 'tool', name: 't' } }).allowed).toBe(true);
  });

  test.each([true, false])('an invented agent is denied everything, deny_on_missing_agent %s', (denyOnMissingAgent) => {
    const rules = { ...rulesFor({ servers: ['*'] }), denyOnMissingAgent };
    expect(decide(rules, { agent: 'invented', server: 's' })).toMatchObject({ allowed: false, rule: 'agents' });
    expect(decide(rules, { agent: 'invented', server: 's', item: { kind: 'tool', name: 't' } }).allowed).toBe(false);
    expect(decide(rules, { agent: 'A', server: 's' }).allowed).toBe(false);
    expect(decide(rules, { agent: 'constructor', server: 's' }).allowed).toBe(false);
  });

  test('a refusal names nothing that the question did not name', () => {
    const rules = rulesFor({ servers: ['hidden'], tools: { hidden: ['secret_tool'] } });
    expect(JSON.stringify(decide(rules, { agent: 'a', server: 'x', item: { kind: 'tool', name: 'y' } }))).not.toMatch(
      /hidden|secret_tool/,
    );
  });
});

/** The rules of the contract, written a second time and in another way: every pattern as a regular expression. */
function expected(rules: Rules, agent: string, server: string, tool?: string): boolean {
  const own = rules.agents.get(agent);
  if (!own) return false;
  const matches = (pattern: string, name: string): boolean =>
    new RegExp(
      `^${[...pattern].map((c) => (c === '*' ? '[^]*' : c === '?' ? '[^]' : `\\u{${c.codePointAt(0)?.toString(16)}}`)).join('')}$`,
      'u',
    ).test(name);
  const some = (patterns: readonly string[], name: string): boolean =>
    patterns.some((pattern) => matches(pattern, name));
  if (some(own.deny.servers, server) || !some(own.allow.servers, server)) return false;
  if (tool === undefined) return true;
  const lists = (side: RuleLists): (readonly string[])[] =>
    Object.entries(side.tools).flatMap(([pattern, tools]) => (matches(pattern, server) ? [tools] : []));
  if (lists(own.deny).some((tools) => some(tools, tool))) return false;
  return lists(own.allow).length === 0 || lists(own.allow).some((tools) => some(tools, tool));
}

describe('over random rules', () => {
  test('H54: what is listed can be called, and what is not listed cannot', () => {
    fc.assert(
      fc.property(anyRules, anyAgent, (rules, agent) => {
        const listed = names
          .filter((server) => decide(rules, { agent, server }).allowed)
          .flatMap((server) =>
            names
              .filter((tool) => decide(rules, { agent, server, item: { kind: 'tool', name: tool } }).allowed)
              .map((tool) => `${server}/${tool}`),
          );
        const callable = names.flatMap((server) =>
          names.filter((tool) => expected(rules, agent, server, tool)).map((tool) => `${server}/${tool}`),
        );
        expect(listed).toEqual(callable);
      }),
      { numRuns: 500 },
    );
  });

  test('the decision on a server is the one of the contract', () => {
    fc.assert(
      fc.property(anyRules, anyAgent, anyName, (rules, agent, server) => {
        expect(decide(rules, { agent, server }).allowed).toBe(expected(rules, agent, server));
      }),
      { numRuns: 1000 },
    );
  });

  test('no tool is allowed on a server that is not', () => {
    fc.assert(
      fc.property(anyRules, anyAgent, anyName, anyName, (rules, agent, server, tool) => {
        fc.pre(decide(rules, { agent, server, item: { kind: 'tool', name: tool } }).allowed);
        expect(decide(rules, { agent, server }).allowed).toBe(true);
      }),
    );
  });

  test('one more deny never allows more', () => {
    fc.assert(
      fc.property(anyRules, anyAgent, anyName, anyName, anyName, (rules, agent, server, tool, denied) => {
        const own = rules.agents.get(agent);
        fc.pre(own !== undefined && !decide(rules, { agent, server, item: { kind: 'tool', name: tool } }).allowed);
        const none = { servers: [], tools: {}, resources: {}, prompts: {} };
        const deny = { ...none, ...own?.deny, servers: [...(own?.deny.servers ?? []), denied] };
        const stricter = { ...rules, agents: new Map([[agent, { allow: own?.allow ?? deny, deny }]]) };
        expect(decide(stricter, { agent, server, item: { kind: 'tool', name: tool } }).allowed).toBe(false);
      }),
    );
  });
});
