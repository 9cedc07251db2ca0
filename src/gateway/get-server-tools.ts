// Owns which of a server's tools are shown to an agent, and in how much detail; cuts nothing without saying so.

import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { GatewayError } from '../errors.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';
import type { Host } from './host.ts';
import { type ReadToolsDeps, readTools } from './read-tools.ts';
import type { ServerDirectory } from './server-directory.ts';
import { changesHint, type ShownChanges, shownChanges } from './shown-changes.ts';
import { estimateTokens } from './token-estimate.ts';
import { type BriefTool, briefTool, withShortDescriptions } from './tool-brief.ts';

export const details = ['auto', 'full', 'brief', 'names'] as const;
export type Detail = (typeof details)[number];

export interface GetServerToolsInput {
  readonly agent: string;
  readonly server: string;
  readonly names?: readonly string[] | undefined;
  /** A glob over tool names; without `*` and `?` it is looked for anywhere in the name. */
  readonly pattern?: string | undefined;
  readonly detail?: Detail | undefined;
  readonly maxSchemaTokens?: number | undefined;
  readonly cursor?: string | undefined;
  /** The server itself has to answer, whatever is known of it. */
  readonly fresh?: boolean | undefined;
}

type ShownTool = ToolDefinition | BriefTool | { readonly name: string };

export interface GetServerToolsResult {
  readonly server: string;
  readonly tools: readonly ShownTool[];
  readonly detail: Exclude<Detail, 'auto'>;
  /** How many tools of this server the agent may use. */
  readonly total_available: number;
  readonly returned: number;
  /** An estimate. */
  readonly tokens_used: number;
  /** Tools that fit the filter, but not the budget. */
  readonly omitted?: readonly string[];
  /** Tools whose descriptions were shortened to fit the budget. */
  readonly shortened?: readonly string[];
  readonly next_cursor?: string;
  /** The server is not up; these are the tools it listed at `cached_at` (ISO 8601). */
  readonly cached?: true;
  readonly cached_at?: string;
  readonly tool_changes?: ShownChanges;
  readonly hint?: string;
}

export interface GetServerToolsDeps extends ReadToolsDeps {
  readonly directory: ServerDirectory;
}

const defaultBudget = 2000;
/** Asked for by name, this many tools are shown in full whatever they cost. */
const alwaysFull = 5;

/** Lists the tools of one server. Permission for the server has been checked by the caller of this function. */
export async function getServerTools(
  deps: GetServerToolsDeps,
  input: GetServerToolsInput,
  host: Host,
): Promise<GetServerToolsResult> {
  const { agent, server } = input;
  const entry = deps.directory.usable(agent, server);
  const { tools, cached } = await readTools(deps, { agent, entry, fresh: input.fresh ?? false }, host);
  const mayCall = (name: string): boolean => deps.directory.mayCall(agent, server, name);
  const permitted = tools.filter(({ name }) => mayCall(name));
  const chosen = permitted.filter(({ name }) => isAskedFor(name, input)).slice(offsetOf(input.cursor));
  const presented = present(chosen, permitted.length, input);
  const changes = shownChanges(deps.downstream.snapshot(server).toolChanges, mayCall);
  if (!cached && !changes) return { server, ...presented };
  const hint = [cached?.hint, changes && changesHint(server, changes), presented.hint].filter(Boolean).join(' ');
  return {
    server,
    ...presented,
    ...(cached && { cached: true, cached_at: new Date(cached.at).toISOString() }),
    ...(changes && { tool_changes: changes }),
    ...(hint !== '' && { hint }),
  };
}

function isAskedFor(name: string, { names, pattern }: GetServerToolsInput): boolean {
  if (names && !names.includes(name)) return false;
  if (pattern === undefined) return true;
  return isGlob(pattern) ? matchesGlob(pattern, name) : name.toLowerCase().includes(pattern.toLowerCase());
}

function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,6}$/u.test(cursor)) {
    throw new GatewayError('INVALID_ARGUMENTS', `'${cursor.slice(0, 40)}' is no cursor of get_server_tools`, {
      hint: 'Pass next_cursor of the previous answer as it was, or none.',
    });
  }
  return Number(cursor);
}

type Presented = Omit<GetServerToolsResult, 'server'>;

function present(chosen: readonly ToolDefinition[], total: number, input: GetServerToolsInput): Presented {
  const { detail = 'auto', maxSchemaTokens, names, cursor } = input;
  const budget = maxSchemaTokens ?? defaultBudget;
  if (detail === 'names')
    return page(
      chosen.map(({ name }) => ({ name })),
      'names',
      total,
      Infinity,
      cursor,
    );
  if (detail === 'brief') return page(chosen.map(briefTool), 'brief', total, maxSchemaTokens ?? defaultBudget, cursor);
  if (detail === 'full') return fitWhole(chosen, total, maxSchemaTokens ?? Infinity);
  const named = names !== undefined && names.length <= alwaysFull;
  if (named) return fitWhole(chosen, total, maxSchemaTokens ?? Infinity);
  if (estimateTokens(chosen) <= budget) return fitWhole(chosen, total, Infinity);
  return {
    ...page(chosen.map(briefTool), 'brief', total, budget, cursor),
    hint: `Descriptions are cut. Before calling a tool, get its whole schema: names: ["…"].`,
  };
}

/** Whole definitions, as many as fit; then those that fit with short descriptions; the others are named. */
function fitWhole(chosen: readonly ToolDefinition[], total: number, budget: number): Presented {
  let used = 0;
  const take = (tool: ToolDefinition): boolean => {
    const cost = estimateTokens(tool);
    if (used + cost > budget) return false;
    used += cost;
    return true;
  };
  const shown = new Map<string, ToolDefinition>();
  for (const tool of chosen) if (take(tool)) shown.set(tool.name, tool);
  const shortened: string[] = [];
  for (const tool of chosen) {
    if (shown.has(tool.name)) continue;
    const short = withShortDescriptions(tool);
    if (!take(short)) continue;
    shown.set(tool.name, short);
    shortened.push(tool.name);
  }
  const omitted = chosen.map(({ name }) => name).filter((name) => !shown.has(name));
  const tools = chosen.flatMap(({ name }) => shown.get(name) ?? []);
  return {
    tools,
    detail: 'full',
    total_available: total,
    returned: tools.length,
    tokens_used: used,
    ...(omitted.length > 0 && { omitted, hint: 'Raise max_schema_tokens, or ask for the omitted ones by name.' }),
    ...(shortened.length > 0 && { shortened }),
  };
}

/** The first tools that fit, and where to go on; at least one, so that every page makes progress. */
function page(
  tools: readonly ShownTool[],
  detail: 'brief' | 'names',
  total: number,
  budget: number,
  cursor: string | undefined,
): Presented {
  let used = 0;
  let count = 0;
  for (const tool of tools) {
    const cost = estimateTokens(tool);
    if (count > 0 && used + cost > budget) break;
    used += cost;
    count += 1;
  }
  return {
    tools: tools.slice(0, count),
    detail,
    total_available: total,
    returned: count,
    tokens_used: used,
    ...(count < tools.length && { next_cursor: String(offsetOf(cursor) + count) }),
  };
}
