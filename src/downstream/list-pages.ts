// Owns collecting the pages of a list of a server; knows nothing of how they are asked for, or of what is listed.

/** What a server lists: a plain object, nothing added and nothing dropped. */
export type Listed = Readonly<Record<string, unknown>>;

export interface ListShape {
  /** The member of the result that holds the list. */
  readonly member: string;
  /** The member that tells two entries apart; what lacks it as a string is none. */
  readonly key: string;
}

export interface CollectedList {
  readonly items: readonly Listed[];
  /** How long it holds, as the server says (2026-07-28, server/utilities/caching). The shortest of its pages. */
  readonly ttlMs: number | undefined;
}

const mostPages = 1000;

/** All pages, in order. A repeated cursor, an empty one, or 1000 pages end it; of two entries alike the first counts. */
export async function collectPages(
  ask: (cursor: string | undefined) => Promise<unknown>,
  { member, key }: ListShape,
): Promise<CollectedList> {
  const items = new Map<string, Listed>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let ttlMs: number | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { [member]: listed, nextCursor, ttlMs: ttl } = ((await ask(cursor)) ?? {}) as Listed;
    if (typeof ttl === 'number' && ttl >= 0) ttlMs = Math.min(ttl, ttlMs ?? ttl);
    for (const item of Array.isArray(listed) ? listed : []) {
      const name = nameOf(item, key);
      if (name !== undefined && !items.has(name)) items.set(name, item as Listed);
    }
    if (typeof nextCursor !== 'string' || nextCursor === '' || cursors.has(nextCursor)) break;
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
  return { items: [...items.values()], ttlMs };
}

function nameOf(item: unknown, key: string): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const name = (item as Listed)[key];
  return typeof name === 'string' ? name : undefined;
}
