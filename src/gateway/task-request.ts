// Owns the way of a task from the server that made it to the host and back (extension io.modelcontextprotocol/tasks):
// the host knows a task by a name that says whose it is.
import { GatewayError } from '../errors.ts';
import type { Host } from './host.ts';
import { type Members, type RelayDeps, type Relayed, withSession } from './relay-request.ts';

export interface TaskRequest {
  readonly method: 'tasks/get' | 'tasks/update' | 'tasks/cancel';
  readonly params: Members;
}

/** The result as the host shall see it: two servers may well give one name to two tasks. */
export function withTaskName(server: string, result: Members): Members {
  return typeof result['taskId'] === 'string' ? { ...result, taskId: `${server}/${result['taskId']}` } : result;
}

/** Whose task it is, and what that server calls it. Pure. */
export function parseTaskName(name: unknown): { readonly server: string; readonly taskId: string } | undefined {
  const [, server, taskId] = typeof name === 'string' ? (/^([^/]+)\/(.+)$/s.exec(name) ?? []) : [];
  return server === undefined || taskId === undefined ? undefined : { server, taskId };
}

/** Permission for the server has been checked by the caller of this function. */
export async function taskRequest(
  deps: RelayDeps,
  { method, params, agent }: TaskRequest & { readonly agent: string },
  host: Host,
): Promise<Relayed> {
  const task = parseTaskName(params['taskId']);
  if (!task) throw unknownTask();
  const { server, taskId } = task;
  const { _meta: _ours, ...given } = params;
  const { result, size } = await withSession(deps, { agent, server, hint: undefined }, host, ({ connection }) =>
    connection.request(method, { ...given, taskId }, { signal: host.signal, host }),
  );
  return { result: withTaskName(server, result), size };
}

export function unknownTask(): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', 'no server here made a task of that name', {
    hint: 'send the taskId as it came with the result of the call',
  });
}
