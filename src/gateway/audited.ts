// Owns what every use case has in common: the agent is identified, the rules are asked, and one audit line is left.
import type { AuditDecision } from '../audit/record.ts';
import type { AuditSink } from '../audit/sink.ts';
import { type ErrorCode, GatewayError } from '../errors.ts';
import type { Item } from '../policy/decide.ts';
import { identify } from '../policy/identify.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { Host } from './host.ts';
import type { LiveConfig } from './live-config.ts';
import type { Measured } from './measured.ts';
import type { NativeMethod } from './native-uses.ts';
import type { OfferedOperationName } from './offered-uses.ts';
import type { ServerDirectory } from './server-directory.ts';
import type { TaskRequest } from './task-request.ts';

export type OperationName =
  | 'list_servers'
  | 'search_tools'
  | 'get_server_tools'
  | 'execute_tool'
  | 'read_result'
  | 'login_server'
  | 'get_gateway_status'
  | OfferedOperationName
  | NativeMethod
  | TaskRequest['method'];

interface Subject {
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  /** A URI. */
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
}

export interface Operation extends Subject {
  readonly name: OperationName;
  readonly agentId?: string | undefined;
  readonly args?: unknown;
  /** What it is about, where that depends on who asks. */
  readonly subject?: (agent: string) => Subject | undefined | Promise<Subject | undefined>;
}

export type Audited = <T>(
  operation: Operation,
  host: Host,
  work: (agent: string) => Promise<Measured<T>>,
) => Promise<T>;

export function createAudited(
  deps: {
    readonly config: LiveConfig;
    readonly audit: AuditSink;
    /** Epoch milliseconds. */
    readonly now: () => number;
    readonly directory: ServerDirectory;
    readonly metrics: CallMetrics;
  },
  settings: { readonly lockedAgent?: string | undefined; readonly defaultAgent?: string | undefined },
): Audited {
  const { config, audit, now, directory, metrics } = deps;
  return async (operation, host, work) => {
    const startedAt = now();
    const { agentId: claimed } = operation;
    let { server } = operation;
    let item = itemOf(operation);
    let agent: string | undefined;
    let rule: string | null = null;
    let failure: GatewayError | undefined;
    let size: number | null = null;
    try {
      const { rules, unusable } = config.current;
      if (unusable) throw unusable;
      ({ agent } = identify(rules, { claimed, locked: settings.lockedAgent, fallback: settings.defaultAgent }));
      if (operation.subject) {
        const subject = await operation.subject(agent);
        server = subject?.server;
        item = itemOf(subject ?? {});
      }
      if (server !== undefined) rule = directory.permit(agent, server, item).rule;
      const measured = await work(agent);
      size = measured.size;
      return measured.value;
    } catch (error) {
      failure = asGatewayError(error, host, { server, tool: item?.kind === 'tool' ? item.name : undefined });
      rule = failure.rule ?? rule;
      throw failure;
    } finally {
      const latencyMs = now() - startedAt;
      if (server !== undefined) metrics.record(server, latencyMs, failure !== undefined);
      audit.write({
        at: startedAt,
        agent_id: agent ?? claimed ?? null,
        operation: operation.name,
        server: server ?? null,
        tool: item?.name ?? null,
        decision: decisionOf(failure?.code),
        rule,
        error_code: failure?.code ?? null,
        latency_ms: latencyMs,
        args: operation.args,
        result_bytes: size,
        request_id: host.requestId,
      });
    }
  };
}

function itemOf({ tool, resource, prompt }: Subject): Item | undefined {
  if (tool !== undefined) return { kind: 'tool', name: tool };
  if (resource !== undefined) return { kind: 'resource', name: resource };
  return prompt === undefined ? undefined : { kind: 'prompt', name: prompt };
}

function asGatewayError(
  error: unknown,
  host: Host,
  { server, tool }: Pick<Operation, 'server' | 'tool'>,
): GatewayError {
  if (host.signal.aborted)
    return new GatewayError('CANCELLED', 'the call was cancelled', { server, tool, cause: error });
  if (error instanceof GatewayError) return placed(error, server, tool);
  return new GatewayError('INTERNAL', 'the gateway failed; its log says more', { server, tool, cause: error });
}

/** Rooms that know only the server, or neither, leave it to the call to say what it was about. */
function placed(error: GatewayError, server: string | undefined, tool: string | undefined): GatewayError {
  if ((error.server ?? server) === error.server && (error.tool ?? tool) === error.tool) return error;
  const { code, message, hint, rule, loginUrl, userCode } = error;
  const about = { server: error.server ?? server, tool: error.tool ?? tool };
  return new GatewayError(code, message, { hint, rule, loginUrl, userCode, ...about, cause: error });
}

function decisionOf(code: ErrorCode | undefined): AuditDecision {
  switch (code) {
    case undefined:
      return 'ALLOW';
    case 'DENIED_BY_POLICY':
    case 'INVALID_AGENT_ID':
    case 'NO_FALLBACK_CONFIGURED':
    case 'FALLBACK_AGENT_NOT_IN_RULES':
      return 'DENY';
    case 'TIMEOUT':
    case 'CANCELLED':
      return code;
    default:
      return 'ERROR';
  }
}
