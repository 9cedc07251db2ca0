// Owns making the rules of one rules file, whole or not at all; the decision itself is in policy/.
import { resolve } from 'node:path';
import { deepFreeze } from '../lib/freeze.ts';
import { frozenMap } from '../lib/frozen-map.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';
import { nearestNames } from '../lib/nearest-name.ts';
import { ConfigError } from './config-error.ts';
import { createIssueList, type IssueList, keyText } from './issue-list.ts';
import { type Admit, type JsonDocument, type JsonPath, readJsonDocument } from './json-document.ts';
import { type AgentRules, itemKinds, listOf, type RuleLists, type Rules } from './rules.ts';
import { agentSchema, type RawRuleLists, ruleDefaultsSchema, ruleKeys } from './rules-schema.ts';
import { schemaProblems, typeOf } from './schema-issues.ts';
import type { ConfigIssue } from './server-entry.ts';
import { isObject } from './value-checks.ts';

export interface LoadedRules {
  readonly path: string;
  readonly rules: Rules;
  /** Warnings only: with an error there are no rules. */
  readonly issues: readonly ConfigIssue[];
}

/**
 * Rules are never half applied: one error anywhere makes the file unusable.
 * @throws ConfigError (CONFIG_INVALID)
 */
export async function loadRules({
  path,
  admit,
}: {
  readonly path: string;
  readonly admit?: Admit | undefined;
}): Promise<LoadedRules> {
  const document = await readJsonDocument(resolve(path), admit);
  const issues = createIssueList(document);
  const rules = parseRules(document, issues);
  if (!rules || issues.hasErrors()) throw new ConfigError(issues.issues);
  return deepFreeze({ path: document.file, rules, issues: deepFreeze([...issues.issues]) });
}

function parseRules(document: JsonDocument, issues: IssueList): Rules | undefined {
  const root = document.value;
  if (!isObject(root)) {
    const hint = 'write {"agents": { ... }}';
    issues.error({ path: [], message: `the file must hold an object, not ${typeOf(root)}`, hint });
    return undefined;
  }
  for (const path of document.duplicates) {
    // JSON keeps the last one: the rules of the first would be lost.
    issues.error({ path, message: `${keyText(path)} stands there twice`, hint: 'put both into one', atKey: true });
  }
  checkKeys(root, ruleKeys.topLevel, [], issues);
  const agents = agentsOf(root['agents'], issues);
  const defaults = root['defaults'] ?? {};
  if (isObject(defaults)) checkKeys(defaults, ruleKeys.defaults, ['defaults'], issues);
  const checked = check(ruleDefaultsSchema, defaults, ['defaults'], issues);
  if (!agents || !checked) return undefined;
  return { agents: frozenMap(agents), denyOnMissingAgent: checked.deny_on_missing_agent ?? false };
}

function agentsOf(value: unknown, issues: IssueList): Map<string, AgentRules> | undefined {
  if (!isObject(value)) {
    const what = value === undefined ? 'is missing' : `must be an object, not ${typeOf(value)}`;
    const hint = 'write {"agents": {"name": {"allow": {"servers": ["*"]}}}}';
    issues.error({ path: ['agents'], message: `"agents" ${what}`, hint });
    return undefined;
  }
  const agents = new Map<string, AgentRules>();
  for (const [name, raw] of Object.entries(value)) {
    const path = ['agents', name];
    if (name.trim() === '')
      issues.error({ path, message: 'an agent without a name', hint: 'give it one', atKey: true });
    checkAgentKeys(raw, path, issues);
    const checked = check(agentSchema, raw, path, issues);
    if (!checked) continue;
    const agent = deepFreeze({ allow: ruleLists(checked.allow), deny: ruleLists(checked.deny) });
    warnUnreachable(agent, path, issues);
    warnBrackets(agent, path, issues);
    agents.set(name, agent);
  }
  return agents;
}

function ruleLists(raw: RawRuleLists | undefined): RuleLists {
  return {
    servers: raw?.servers ?? [],
    tools: { ...raw?.tools },
    resources: { ...raw?.resources },
    prompts: { ...raw?.prompts },
  };
}

