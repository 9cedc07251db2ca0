// Owns the table of who counts as asking.
import { describe, expect, test } from 'vitest';
import type { AgentRules, Rules } from '../../src/config/rules.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { identify } from '../../src/policy/identify.ts';

const empty = { servers: [], tools: {}, resources: {}, prompts: {} };
const nothing: AgentRules = { allow: empty, deny: empty };

function rulesWith(agents: readonly string[], denyOnMissingAgent: boolean): Rules {
  return { agents: new Map(agents.map((name) => [name, nothing])), denyOnMissingAgent };
}

const none = undefined;
const strict = rulesWith(['a', 'b', 'default'], true);
const loose = rulesWith(['a', 'b', 'default'], false);
const looseWithoutDefault = rulesWith(['a', 'b'], false);

type Name = string | undefined;
type Row = readonly [rules: Rules | undefined, claimed?: Name, locked?: Name, fallback?: Name];

const answers: readonly [string, Row, string][] = [
  ['a claim', [loose, 'a'], 'a claimed'],
  ['a claim, strict', [strict, 'a'], 'a claimed'],
  ['a claim goes before the fallback', [loose, 'a', none, 'b'], 'a claimed'],
  ['an unknown claim is passed on, for the decision to deny', [loose, 'x'], 'x claimed'],
  ['an unknown claim, strict', [strict, 'x'], 'x claimed'],
  ['locked, no claim', [loose, none, 'a'], 'a locked'],
  ['locked, no claim, strict: nothing is missing', [strict, none, 'a'], 'a locked'],
  ['locked, empty claim', [strict, '', 'a'], 'a locked'],
  ['locked, blank claim', [strict, '  ', 'a'], 'a locked'],
  ['locked, the same claim', [strict, 'a', 'a'], 'a locked'],
  ['locked goes before the fallback', [loose, none, 'a', 'b'], 'a locked'],
  ['a locked agent that the rules do not know is denied by the decision', [loose, none, 'x'], 'x locked'],
  ['the fallback', [loose, none, none, 'b'], 'b fallback'],
  ['the fallback, empty claim', [loose, '', none, 'b'], 'b fallback'],
  ['the fallback where there is no agent default', [looseWithoutDefault, none, none, 'b'], 'b fallback'],
  ['agent default', [loose], 'default default'],
  ['agent default, empty everything', [loose, '', '', ''], 'default default'],
  ['no rules: agent default', [none], 'default default'],
  ['no rules: the fallback', [none, none, none, 'b'], 'b fallback'],
  ['no rules: the claim', [none, 'x', none, 'b'], 'x claimed'],
  ['no rules: the locked agent', [none, none, 'a', 'b'], 'a locked'],
];

const refusals: readonly [string, Row, ErrorCode][] = [
  ['locked, another claim', [loose, 'b', 'a'], 'INVALID_AGENT_ID'],
  ['locked, another claim, strict', [strict, 'b', 'a'], 'INVALID_AGENT_ID'],
  ['locked, the claim in another case', [loose, 'A', 'a'], 'INVALID_AGENT_ID'],
  ['no rules: locked, another claim', [none, 'b', 'a'], 'INVALID_AGENT_ID'],
  ['strict, no claim', [strict], 'INVALID_AGENT_ID'],
  ['strict, empty claim', [strict, ''], 'INVALID_AGENT_ID'],
  ['strict, no claim, a fallback', [strict, none, none, 'b'], 'INVALID_AGENT_ID'],
  ['strict, no claim, an unknown fallback', [strict, none, none, 'x'], 'INVALID_AGENT_ID'],
  ['an unknown fallback', [loose, none, none, 'x'], 'FALLBACK_AGENT_NOT_IN_RULES'],
  ['a fallback that is a member of every object', [loose, none, none, 'constructor'], 'FALLBACK_AGENT_NOT_IN_RULES'],
  ['no claim, no fallback, no agent default', [looseWithoutDefault], 'NO_FALLBACK_CONFIGURED'],
];

function ask([rules, claimed, locked, fallback]: Row): string {
  const { agent, source } = identify(rules, { claimed, locked, fallback });
  return `${agent} ${source}`;
}

describe('the one who asks is', () => {
  test.each(answers)('%s', (_, row, expected) => {
    expect(ask(row)).toBe(expected);
  });
});

describe('refused, with a hint', () => {
  test.each(refusals)('%s', (_, row, code) => {
    expect(() => ask(row)).toThrow(expect.objectContaining({ code, hint: expect.any(String) }));
  });
});
