// Owns what `search_tools` answers: the tools that fit a question best, out of all that the agent may call. Starts no
// server.
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { Detail } from './get-server-tools.ts';
import type { ServerDirectory } from './server-directory.ts';
import { type ShownChanges, shownChanges } from './shown-changes.ts';
import { estimateTokens } from './token-estimate.ts';
import { type BriefTool, briefTool } from './tool-brief.ts';
import type { FoundTool, ToolIndex } from './tool-index.ts';

export interface SearchToolsInput {
  readonly agent: string;
  readonly query: string;
  /** At most 50. */
  readonly limit?: number | undefined;
  readonly detail?: Detail | undefined;
}

type ShownTool = { readonly server: string } & (
  | { readonly name: string }
  | BriefTool
  /** As the server defines it. */
  | { readonly definition: ToolDefinition }
);

export interface SearchToolsResult {
  /** The best first. */
  readonly tools: readonly ShownTool[];
  /** How many more were found within the limit that did not fit the budget. */
  readonly omitted?: number;
  /** An estimate. */
  readonly tokens_used: number;
  /** Servers the agent may use whose tools are not known yet; at most 20 names. */
  readonly not_searched?: readonly string[];
  /** How many those are, where not all are named. */
  readonly not_searched_count?: number;
  /** By server: of the tools that were found, and those that could not be, since they are kept back. */
  readonly tool_changes?: Readonly<Record<string, ShownChanges>>;
  readonly hint?: string;
}

export interface SearchToolsDeps {
  readonly directory: ServerDirectory;
  readonly downstream: DownstreamPort;
  readonly toolIndex: ToolIndex;
}

const usualLimit = 10;
const highestLimit = 50;
const budget = 2000;
const mostNames = 20;

export async function searchTools(deps: SearchToolsDeps, input: SearchToolsInput): Promise<SearchToolsResult> {
  const { agent, query, limit = usualLimit } = input;
  const { catalogs, unknown } = await catalogsFor(deps, agent);
  const found = await deps.toolIndex.find(query, catalogs);
  const chosen: FoundTool[] = [];
  for (const hit of found) {
    if (chosen.length >= Math.min(limit, highestLimit)) break;
    if (deps.directory.mayCall(agent, hit.server, hit.tool.name)) chosen.push(hit);
  }
  return {
    ...present(chosen, input.detail ?? 'brief'),
    ...notSearched(unknown),
    ...changesAmong(deps, agent, chosen, [...catalogs.keys()]),
  };
}

function changesAmong(
  { directory, downstream }: SearchToolsDeps,
  agent: string,
  chosen: readonly FoundTool[],
  servers: readonly string[],
): Pick<SearchToolsResult, 'tool_changes'> {
  const found = servers.flatMap((server) => {
    const changes = downstream.snapshot(server).toolChanges;
    const isChosen = (name: string) => chosen.some((hit) => hit.server === server && hit.tool.name === name);
    const isMeant = (name: string) => (changes?.isBlocked ? directory.mayCall(agent, server, name) : isChosen(name));
    const shown = shownChanges(changes, isMeant);
    return shown ? [[server, shown] as const] : [];
  });
  return found.length === 0 ? {} : { tool_changes: Object.fromEntries(found.slice(0, mostNames)) };
}

/** What is known of the servers the agent may use, and those of which nothing is. */
async function catalogsFor({ directory, downstream }: SearchToolsDeps, agent: string) {
  const catalogs = new Map<string, readonly ToolDefinition[]>();
  const unknown: string[] = [];
  const usable = directory.visible(agent).filter((server) => server.state === 'usable' && !server.entry.disabled);
  const all = await Promise.all(usable.map(({ name }) => downstream.knownTools(name)));
  for (const [at, { name }] of usable.entries()) {
    const tools = all[at]?.tools;
    if (tools) catalogs.set(name, tools);
    else unknown.push(name);
  }
  return { catalogs, unknown };
}

function present(
  chosen: readonly FoundTool[],
  detail: Detail,
): Pick<SearchToolsResult, 'tools' | 'omitted' | 'tokens_used'> {
  const forms = formsOf(chosen, detail);
  const tools: ShownTool[] = [];
  let used = 0;
  for (const hit of chosen) {
    const candidates = forms.map((form) => form(hit));
    const fitting = candidates.find((shown) => used + estimateTokens(shown) <= budget);
    // The best one is shown whatever it costs.
    const shown = fitting ?? (tools.length === 0 ? candidates.at(-1) : undefined);
    if (!shown) break;
    used += estimateTokens(shown);
    tools.push(shown);
  }
  const omitted = chosen.length - tools.length;
  return { tools, ...(omitted > 0 && { omitted }), tokens_used: used };
}

type Form = (hit: FoundTool) => ShownTool;

const named: Form = ({ server, tool }) => ({ server, name: tool.name });
const brief: Form = ({ server, tool }) => ({ server, ...briefTool(tool) });
const whole: Form = ({ server, tool }) => ({ server, definition: tool });

/** The forms a tool may be shown in; of those the first that fits. */
function formsOf(chosen: readonly FoundTool[], detail: Detail): readonly Form[] {
  switch (detail) {
    case 'names':
      return [named];
    case 'brief':
      return [brief];
    case 'full':
      return [whole, brief];
    case 'auto':
      return estimateTokens(chosen.map(whole)) <= budget ? [whole] : [brief];
    default:
      return detail satisfies never;
  }
}

function notSearched(servers: readonly string[]): Partial<SearchToolsResult> {
  if (servers.length === 0) return {};
  return {
    not_searched: servers.slice(0, mostNames),
    ...(servers.length > mostNames && { not_searched_count: servers.length }),
    hint: 'get_server_tools makes the tools of a server known.',
  };
}
