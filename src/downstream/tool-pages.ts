// Owns collecting the pages of `tools/list`; knows nothing of how they are asked for.

/** A tool as its server defines it: a plain object, nothing added and nothing dropped. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string };

const mostPages = 1000;

/**
 * All pages, in order. A repeated cursor, an empty one, or 1000 pages end it; of two tools with one name the first
 * counts; what has no name is no tool.
 */
export async function collectTools(
  ask: (cursor: string | undefined) => Promise<unknown>,
): Promise<readonly ToolDefinition[]> {
  const tools = new Map<string, ToolDefinition>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { tools: listed, nextCursor } = ((await ask(cursor)) ?? {}) as { tools?: unknown; nextCursor?: unknown };
    for (const tool of Array.isArray(listed) ? listed : []) {
      if (isTool(tool) && !tools.has(tool.name)) tools.set(tool.name, tool);
    }
    if (typeof nextCursor !== 'string' || nextCursor === '' || cursors.has(nextCursor)) break;
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
  return [...tools.values()];
}

function isTool(value: unknown): value is ToolDefinition {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}
