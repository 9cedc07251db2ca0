// Owns the use cases that give a server's own result to the host: calls, tasks, and what was too large to be given at once.
import type { Audited } from './audited.ts';
import { type ExecuteToolDeps, type ExecuteToolInput, executeTool } from './execute-tool.ts';
import type { Host } from './host.ts';
import { plain, relayed } from './measured.ts';
import { fitResult, fitTask, type ReadResultInput, readResult } from './read-result.ts';
import type { ResultStore } from './result-store.ts';
import { parseTaskName, type TaskRequest, taskRequest, unknownTask } from './task-request.ts';

type Claim<Input> = Omit<Input, 'agent'> & { readonly agentId?: string | undefined };

export interface RelayedUses {
  /** @returns the server's own `CallToolResult`; above the server's `maxResultBytes` the head of it, unless `whole` */
  executeTool(
    input: Claim<ExecuteToolInput> & { readonly whole?: boolean },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** @returns a page of a result that was cut, as a `CallToolResult` */
  readResult(input: Claim<ReadResultInput>, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /** A request about a task that a call began. @returns the server's own result */
  taskRequest(input: TaskRequest, host: Host): Promise<Readonly<Record<string, unknown>>>;
}

export interface RelayedUsesDeps extends ExecuteToolDeps {
  readonly results: ResultStore;
  readonly audited: Audited;
}

export function createRelayedUses(deps: RelayedUsesDeps): RelayedUses {
  const { audited, directory, results } = deps;
  return {
    executeTool: (input, host) =>
      audited({ ...input, name: 'execute_tool' }, host, async (agent) => {
        const { server, tool, args, timeoutMs, whole } = input;
        const outcome = await executeTool(deps, { agent, server, tool, args, timeoutMs }, host);
        const { maxResultBytes } = directory.usable(agent, server);
        return relayed(
          outcome,
          whole ? outcome.result : fitResult(deps, { agent, server, tool }, outcome, maxResultBytes),
        );
      }),
    readResult: (input, host) => {
      const subject = (agent: string) => results.find(agent, input.resultId)?.owner;
      return audited({ name: 'read_result', agentId: input.agentId, subject }, host, async (agent) =>
        plain(readResult(deps, { ...input, agent })),
      );
    },
    taskRequest(input, host) {
      const server = parseTaskName(input.params['taskId'])?.server;
      if (server === undefined) return Promise.reject(unknownTask());
      return audited({ name: input.method, server }, host, async (agent) => {
        const outcome = await taskRequest(deps, { ...input, agent }, host);
        const { maxResultBytes } = directory.usable(agent, server);
        return relayed(outcome, fitTask(deps, { agent, server }, outcome, maxResultBytes));
      });
    },
  };
}
