// Owns the one decision of the rules, for listing and for calling alike: pure, by names alone; knows nothing of whether
// a server, or what it is asked for, exists.
import { type AgentRules, type ItemKind, listOf, type RuleLists, type Rules } from '../config/rules.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';

/** Something that a server offers: a tool or prompt by its name, a resource by its URI. */
export interface Item {
  readonly kind: ItemKind;
  readonly name: string;
}

export interface Question {
  readonly agent: string;
  readonly server: string;
  /** Absent: may the agent see the server at all. */
  readonly item?: Item | undefined;
}

export interface Decision {
  readonly allowed: boolean;
  /** The rule that decided, by its place in the rules file. */
  readonly rule: string;
  /** A sentence for the agent; names nothing that the agent did not name itself. */
  readonly reason: string;
}

/** Deny before allow, exact before wildcard. What is listed can be called, what is not listed cannot. */
export function decide(rules: Rules | undefined, { agent, server, item }: Question): Decision {
  if (!rules) return { allowed: true, rule: 'no rules', reason: 'there is no rules file' };
  const own = rules.agents.get(agent);
  if (!own) return { allowed: false, rule: 'agents', reason: `the rules do not know agent '${agent}'` };
  const place = `agents.${agent}`;
  const onServer = decideServer(own, { agent, server }, place);
  if (!onServer.allowed || item === undefined) return onServer;
  return decideItem(own, { agent, server, item }, place) ?? onServer;
}

function decideServer(own: AgentRules, { agent, server }: Question, place: string): Decision {
  const denied = own.deny.servers.find((pattern) => matchesGlob(pattern, server));
  if (denied !== undefined) {
    const reason = `agent '${agent}' may not use server '${server}'`;
    return { allowed: false, rule: `${place}.deny.servers: ${denied}`, reason };
  }
  const allowed = own.allow.servers.find((pattern) => matchesGlob(pattern, server));
  if (allowed === undefined) {
    const reason = `no rule lets agent '${agent}' use server '${server}'`;
    return { allowed: false, rule: `${place}.allow.servers`, reason };
  }
  const reason = `agent '${agent}' may use server '${server}'`;
  return { allowed: true, rule: `${place}.allow.servers: ${allowed}`, reason };
}

/** False only where `decide` allows no item of the kind, whatever it is called. */
export function permitsSome(
  rules: Rules | undefined,
  { agent, server, kind }: { readonly agent: string; readonly server: string; readonly kind: ItemKind },
): boolean {
  if (!decide(rules, { agent, server }).allowed) return false;
  const own = rules?.agents.get(agent);
  if (!own) return true;
  const listsFor = ({ [listOf[kind]]: lists }: RuleLists): readonly (readonly string[])[] =>
    Object.entries(lists).flatMap(([pattern, names]) => (matchesGlob(pattern, server) ? [names] : []));
  if (listsFor(own.deny).some((names) => names.some((name) => /^\*+$/u.test(name)))) return false;
  const allowed = listsFor(own.allow);
  return allowed.length === 0 || allowed.some((names) => names.length > 0);
}

type ItemQuestion = Question & { readonly item: Item };

/** Undefined: no list for items of this kind says anything about this server. */
function decideItem(own: AgentRules, question: ItemQuestion, place: string): Decision | undefined {
  const { agent, server, item } = question;
  const what = `${item.kind} '${item.name}' of server '${server}'`;
  const denied = matchingRule(own.deny, server, item);
  if (denied !== undefined) {
    return { allowed: false, rule: `${place}.deny.${denied}`, reason: `agent '${agent}' may not use ${what}` };
  }
  const allowed = matchingRule(own.allow, server, item);
  if (allowed !== undefined) {
    return { allowed: true, rule: `${place}.allow.${allowed}`, reason: `agent '${agent}' may use ${what}` };
  }
  const list = listOf[item.kind];
  const naming = Object.keys(own.allow[list]).find((pattern) => matchesGlob(pattern, server));
  if (naming === undefined) return undefined;
  // An allow list that names the server is complete: an empty one means nothing at all.
  const reason = `no rule lets agent '${agent}' use ${what}`;
  return { allowed: false, rule: `${place}.allow.${list}["${naming}"]`, reason };
}

/** The first rule whose server and item both match; one without a wildcard in the item's name goes first. */
function matchingRule(lists: RuleLists, server: string, { kind, name }: Item): string | undefined {
  const list = listOf[kind];
  let wildcard: string | undefined;
  for (const [serverPattern, patterns] of Object.entries(lists[list])) {
    if (!matchesGlob(serverPattern, server)) continue;
    for (const pattern of patterns) {
      if (!matchesGlob(pattern, name)) continue;
      const rule = `${list}["${serverPattern}"]: ${pattern}`;
      if (!isGlob(pattern)) return rule;
      wildcard ??= rule;
    }
  }
  return wildcard;
}
