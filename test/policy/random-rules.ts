// Owns random rules over few names, so that patterns and names often meet.
import fc from 'fast-check';
import type { AgentRules, RuleLists, Rules } from '../../src/config/rules.ts';

export const names = ['a', 'b', 'ab', 'ba', 'A', 'aab', 'a.b', '', 'constructor'] as const;
export const anyName = fc.constantFrom(...names);
export const anyAgent = fc.constantFrom('one', 'two', 'default', 'unknown', 'constructor');

const anyPattern = fc.oneof(anyName, fc.constantFrom('*', '?', 'a*', '*b', '?b', 'a?', '*a*', '??', 'a.*'));
const anyTools = fc.dictionary(
  anyPattern.filter((name) => name !== ''),
  fc.array(anyPattern, { maxLength: 3 }),
  { maxKeys: 3 },
);
const anyLists: fc.Arbitrary<RuleLists> = fc.record({
  servers: fc.array(anyPattern, { maxLength: 3 }),
  tools: anyTools,
  resources: anyTools,
  prompts: anyTools,
});
const anyAgentRules: fc.Arbitrary<AgentRules> = fc.record({ allow: anyLists, deny: anyLists });

export const anyRules: fc.Arbitrary<Rules> = fc.record({
  agents: fc
    .dictionary(fc.constantFrom('one', 'two', 'default'), anyAgentRules)
    .map((agents) => new Map(Object.entries(agents))),
  denyOnMissingAgent: fc.boolean(),
});
