// Owns collecting the pages of `tools/list`; knows nothing of how they are asked for.
import { type CacheHints, collectPages } from './list-pages.ts';

/** A tool as its server defines it: a plain object, nothing added and nothing dropped. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string };

/** Everything that one listing said. */
export interface ToolListing extends CacheHints {
  readonly tools: readonly ToolDefinition[];
}

/** All pages, in order; of two tools with one name the first counts; what has no name is no tool. */
export async function collectTools(ask: (cursor: string | undefined) => Promise<unknown>): Promise<ToolListing> {
  const { items, ...hints } = await collectPages(ask, { member: 'tools', key: 'name' });
  return { tools: items as readonly ToolDefinition[], ...hints };
}

export function isTool(value: unknown): value is ToolDefinition {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}
