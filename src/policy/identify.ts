// Owns who is asking: which agent a call counts for; knows nothing of what that agent may do.
import type { Rules } from '../config/rules.ts';
import { GatewayError } from '../errors.ts';

export interface Claims {
  /** `agent_id` of the call: written by a model, so a convenience and not a boundary. */
  readonly claimed?: string | undefined;
  /** `--agent` or `GATEWAY_AGENT`: the identity of this process, which no call can change. */
  readonly locked?: string | undefined;
  /** `GATEWAY_DEFAULT_AGENT`: who asks when nobody says. */
  readonly fallback?: string | undefined;
}

export interface Identity {
  readonly agent: string;
  readonly source: 'locked' | 'claimed' | 'fallback' | 'default';
}

/** The agent that stands in the rules for calls that name none. */
export const defaultAgent = 'default';

/**
 * Whether the rules know the agent is not asked here, except of a fallback: an unknown one is denied everything by the
 * decision. @throws GatewayError INVALID_AGENT_ID, NO_FALLBACK_CONFIGURED, FALLBACK_AGENT_NOT_IN_RULES
 */
export function identify(rules: Rules | undefined, claims: Claims): Identity {
  const claimed = given(claims.claimed);
  const locked = given(claims.locked);
  const fallback = given(claims.fallback);
  if (locked !== undefined) return identifyLocked(locked, claimed);
  if (claimed !== undefined) return { agent: claimed, source: 'claimed' };
  if (!rules) {
    return fallback === undefined
      ? { agent: defaultAgent, source: 'default' }
      : { agent: fallback, source: 'fallback' };
  }
  return identifyUnnamed(rules, fallback);
}

function identifyLocked(locked: string, claimed: string | undefined): Identity {
  if (claimed === undefined || claimed === locked) return { agent: locked, source: 'locked' };
  throw new GatewayError('INVALID_AGENT_ID', `this gateway answers agent '${locked}' only`, {
    hint: `leave agent_id out, or pass "${locked}"`,
  });
}

function identifyUnnamed(rules: Rules, fallback: string | undefined): Identity {
  if (rules.denyOnMissingAgent) {
    throw new GatewayError('INVALID_AGENT_ID', 'the rules want every call to name its agent', {
      hint: 'pass agent_id, or start the gateway with --agent',
      rule: 'defaults.deny_on_missing_agent',
    });
  }
  if (fallback !== undefined) {
    if (rules.agents.has(fallback)) return { agent: fallback, source: 'fallback' };
    throw new GatewayError('FALLBACK_AGENT_NOT_IN_RULES', `the rules do not know the fallback agent '${fallback}'`, {
      hint: `add agent "${fallback}" to the rules, or change GATEWAY_DEFAULT_AGENT`,
      rule: 'agents',
    });
  }
  if (rules.agents.has(defaultAgent)) return { agent: defaultAgent, source: 'default' };
  throw new GatewayError('NO_FALLBACK_CONFIGURED', 'the call names no agent, and there is no agent to fall back to', {
    hint: 'pass agent_id, start the gateway with --agent, or add agent "default" to the rules',
    rule: 'agents',
  });
}

/** Models send an empty string where they mean nothing. */
function given(name: string | undefined): string | undefined {
  return name === undefined || name.trim() === '' ? undefined : name;
}
