// Owns who is asking where a call does not say so.
import type { Rules } from '../config/rules.ts';
import { identify } from '../policy/identify.ts';

export interface AgentSettings {
  readonly lockedAgent?: string | undefined;
  readonly defaultAgent?: string | undefined;
}

/** Undefined: the rules want every call to say who it is. */
export function unnamedAgent(rules: Rules | undefined, settings: AgentSettings): string | undefined {
  const { lockedAgent: locked, defaultAgent: fallback } = settings;
  try {
    return identify(rules, { claimed: undefined, locked, fallback }).agent;
  } catch {
    return undefined;
  }
}
