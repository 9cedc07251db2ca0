// Owns when the tools of one connection are listed, and how long a list is good for; knows nothing of who may see them.
import { orAborted } from '../lib/or-aborted.ts';
import type { ToolDefinition, ToolListing } from './tool-pages.ts';

/** Where the server does not say how long its list is good for; some servers never say that their tools changed. */
export const usualTtlMs = 5 * 60_000;
/** A list that its server calls stale at once serves at least those who ask in the same moment. */
const shortestTtlMs = 1000;
/** A name that is not in a list older than this is looked for once more. */
const missMs = 10_000;

export interface CatalogDeps {
  readonly listTools: () => Promise<ToolListing>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of every list that came in; `askedAt`: epoch milliseconds, before the first page. */
  readonly onListed?: ((listing: ToolListing, askedAt: number) => void) | undefined;
}

interface AskOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Catalog {
  /** Listed at most once at a time, and not again while the list is fresh unless the server says that it changed. */
  tools(options?: AskOptions): Promise<readonly ToolDefinition[]>;
  find(name: string, options?: AskOptions): Promise<ToolDefinition | undefined>;
  invalidate(): void;
}

export function createCatalog({ listTools, now, onListed }: CatalogDeps): Catalog {
  let listed: { readonly tools: readonly ToolDefinition[]; readonly at: number; readonly ttlMs: number } | undefined;
  let stale = true;
  let running: Promise<readonly ToolDefinition[]> | undefined;

  const list = async (): Promise<readonly ToolDefinition[]> => {
    // A change that is announced while the list is on its way makes that list old already.
    stale = false;
    const at = now();
    try {
      const listing = await listTools();
      const { tools, ttlMs = usualTtlMs } = listing;
      listed = { tools, at, ttlMs: Math.max(ttlMs, shortestTtlMs) };
      onListed?.(listing, at);
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
      if (listed && !stale && now() - listed.at < listed.ttlMs) return listed.tools;
      return refresh(options);
    },
    async find(name, options = {}) {
      const byName = (tools: readonly ToolDefinition[]) => tools.find((tool) => tool.name === name);
      const found = byName(await catalog.tools(options));
      if (found || (listed && now() - listed.at < missMs)) return found;
      return byName(await refresh(options));
    },
    invalidate() {
      stale = true;
    },
  };
  return catalog;
}
