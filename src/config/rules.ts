// Owns the shape of the rules after parsing; the decision itself is in policy/.

export interface AgentRules {
  readonly allow: RuleLists;
  readonly deny: RuleLists;
}

export interface RuleLists {
  /** Server names, `*` and `?` allowed. */
  readonly servers: readonly string[];
  /** Server name (globs allowed) → tool names (globs allowed). */
  readonly tools: Readonly<Record<string, readonly string[]>>;
}

export interface Rules {
  /** A `Map`, so that an agent named `constructor` is one name among others. */
  readonly agents: ReadonlyMap<string, AgentRules>;
  readonly denyOnMissingAgent: boolean;
}
