// Owns the tools of one server as they were last listed; knows nothing of who may see them.
import { orAborted } from '../lib/or-aborted.ts';
import type { ToolDefinition } from './tool-pages.ts';

/** Some servers never say that their tools changed. */
const freshMs = 5 * 60_000;
/** A name that is not in a list older than this is looked for once more. */
const missMs = 10_000;

export interface CatalogDeps {
  readonly listTools: () => Promise<readonly ToolDefinition[]>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface AskOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Catalog {
  /** Listed at most once at a time, and not again for 5 minutes unless the server says that something changed. */
  tools(options?: AskOptions): Promise<readonly ToolDefinition[]>;
  find(name: string, options?: AskOptions): Promise<ToolDefinition | undefined>;
  /** What was last listed, however old; nothing is asked. */
  known(): readonly ToolDefinition[] | undefined;
  invalidate(): void;
}

export function createCatalog({ listTools, now }: CatalogDeps): Catalog {
  let listed: { readonly tools: readonly ToolDefinition[]; readonly at: number } | undefined;
  let stale = true;
  let running: Promise<readonly ToolDefinition[]> | undefined;

  const list = async (): Promise<readonly ToolDefinition[]> => {
    // A change that is announced while the list is on its way makes that list old already.
    stale = false;
    const at = now();
    try {
      const tools = await listTools();
      listed = { tools, at };
      return tools;
    } catch (error) {
      stale = true;
      throw error;
    }
  };
  const refresh = ({ signal }: AskOptions): Promise<readonly ToolDefinition[]> => {
    running ??= list().finally(() => {
      running = undefined;
    });
    // One caller that leaves does not take the list away from the others.
    return orAborted(running, signal);
  };
  const catalog: Catalog = {
    async tools(options = {}) {
      if (listed && !stale && now() - listed.at < freshMs) return listed.tools;
      return refresh(options);
    },
    async find(name, options = {}) {
      const byName = (tools: readonly ToolDefinition[]) => tools.find((tool) => tool.name === name);
      const found = byName(await catalog.tools(options));
      if (found || (listed && now() - listed.at < missMs)) return found;
      return byName(await refresh(options));
    },
    known: () => listed?.tools,
    invalidate() {
      stale = true;
    },
  };
  return catalog;
}
