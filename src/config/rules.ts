// Owns the shape of the rules after parsing; the decision itself is in policy/.

export interface AgentRules {
  readonly allow: RuleLists;
  readonly deny: RuleLists;
}

export interface RuleLists {
  /** Server names, `*` and `?` allowed. */
  readonly servers: readonly string[];
  /** Names of tools. */
  readonly tools: ListsByServer;
  /** URIs of resources, and of resource templates as they are written. */
  readonly resources: ListsByServer;
  /** Names of prompts. */
  readonly prompts: ListsByServer;
}

/** Server name (globs allowed) → names of what it offers (globs allowed). */
export type ListsByServer = Readonly<Record<string, readonly string[]>>;

/** What a server offers, one by one. */
export type ItemKind = 'tool' | 'resource' | 'prompt';

/** Which list of the rules is about what. */
export const listOf = {
  tool: 'tools',
  resource: 'resources',
  prompt: 'prompts',
} as const satisfies Record<ItemKind, keyof RuleLists>;

export const itemKinds: readonly ItemKind[] = ['tool', 'resource', 'prompt'];

export interface Rules {
  /** A `Map`, so that an agent named `constructor` is one name among others. */
  readonly agents: ReadonlyMap<string, AgentRules>;
  readonly denyOnMissingAgent: boolean;
}
