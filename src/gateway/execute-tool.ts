// Owns the story of one tool call; knows nothing of transports or OAuth.

import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { GatewayError } from '../errors.ts';
import { nearestNames } from '../lib/nearest-name.ts';
import { RpcError } from '../wire/rpc-error.ts';
import { callTool } from './call-tool.ts';
import type { ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import type { ServerDirectory } from './server-directory.ts';
import { serverError } from './server-error.ts';
import { withTaskName } from './task-request.ts';
import { type WithLoginDeps, withLogin } from './with-login.ts';

export interface ExecuteToolInput {
  readonly agent: string;
  readonly server: string;
  readonly tool: string;
  /** Sent as they are; absent, the server gets none. */
  readonly args?: unknown;
  /** Milliseconds; absent: the server's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

export interface ExecuteToolDeps extends WithLoginDeps {
  readonly directory: ServerDirectory;
}

export interface ToolOutcome {
  /** The server's own `CallToolResult`, untouched. */
  readonly result: Readonly<Record<string, unknown>>;
  readonly size: number | undefined;
}

/**
 * Calls one tool. Permission has been checked by the caller of this function.
 * @throws GatewayError every code of the table but those of the rules
 */
export async function executeTool(deps: ExecuteToolDeps, input: ExecuteToolInput, host: Host): Promise<ToolOutcome> {
  const { agent, server, tool } = input;
  const entry = deps.directory.usable(agent, server);
  const timeoutMs = input.timeoutMs ?? entry.timeoutMs;
  const asked = { agent, server, item: { kind: 'tool', name: tool } } as const;
  return await withLogin(deps, asked, host, async (session) => {
    try {
      const outcome = await callTool(session, input, {
        signal: host.signal,
        timeoutMs,
        host,
        onProgress: ({ progressToken: _ours, ...update }) => host.progress(update),
      });
      // Servers answer a call of an unknown tool in one of two ways: an error, or a result with `isError`.
      if (outcome.result['isError'] === true) await refuseUnknownTool(deps, input, session, host);
      // A handle instead of a result: what becomes of it is asked with `tasks/get`.
      return outcome.result['resultType'] === 'task'
        ? { ...outcome, result: withTaskName(server, outcome.result) }
        : outcome;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const known = await refuseUnknownTool(deps, input, session, host);
      throw serverError(error, input, known && `The tool's inputSchema: ${JSON.stringify(known['inputSchema'])}`);
    }
  });
}

/** @returns the tool's definition, or undefined where the server's list cannot be had. @throws TOOL_NOT_FOUND */
async function refuseUnknownTool(
  { directory }: ExecuteToolDeps,
  { agent, server, tool }: ExecuteToolInput,
  session: ServerSession,
  host: Host,
): Promise<ToolDefinition | undefined> {
  let tools: readonly ToolDefinition[];
  try {
    // `find` lists once more where the list is not fresh: the server may have a new tool and not have said so.
    const definition = await session.catalog.find(tool, host);
    if (definition) return definition;
    tools = await session.catalog.tools(host);
  } catch {
    // The server's own answer to the call says more than a list that cannot be read.
    return undefined;
  }
  const permitted = tools.map(({ name }) => name).filter((name) => directory.mayCall(agent, server, name));
  const near = nearestNames(tool, permitted);
  throw new GatewayError('TOOL_NOT_FOUND', `server '${server}' has no tool '${tool}'`, {
    server,
    tool,
    hint: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'get_server_tools shows the names.',
  });
}
