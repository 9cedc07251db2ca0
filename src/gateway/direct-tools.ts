// Owns which tools are exposed directly: of which servers, under which names, and where a name leads. Connects nothing.
import type { ConfiguredServer, Exposure, ServerEntry } from '../config/server-entry.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { namePrefix, nameTools, type ServerTool } from './direct-names.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { ServerDirectory } from './server-directory.ts';

export interface DirectToolsDeps {
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  readonly directory: ServerDirectory;
  readonly downstream: DownstreamPort;
  readonly expose: Exposure;
}

export interface ExposedTools {
  /** The server's own definitions under other names: those that the agent may call. */
  readonly tools: readonly ToolDefinition[];
  /** Where each name leads, also those that the agent may not call. */
  readonly routes: ReadonlyMap<string, ServerTool & { readonly definition: ToolDefinition }>;
}

export interface DirectTools {
  /** The servers that the agent may see and whose tools are exposed. */
  servers(agent: string): readonly ServerEntry[];
  isDirect(server: string): boolean;
  hasDirectServers(): boolean;
  hasMetaServers(): boolean;
  /** As far as tools are known. */
  exposed(agent: string): Promise<ExposedTools>;
  /** Servers whose tools are not known, and could be called so. */
  candidates(agent: string, name: string): Promise<readonly ServerEntry[]>;
}

type Catalogs = readonly (readonly ToolDefinition[])[];

export function createDirectTools({ servers, directory, downstream, expose }: DirectToolsDeps): DirectTools {
  const usable = [...servers.values()].flatMap((server) =>
    server.state === 'usable' && !server.entry.disabled ? [server.entry] : [],
  );
  const direct = new Map(
    usable.filter((entry) => (entry.expose ?? expose) === 'direct').map((entry) => [entry.name, entry]),
  );
  const visible = (agent: string): readonly ServerEntry[] =>
    directory.visible(agent).flatMap(({ name }) => direct.get(name) ?? []);
  let last: { readonly agent: string; readonly catalogs: Catalogs; readonly exposed: ExposedTools } | undefined;

  const expound = (agent: string, entries: readonly ServerEntry[], catalogs: Catalogs): ExposedTools => {
    const all = entries.flatMap(({ name: server }, at) =>
      (catalogs[at] ?? []).map((definition) => ({ server, tool: definition.name, definition })),
    );
    const routes = nameTools(all, new Set(directory.visible(agent).map(({ name }) => name)));
    const tools = [...routes].flatMap(([name, { server, tool, definition }]) =>
      directory.mayCall(agent, server, tool) ? [{ ...definition, name }] : [],
    );
    return { tools, routes };
  };

  return {
    servers: visible,
    isDirect: (server) => direct.has(server),
    hasDirectServers: () => direct.size > 0,
    hasMetaServers: () => direct.size < usable.length || (direct.size === 0 && expose === 'meta'),

    async exposed(agent) {
      const entries = visible(agent);
      const known = await Promise.all(entries.map(({ name }) => downstream.knownTools(name)));
      const catalogs = known.map((each) => each?.tools ?? noTools);
      const isSame = last?.agent === agent && catalogs.every((tools, at) => tools === last?.catalogs[at]);
      if (!last || !isSame) last = { agent, catalogs, exposed: expound(agent, entries, catalogs) };
      return last.exposed;
    },

    async candidates(agent, name) {
      const entries = visible(agent).filter((entry) => name.startsWith(namePrefix(entry.name)));
      const known = await Promise.all(entries.map((entry) => downstream.knownTools(entry.name)));
      return entries.filter((_entry, at) => !known[at]?.isRecent);
    },
  };
}

const noTools: readonly ToolDefinition[] = [];
