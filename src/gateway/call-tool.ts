// Owns how a tool is called: by one request, or, where its server runs it as a task and in no other way (2025-11-25,
// basic/utilities/tasks), by making the task and asking for its result. Knows nothing of rules or logins.
import type { CallOptions, CallOutcome } from '../downstream/call-options.ts';
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import type { ServerSession } from './downstream-port.ts';

export interface ToolCall {
  readonly tool: string;
  readonly args?: unknown;
}

type CallingSession = Pick<ServerSession, 'connection' | 'catalog' | 'offerings'>;

/** How long a server may take to hear that nobody waits for its task. Milliseconds. */
const cancelMs = 10_000;

/** The tool's own result, either way. @throws as `Connection.callTool` does */
export async function callTool(
  session: CallingSession,
  { tool, args }: ToolCall,
  options: CallOptions,
): Promise<CallOutcome> {
  const { connection, offerings } = session;
  const isTask = offerings.makesTasks && (await needsTask(session, tool, options));
  if (!isTask) return await connection.callTool(tool, args, options);
  const params = args === undefined ? { name: tool } : { name: tool, arguments: args };
  const made = await connection.request('tools/call', { ...params, task: {} }, options);
  const { taskId } = membersOf(made.result['task']);
  if (typeof taskId !== 'string') return made;
  try {
    // It is held until the task has ended; what the task asks comes meanwhile.
    return await connection.request('tasks/result', { taskId }, options);
  } catch (error) {
    if (isOursToEnd(error)) {
      // Whoever called has left already: what becomes of it changes nothing.
      connection.request('tasks/cancel', { taskId }, { timeoutMs: cancelMs }).catch(() => undefined);
    }
    throw error;
  }
}

/** Only the list tells, so it is asked for where the server makes tasks at all. */
async function needsTask({ catalog }: CallingSession, tool: string, { signal }: CallOptions) {
  try {
    const definition = await catalog.find(tool, { signal });
    return membersOf(definition?.['execution'])['taskSupport'] === 'required';
  } catch (error) {
    if (signal?.aborted) throw error;
    // The answer to the call says more than a list that cannot be read.
    return false;
  }
}

/** The task runs on: nobody but us has given it up. */
function isOursToEnd(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === 'CANCELLED' || error.code === 'TIMEOUT');
}
