// Which meta tools for resources and prompts are of use: src/gateway/permitted-offers.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RecalledOffers } from '../../src/downstream/known-offers.ts';
import { decide, permitsSome } from '../../src/policy/decide.ts';
import { anyAgent, anyName, anyRules } from '../policy/random-rules.ts';
import { createScene, rules } from './scene.ts';

const offers = { resources: true, prompts: true, completions: true };
const none = { resources: false, prompts: false, completions: false };
const knows = (lists: RecalledOffers['lists'] = {}) => ({ docs: { knownOffers: { offers, lists } }, echo: {} });
const agent = (more: object) => rules({ default: { allow: { servers: ['*'] }, ...more } });
const greet = { prompts: [{ name: 'greet' }] };

it.each([
  ['what a server that is not up is known to have', knows(), undefined, offers],
  ['nothing of a server of which nothing is known', { docs: {} }, undefined, none],
  ['nothing of a server that may not be seen', knows(), rules({ default: { allow: { servers: ['echo'] } } }), none],
  ['no prompts where none is listed', knows({ prompts: [] }), undefined, { ...offers, prompts: false }],
  [
    'no prompts where none of those that are listed may be used',
    knows(greet),
    agent({ deny: { prompts: { '*': ['greet'] } } }),
    { ...offers, prompts: false },
  ],
  [
    'prompts as long as another than the forbidden one may be listed',
    knows(),
    agent({ deny: { prompts: { '*': ['greet'] } } }),
    offers,
  ],
  [
    'nothing where the rules leave nothing',
    knows(greet),
    agent({ deny: { resources: { 'd*': ['*'] }, prompts: { docs: ['*'] } } }),
    none,
  ],
  [
    'resources that are in no list: links lead to them',
    knows(greet),
    agent({ allow: { servers: ['*'], resources: { docs: ['x://*'] } } }),
    offers,
  ],
])('there is, for an agent, %s', async (_what, servers, given, expected) => {
  const { gateway } = createScene({ servers, ...(given && { rules: given }) });
  expect((await gateway.direct.give()).offers).toEqual(expected);
});

it('H54: where nothing of a kind can be permitted, nothing is', () => {
  const kind = fc.constantFrom('tool', 'resource', 'prompt');
  fc.assert(
    fc.property(anyRules, anyAgent, anyName, anyName, kind, (given, agentId, server, item, itemKind) => {
      const about = { agent: agentId, server };
      const { allowed } = decide(given, { ...about, item: { kind: itemKind, name: item } });
      if (allowed) expect(permitsSome(given, { ...about, kind: itemKind })).toBe(true);
    }),
  );
});