function checkAgentKeys(agent: unknown, path: JsonPath, issues: IssueList): void {
  if (!isObject(agent)) return;
  checkKeys(agent, ruleKeys.agent, path, issues);
  for (const side of ['allow', 'deny']) {
    const lists = agent[side];
    if (!isObject(lists)) continue;
    checkKeys(lists, ruleKeys.lists, [...path, side], issues);
    for (const list of itemKinds.map((kind) => listOf[kind])) {
      // zod leaves this name out of records: a rule would be lost without a word.
      if (!isObject(lists[list]) || !Object.hasOwn(lists[list], '__proto__')) continue;
      const at = [...path, side, list, '__proto__'];
      const message = `${keyText(at)} cannot be the name of a server`;
      issues.error({ path: at, message, hint: 'remove it', atKey: true });
    }
  }
}

/**
 * An unknown key is a warning. Inside of an agent a mistyped one is an error: `denny` would take the `deny` away and
 * leave the `allow`.
 */
function checkKeys(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: JsonPath,
  issues: IssueList,
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const at = [...path, key];
    const [nearest] = nearestNames(key, known, 1);
    const hint = nearest === undefined ? undefined : `did you mean "${nearest}"?`;
    const note = { path: at, message: `${keyText(at)} is no known key and has no effect`, hint, atKey: true };
    if (path[0] === 'agents' && nearest !== undefined) issues.error(note);
    else issues.warning(note);
  }
}

const hints: Readonly<Record<string, string>> = {
  servers: 'write a list of names: ["docs-*"]',
  tools: 'write an object of lists: {"server": ["tool", "read_*"]}',
  resources: 'write an object of lists: {"server": ["file:///docs/*"]}',
  prompts: 'write an object of lists: {"server": ["prompt", "review_*"]}',
  allow: 'write {"servers": [...], "tools": {"server": [...]}}',
  deny: 'write {"servers": [...], "tools": {"server": [...]}}',
  deny_on_missing_agent: 'write true or false without quotes',
  agents: 'write {"allow": {"servers": [...]}, "deny": {"servers": [...]}} for each agent',
  defaults: 'write {"deny_on_missing_agent": true}',
};

type Schema<T> = {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: Parameters<typeof schemaProblems>[0] };
};

function check<T>(schema: Schema<T>, value: unknown, base: JsonPath, issues: IssueList): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const { path, message } of schemaProblems(result.error, value)) {
    const at = [...base, ...path];
    const key = at.findLast((step) => typeof step === 'string' && Object.hasOwn(hints, step));
    issues.error({ path: at, message: `${keyText(at)} ${message}`, hint: hints[String(key)] });
  }
  return undefined;
}

/** A list for a server that `allow.servers` does not let in is a rule without effect, and most likely a mistake. */
function warnUnreachable(agent: AgentRules, path: JsonPath, issues: IssueList): void {
  for (const list of itemKinds.map((kind) => listOf[kind])) {
    for (const server of Object.keys(agent.allow[list])) {
      if (isGlob(server) || agent.allow.servers.some((pattern) => matchesGlob(pattern, server))) continue;
      const at = [...path, 'allow', list, server];
      const message = `${keyText(at)} has no effect: allow.servers does not name it`;
      issues.warning({ path: at, message, hint: `add "${server}" to allow.servers`, atKey: true });
    }
  }
}

/** Elsewhere `[ab]` stands for one of these characters; here a `deny` that is written so would match nothing. */
function warnBrackets(agent: AgentRules, path: JsonPath, issues: IssueList): void {
  const warn = (pattern: string, at: JsonPath, atKey = false): void => {
    if (!/\[.+\]/u.test(pattern)) return;
    const message = `${keyText(at)}: [ and ] stand for themselves, only * and ? are wildcards`;
    issues.warning({ path: at, message, hint: 'write one name for each', atKey });
  };
  for (const side of ['allow', 'deny'] as const) {
    for (const [index, server] of agent[side].servers.entries()) warn(server, [...path, side, 'servers', index]);
    for (const [server, tools] of Object.entries(agent[side].tools)) {
      warn(server, [...path, side, 'tools', server], true);
      for (const [index, tool] of tools.entries()) warn(tool, [...path, side, 'tools', server, index]);
    }
  }
}
