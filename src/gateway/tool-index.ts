// Owns the index over the tools of all servers, renewed where a server's tools changed. Knows nothing of agents: whoever
// asks, judges what was found.
import { setImmediate as breath } from 'node:timers/promises';
import type MiniSearch from 'minisearch';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { lazy } from '../lib/lazy.ts';
import { queryWordsOf, textsOf, wordsOf } from './tool-words.ts';

export interface FoundTool {
  readonly server: string;
  readonly tool: ToolDefinition;
}

/** Server name → its tools; the same array as long as they are the same. */
export type Catalogs = ReadonlyMap<string, readonly ToolDefinition[]>;

export interface ToolIndex {
  /** The best first. Nothing is searched but the servers that are given. */
  find(query: string, catalogs: Catalogs): Promise<readonly FoundTool[]>;
  /** There are no other servers any more. */
  keep(servers: ReadonlySet<string>): void;
}

interface IndexedServer {
  readonly tools: readonly ToolDefinition[];
  readonly ids: readonly number[];
}

const fields = ['name', 'description', 'parameters', 'details', 'server'] as const;
/** A word in a name says more than one in the description of a parameter. */
const boost = { name: 4, description: 2, server: 1.5, parameters: 1, details: 0.5 };
/** So many tools are indexed in one go; calls that wait come in between. */
const chunkSize = 100;

export function createToolIndex(): ToolIndex {
  const index = lazy(openIndex);
  const indexed = new Map<string, IndexedServer>();
  const found = new Map<number, FoundTool>();
  let nextId = 0;
  let working: Promise<unknown> = Promise.resolve();

  const renew = async (search: MiniSearch, server: string, tools: readonly ToolDefinition[]): Promise<void> => {
    const before = indexed.get(server);
    if (before?.tools === tools) return;
    for (const id of before?.ids ?? []) {
      search.discard(id);
      found.delete(id);
    }
    const ids = tools.map(() => nextId++);
    indexed.set(server, { tools, ids });
    for (let from = 0; from < tools.length; from += chunkSize) {
      for (const [at, tool] of tools.slice(from, from + chunkSize).entries()) {
        const id = ids[from + at] ?? 0;
        search.add({ id, server, ...textsOf(tool) });
        found.set(id, { server, tool });
      }
      await breath();
    }
  };

  const keep = async (servers: ReadonlySet<string>): Promise<void> => {
    for (const server of [...indexed.keys()]) {
      if (servers.has(server)) continue;
      await renew(await index.get(), server, []);
      indexed.delete(server);
    }
  };

  return {
    keep(servers) {
      working = working.then(() => keep(servers)).catch(() => undefined);
    },

    async find(query, catalogs) {
      // One after the other: a search must not meet an index that is being renewed.
      const searching = working.then(async () => {
        const search = await index.get();
        for (const [server, tools] of catalogs) await renew(search, server, tools);
        return search.search(query, { tokenize: queryWordsOf }).flatMap(({ id }) => {
          const hit = found.get(id);
          return hit && catalogs.has(hit.server) ? [hit] : [];
        });
      });
      working = searching.catch(() => undefined);
      return await searching;
    },
  };
}

async function openIndex(): Promise<MiniSearch> {
  const { default: Index } = await import('minisearch');
  return new Index({
    fields: [...fields],
    tokenize: wordsOf,
    // The words are cut as they have to be.
    processTerm: (word) => word,
    searchOptions: {
      boost,
      prefix: (word) => word.length >= 3,
      // Letters that may be wrong.
      fuzzy: (word) => (word.length >= 8 ? 2 : word.length >= 4 ? 1 : false),
      weights: { prefix: 0.4, fuzzy: 0.2 },
    },
  });
}
