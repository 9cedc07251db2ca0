// Owns the one decision of the rules, for listing and for calling alike: pure, by names alone; knows nothing of whether
// a server or a tool exists.
import type { AgentRules, RuleLists, Rules } from '../config/rules.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';

export interface Question {
  readonly agent: string;
  readonly server: string;
  /** Absent: may the agent see the server at all. */
  readonly tool?: string | undefined;
}

export interface Decision {
  readonly allowed: boolean;
  /** The rule that decided, by its place in the rules file. */
  readonly rule: string;
  /** A sentence for the agent; names nothing that the agent did not name itself. */
  readonly reason: string;
}

/** Deny before allow, exact before wildcard. What is listed can be called, what is not listed cannot. */
export function decide(rules: Rules | undefined, { agent, server, tool }: Question): Decision {
  if (!rules) return { allowed: true, rule: 'no rules', reason: 'there is no rules file' };
  const own = rules.agents.get(agent);
  if (!own) return { allowed: false, rule: 'agents', reason: `the rules do not know agent '${agent}'` };
  const place = `agents.${agent}`;
  const onServer = decideServer(own, { agent, server }, place);
  if (!onServer.allowed || tool === undefined) return onServer;
  return decideTool(own, { agent, server, tool }, place) ?? onServer;
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

type ToolQuestion = Question & { readonly tool: string };

/** Undefined: no list of tools says anything about this server. */
function decideTool(own: AgentRules, question: ToolQuestion, place: string): Decision | undefined {
  const { agent, server, tool } = question;
  const denied = matchingRule(own.deny, server, tool);
  if (denied !== undefined) {
    const reason = `agent '${agent}' may not use tool '${tool}' of server '${server}'`;
    return { allowed: false, rule: `${place}.deny.${denied}`, reason };
  }
  const allowed = matchingRule(own.allow, server, tool);
  if (allowed !== undefined) {
    const reason = `agent '${agent}' may use tool '${tool}' of server '${server}'`;
    return { allowed: true, rule: `${place}.allow.${allowed}`, reason };
  }
  const naming = Object.keys(own.allow.tools).find((pattern) => matchesGlob(pattern, server));
  if (naming === undefined) return undefined;
  // An allow list that names the server is complete: an empty one means no tool at all.
  const reason = `no rule lets agent '${agent}' use tool '${tool}' of server '${server}'`;
  return { allowed: false, rule: `${place}.allow.tools["${naming}"]`, reason };
}

/** The first rule whose server and tool both match; one without a wildcard in the tool's name goes first. */
function matchingRule(lists: RuleLists, server: string, tool: string): string | undefined {
  let wildcard: string | undefined;
  for (const [serverPattern, toolPatterns] of Object.entries(lists.tools)) {
    if (!matchesGlob(serverPattern, server)) continue;
    for (const pattern of toolPatterns) {
      if (!matchesGlob(pattern, tool)) continue;
      const rule = `tools["${serverPattern}"]: ${pattern}`;
      if (!isGlob(pattern)) return rule;
      wildcard ??= rule;
    }
  }
  return wildcard;
}
