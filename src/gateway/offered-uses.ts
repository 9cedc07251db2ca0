// Owns the use cases about resources, prompts and completion as the gateway offers them: each judged by the rules and
// noted like a call of a tool. Knows nothing of MCP messages.
import { type CompleteArgumentInput, completeArgument } from './complete-argument.ts';
import type { Host } from './host.ts';
import { type Measured, plain, relayed } from './measured.ts';
import { type FitResultDeps, fitResult } from './read-result.ts';
import type { Members, RelayDeps, Relayed } from './relay-request.ts';
import {
  type GetPromptInput,
  getServerPrompt,
  type ListedPrompts,
  type ListPromptsInput,
  listServerPrompts,
} from './server-prompts.ts';
import {
  type ListedResources,
  type ListResourcesInput,
  listServerResources,
  type ReadResourceInput,
  readServerResource,
} from './server-resources.ts';

export type OfferedOperationName =
  | 'list_server_resources'
  | 'read_server_resource'
  | 'list_server_prompts'
  | 'get_server_prompt'
  | 'complete_server_argument';

export interface OfferedOperation {
  readonly name: OfferedOperationName;
  readonly agentId?: string | undefined;
  readonly server: string;
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
  readonly args?: unknown;
}

type Claim<Input> = Omit<Input, 'agent'> & { readonly agentId?: string | undefined };

export interface OfferedUses {
  listResources(input: Claim<ListResourcesInput>, host: Host): Promise<ListedResources>;
  /** @returns a `CallToolResult` that holds the server's own result */
  readResource(input: Claim<ReadResourceInput>, host: Host): Promise<Members>;
  listPrompts(input: Claim<ListPromptsInput>, host: Host): Promise<ListedPrompts>;
  /** @returns a `CallToolResult` that holds the server's own result */
  getPrompt(input: Claim<GetPromptInput>, host: Host): Promise<Members>;
  /** @returns the server's own result */
  complete(input: Claim<CompleteArgumentInput>, host: Host): Promise<Members>;
}

export interface OfferedUsesDeps extends RelayDeps, FitResultDeps {
  readonly audited: <T>(
    operation: OfferedOperation,
    host: Host,
    work: (agent: string) => Promise<Measured<T>>,
  ) => Promise<T>;
}

export function createOfferedUses(deps: OfferedUsesDeps): OfferedUses {
  const { audited, directory } = deps;
  /** Like the result of a tool, of which it has the shape: the head of it where it is too large. */
  const fitted = (agent: string, server: string, outcome: Relayed): Measured<Members> => {
    const { maxResultBytes } = directory.usable(agent, server);
    return relayed(outcome, fitResult(deps, { agent, server }, outcome, maxResultBytes));
  };
  return {
    listResources: ({ agentId, ...input }, host) =>
      audited({ name: 'list_server_resources', agentId, server: input.server }, host, async (agent) =>
        plain(await listServerResources(deps, { ...input, agent }, host)),
      ),
    readResource({ agentId, ...input }, host) {
      const { server, uri: resource } = input;
      return audited({ name: 'read_server_resource', agentId, server, resource }, host, async (agent) =>
        fitted(agent, server, await readServerResource(deps, { ...input, agent }, host)),
      );
    },
    listPrompts: ({ agentId, ...input }, host) =>
      audited({ name: 'list_server_prompts', agentId, server: input.server }, host, async (agent) =>
        plain(await listServerPrompts(deps, { ...input, agent }, host)),
      ),
    getPrompt({ agentId, ...input }, host) {
      const { server, prompt, args } = input;
      return audited({ name: 'get_server_prompt', agentId, server, prompt, args }, host, async (agent) =>
        fitted(agent, server, await getServerPrompt(deps, { ...input, agent }, host)),
      );
    },
    complete({ agentId, ...input }, host) {
      const { server, prompt, resource } = input;
      return audited({ name: 'complete_server_argument', agentId, server, prompt, resource }, host, async (agent) =>
        relayed(await completeArgument(deps, { ...input, agent }, host)),
      );
    },
  };
}
