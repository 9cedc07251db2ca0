// Owns collecting the pages of a list of a server; knows nothing of how they are asked for, or of what is listed.
import { withoutDepths } from './bounded-depth.ts';

/** What a server lists: a plain object, nothing added and nothing dropped. */
export type Listed = Readonly<Record<string, unknown>>;

export interface ListShape {
  /** The member of the result that holds the list. */
  readonly member: string;
  /** The member that tells two entries apart; what lacks it as a string is none. */
  readonly key: string;
}

/** What a server says of keeping a list (2026-07-28, server/utilities/caching). */
export interface CacheHints {
  /** How long it may be thought fresh, in milliseconds; undefined: the server did not say. */
  readonly ttlMs?: number | undefined;
  /** Undefined: the server did not say. */
  readonly cacheScope?: 'public' | 'private' | undefined;
}

export interface CollectedList extends CacheHints {
  readonly items: readonly Listed[];
}

const mostPages = 1000;

/**
 * All pages, in order. A repeated cursor, an empty one, or 1000 pages end it; of two entries alike the first counts. Of what
 * the pages say about keeping them, the strictest counts for all.
 */
export async function collectPages(
  ask: (cursor: string | undefined) => Promise<unknown>,
  { member, key }: ListShape,
): Promise<CollectedList> {
  const items = new Map<string, Listed>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let hints: CacheHints = {};
  for (let page = 0; page < mostPages; page++) {
    const answer = ((await ask(cursor)) ?? {}) as Listed;
    const { [member]: listed, nextCursor } = answer;
    hints = stricter(hints, answer);
    for (const item of Array.isArray(listed) ? listed : []) {
      const name = nameOf(item, key);
      if (name !== undefined && !items.has(name)) items.set(name, withoutDepths(item as Listed));
    }
    if (typeof nextCursor !== 'string' || nextCursor === '' || cursors.has(nextCursor)) break;
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
  return { items: [...items.values()], ...hints };
}

function nameOf(item: unknown, key: string): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const name = (item as Listed)[key];
  return typeof name === 'string' ? name : undefined;
}

function stricter(hints: CacheHints, { ttlMs, cacheScope }: Listed): CacheHints {
  // A negative one counts as 0 (2026-07-28, Caching, Time-to-Live Field).
  const ttl = typeof ttlMs === 'number' ? Math.max(0, Math.min(ttlMs, Number.MAX_SAFE_INTEGER)) : undefined;
  const scope = cacheScope === 'private' || hints.cacheScope === 'private' ? 'private' : undefined;
  return {
    ttlMs: ttl === undefined ? hints.ttlMs : Math.min(ttl, hints.ttlMs ?? ttl),
    cacheScope: scope ?? (cacheScope === 'public' ? cacheScope : hints.cacheScope),
  };
}
