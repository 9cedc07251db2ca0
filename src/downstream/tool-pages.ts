// Owns collecting the pages of `tools/list`; knows nothing of how they are asked for.
import { collectPages } from './list-pages.ts';

/** A tool as its server defines it: a plain object, nothing added and nothing dropped. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string };

/** All pages, in order; of two tools with one name the first counts; what has no name is no tool. */
export async function collectTools(
  ask: (cursor: string | undefined) => Promise<unknown>,
): Promise<readonly ToolDefinition[]> {
  const { items } = await collectPages(ask, { member: 'tools', key: 'name' });
  return items as readonly ToolDefinition[];
}
