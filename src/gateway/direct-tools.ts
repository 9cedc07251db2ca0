// Owns which tools are exposed directly: of which servers, under which names, and where a name leads. Connects nothing.
import type { Exposure, ServerEntry } from '../config/server-entry.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { namePrefix, nameTools, type ServerTool } from './direct-names.ts';
import type { DownstreamPort, KnownTools } from './downstream-port.ts';
import { forHost } from './host-definition.ts';
import type { ConfigState, LiveConfig } from './live-config.ts';
import type { ServerDirectory } from './server-directory.ts';

export interface DirectToolsDeps {
  readonly config: LiveConfig;
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

/** The tools of each server, and those that it has besides and that nobody has agreed to. */
type Catalogs = readonly Pick<KnownTools, 'tools' | 'withheld'>[];

/** What was made of what. */
interface LastShown {
  readonly state: ConfigState;
  readonly agent: string;
  readonly catalogs: Catalogs;
  readonly exposed: ExposedTools;
}

interface Exposures {
  readonly of: ConfigState;
  readonly direct: ReadonlyMap<string, ServerEntry>;
  readonly hasMeta: boolean;
}

export function createDirectTools({ config, directory, downstream, expose }: DirectToolsDeps): DirectTools {
  let exposures: Exposures | undefined;
  const current = (): Exposures => {
    if (exposures?.of !== config.current) exposures = exposuresOf(config.current, expose);
    return exposures;
  };
  const visible = (agent: string): readonly ServerEntry[] =>
    directory.visible(agent).flatMap(({ name }) => current().direct.get(name) ?? []);
  let last: LastShown | undefined;

  const expound = (agent: string, entries: readonly ServerEntry[], catalogs: Catalogs): ExposedTools => {
    // What is kept back has a name too, under which a call hears why; and so the names of the others stay what they are.
    const all = entries.flatMap(({ name: server }, at) => {
      const { tools, withheld = [] } = catalogs[at] ?? noTools;
      const route = (definition: ToolDefinition, isShown: boolean) => ({
        server,
        tool: definition.name,
        definition,
        isShown,
      });
      return [...tools.map((tool) => route(tool, true)), ...withheld.map((tool) => route(tool, false))];
    });
    const routes = nameTools(all, new Set(directory.visible(agent).map(({ name }) => name)));
    const tools = [...routes].flatMap(([name, { server, tool, definition, isShown }]) =>
      isShown && directory.mayCall(agent, server, tool) ? [{ ...forHost('tools', definition, anyInput), name }] : [],
    );
    return { tools, routes };
  };

  return {
    servers: visible,
    isDirect: (server) => current().direct.has(server),
    hasDirectServers: () => current().direct.size > 0,
    hasMetaServers: () => current().hasMeta,

    async exposed(agent) {
      const { current: state } = config;
      const entries = visible(agent);
      const known = await Promise.all(entries.map(({ name }) => downstream.knownTools(name)));
      const catalogs = known.map((each) => each ?? noTools);
      const isSame =
        last?.state === state &&
        last.agent === agent &&
        catalogs.every((each, at) => isSameCatalog(each, last?.catalogs[at]));
      if (!last || !isSame) last = { state, agent, catalogs, exposed: expound(agent, entries, catalogs) };
      return last.exposed;
    },

    async candidates(agent, name) {
      const entries = visible(agent).filter((entry) => name.startsWith(namePrefix(entry.name)));
      const known = await Promise.all(entries.map((entry) => downstream.knownTools(entry.name)));
      return entries.filter((_entry, at) => !known[at]?.isRecent);
    },
  };
}

function exposuresOf(state: ConfigState, expose: Exposure): Exposures {
  const usable = [...state.servers.values()].flatMap((server) =>
    server.state === 'usable' && !server.entry.disabled ? [server.entry] : [],
  );
  const direct = new Map(
    usable.filter((entry) => (entry.expose ?? expose) === 'direct').map((entry) => [entry.name, entry]),
  );
  // Where nothing can be used yet, everything may be different soon.
  const isOpen = state.unusable !== undefined || expose === 'meta';
  return { of: state, direct, hasMeta: direct.size < usable.length || (direct.size === 0 && isOpen) };
}

const anyInput = { inputSchema: { type: 'object' } };
const noTools: Catalogs[number] = { tools: [] };

function isSameCatalog(one: Catalogs[number], other: Catalogs[number] | undefined): boolean {
  return one.tools === other?.tools && one.withheld === other.withheld;
}
