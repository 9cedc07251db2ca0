// Owns collecting the pages of `tools/list`; knows nothing of how they are asked for.

/** A tool as its server defines it: a plain object, nothing added and nothing dropped. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string };

/** Everything that one listing said (2026-07-28, Caching). */
export interface ToolListing {
  readonly tools: readonly ToolDefinition[];
  /** How long it may be thought fresh, in milliseconds; undefined: the server did not say. */
  readonly ttlMs?: number | undefined;
  /** Undefined: the server did not say. */
  readonly cacheScope?: 'public' | 'private' | undefined;
}

const mostPages = 1000;

/**
 * All pages, in order. A repeated cursor, an empty one, or 1000 pages end it; of two tools with one name the first
 * counts; what has no name is no tool. Of what the pages say about keeping them, the strictest counts for all.
 */
export async function collectTools(ask: (cursor: string | undefined) => Promise<unknown>): Promise<ToolListing> {
  const tools = new Map<string, ToolDefinition>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let hints: CacheHints = {};
  for (let page = 0; page < mostPages; page++) {
    const answer = ((await ask(cursor)) ?? {}) as Readonly<Record<string, unknown>>;
    const { tools: listed, nextCursor } = answer;
    hints = stricter(hints, answer);
    for (const tool of Array.isArray(listed) ? listed : []) {
      if (isTool(tool) && !tools.has(tool.name)) tools.set(tool.name, tool);
    }
    if (typeof nextCursor !== 'string' || nextCursor === '' || cursors.has(nextCursor)) break;
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
  return { tools: [...tools.values()], ...hints };
}

type CacheHints = Omit<ToolListing, 'tools'>;

function stricter(hints: CacheHints, { ttlMs, cacheScope }: Readonly<Record<string, unknown>>): CacheHints {
  // A negative one counts as 0 (2026-07-28, Caching, Time-to-Live Field).
  const ttl = typeof ttlMs === 'number' ? Math.max(0, Math.min(ttlMs, Number.MAX_SAFE_INTEGER)) : undefined;
  const scope = cacheScope === 'private' || hints.cacheScope === 'private' ? 'private' : undefined;
  return {
    ttlMs: ttl === undefined ? hints.ttlMs : Math.min(ttl, hints.ttlMs ?? ttl),
    cacheScope: scope ?? (cacheScope === 'public' ? cacheScope : hints.cacheScope),
  };
}

export function isTool(value: unknown): value is ToolDefinition {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}
