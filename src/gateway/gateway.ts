// Owns the list of use cases and what they share: every one identifies its agent, asks the rules, and leaves exactly
// one audit line. Knows nothing of MCP messages.
import type { AuditDecision } from '../audit/record.ts';
import type { AuditSink } from '../audit/sink.ts';
import type { Rules } from '../config/rules.ts';
import type { ConfiguredServer, Exposure } from '../config/server-entry.ts';
import { type ErrorCode, GatewayError } from '../errors.ts';
import { identify } from '../policy/identify.ts';
import type { CallHost } from '../wire/call-host.ts';
import { CallMetrics } from './call-metrics.ts';
import { createDirectMode, type DirectMode } from './direct-mode.ts';
import type { DownstreamPort } from './downstream-port.ts';
import { type ExecuteToolInput, executeTool } from './execute-tool.ts';
import { type ConfigSource, type GatewayStatus, gatewayStatus } from './gateway-status.ts';
import { type GetServerToolsInput, type GetServerToolsResult, getServerTools } from './get-server-tools.ts';
import type { Host } from './host.ts';
import type { HostAtLarge } from './host-at-large.ts';
import { type ListedServer, listServers } from './list-servers.ts';
import type { LoginPort } from './login-port.ts';
import { type LoginServerInput, type LoginServerResult, loginServer } from './login-server.ts';
import { LoginWindows } from './login-windows.ts';
import { fitResult, fitTask, type ReadResultInput, readResult, type ServerResult } from './read-result.ts';
import { createResultStore } from './result-store.ts';
import { type SearchToolsInput, type SearchToolsResult, searchTools } from './search-tools.ts';
import { createServerDirectory } from './server-directory.ts';
import { parseTaskName, type TaskRequest, taskRequest, unknownTask } from './task-request.ts';
import { createToolIndex } from './tool-index.ts';

/** What a caller says of itself, before the rules have looked at it. */
type Claim<Input> = Omit<Input, 'agent'> & { readonly agentId?: string | undefined };

export interface Gateway {
  listServers(
    input: { readonly agentId?: string | undefined; readonly includeMetadata: boolean },
    host: Host,
  ): Promise<{ readonly servers: readonly ListedServer[] }>;
  searchTools(input: Claim<SearchToolsInput>, host: Host): Promise<SearchToolsResult>;
  getServerTools(input: Claim<GetServerToolsInput>, host: Host): Promise<GetServerToolsResult>;
  /** @returns the server's own `CallToolResult`; above the server's `maxResultBytes` the head of it, unless `whole` */
  executeTool(
    input: Claim<ExecuteToolInput> & { readonly whole?: boolean },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** @returns a page of a result that was cut, as a `CallToolResult` */
  readResult(input: Claim<ReadResultInput>, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /** Tools of servers that stand in the host's own list. */
  readonly direct: DirectMode;
  loginServer(input: Claim<LoginServerInput>, host: Host): Promise<LoginServerResult>;
  status(input: { readonly agentId?: string | undefined }, host: Host): Promise<GatewayStatus>;
  /** A request about a task that a call began. @returns the server's own result */
  taskRequest(input: TaskRequest, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /** The host has said what it is: from now on servers may ask it. */
  attach(host: CallHost): void;
  /** The host reads other log messages than before. */
  logLevelChanged(): void;
  /** The host has other folders than before. */
  rootsChanged(): void;
  /** A call whose arguments could not be read is judged and noted like every other. @throws always */
  refuse(operation: Operation, problem: GatewayError, host: Host): Promise<never>;
}

export interface GatewayDeps {
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  readonly rules: Rules | undefined;
  readonly source: ConfigSource;
  readonly downstream: DownstreamPort;
  readonly logins: LoginPort;
  readonly audit: AuditSink;
  readonly host: HostAtLarge;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface GatewaySettings {
  readonly version: string;
  /** How the tools of servers are shown whose entry does not say so; default `meta`. */
  readonly expose?: Exposure;
  /** `--agent`: no other identity is accepted. */
  readonly lockedAgent?: string | undefined;
  readonly defaultAgent?: string | undefined;
  readonly loginWaitMs: number;
}

export type OperationName =
  | 'list_servers'
  | 'search_tools'
  | 'get_server_tools'
  | 'execute_tool'
  | 'read_result'
  | 'login_server'
  | 'get_gateway_status'
  | TaskRequest['method'];

interface Operation {
  readonly name: OperationName;
  readonly agentId?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly args?: unknown;
  /** What it is about, where that depends on who asks. */
  readonly subject?: (agent: string) => { readonly server: string; readonly tool?: string | undefined } | undefined;
}

export function createGateway(deps: GatewayDeps, settings: GatewaySettings): Gateway {
  const directory = createServerDirectory(deps);
  const shared = {
    ...deps,
    directory,
    metrics: new CallMetrics(),
    results: createResultStore(),
    toolIndex: createToolIndex(),
    windows: new LoginWindows(deps.now),
    loginWaitMs: settings.loginWaitMs,
    version: settings.version,
  };
  const audited = createAudited({ ...shared, settings });
  const direct: DirectMode = createDirectMode({ ...shared, settings, calls: () => gateway });

  const gateway: Gateway = {
    listServers: (input, host) =>
      audited({ name: 'list_servers', ...input }, host, async (agent) =>
        plain(await direct.tryAfter(listServers(shared, { ...input, agent }))),
      ),
    searchTools: (input, host) =>
      audited({ name: 'search_tools', agentId: input.agentId }, host, async (agent) =>
        plain(await searchTools(shared, { ...input, agent })),
      ),
    getServerTools: (input, host) =>
      audited({ name: 'get_server_tools', ...input }, host, async (agent) =>
        plain(await getServerTools(shared, { ...input, agent }, host)),
      ),
    executeTool: (input, host) =>
      audited({ name: 'execute_tool', ...input }, host, async (agent) => {
        const { server, tool, whole } = input;
        const outcome = await executeTool(shared, { ...input, agent }, host);
        const { maxResultBytes } = directory.usable(agent, server);
        return relayed(
          outcome,
          whole ? outcome.result : fitResult(shared, { agent, server, tool }, outcome, maxResultBytes),
        );
      }),
    direct,
    readResult: (input, host) => {
      const subject = (agent: string) => shared.results.find(agent, input.resultId)?.owner;
      return audited({ name: 'read_result', agentId: input.agentId, subject }, host, async (agent) =>
        plain(readResult(shared, { ...input, agent })),
      );
    },
    loginServer: (input, host) =>
      audited({ name: 'login_server', agentId: input.agentId, server: input.server }, host, async (agent) =>
        plain(await loginServer(shared, { ...input, agent }, host)),
      ),
    status: (input, host) =>
      audited({ name: 'get_gateway_status', ...input }, host, async (agent) =>
        plain(await gatewayStatus(shared, { agent })),
      ),
    taskRequest(input, host) {
      const server = parseTaskName(input.params['taskId'])?.server;
      if (server === undefined) return Promise.reject(unknownTask());
      return audited({ name: input.method, server }, host, async (agent) => {
        const outcome = await taskRequest(shared, { ...input, agent }, host);
        const { maxResultBytes } = directory.usable(agent, server);
        return relayed(outcome, fitTask(shared, { agent, server }, outcome, maxResultBytes));
      });
    },
    attach: (host) => deps.host.attach(host),
    logLevelChanged: () => deps.downstream.hostChanged('logLevel'),
    rootsChanged: () => deps.downstream.hostChanged('roots'),
    refuse: (operation, problem, host) => audited(operation, host, () => Promise.reject(problem)),
  };
  return gateway;
}

interface Measured<T> {
  readonly value: T;
  /** Bytes. */
  readonly size: number;
}

function plain<T>(value: T): Measured<T> {
  return { value, size: sizeOf(value) };
}

/** What became of a server's result: where it is the same, its size need not be found out. */
function relayed({ result, size }: ServerResult, value: ServerResult['result']): Measured<ServerResult['result']> {
  return { value, size: value === result && size !== undefined ? size : sizeOf(value) };
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

type Audited = <T>(operation: Operation, host: Host, work: (agent: string) => Promise<Measured<T>>) => Promise<T>;

function createAudited(
  deps: Pick<GatewayDeps, 'rules' | 'audit' | 'now'> & {
    readonly directory: ReturnType<typeof createServerDirectory>;
    readonly metrics: CallMetrics;
    readonly settings: GatewaySettings;
  },
): Audited {
  const { rules, audit, now, directory, metrics, settings } = deps;
  return async (operation, host, work) => {
    const startedAt = now();
    const { agentId: claimed } = operation;
    let { server, tool } = operation;
    let agent: string | undefined;
    let rule: string | null = null;
    let failure: GatewayError | undefined;
    let size: number | null = null;
    try {
      ({ agent } = identify(rules, { claimed, locked: settings.lockedAgent, fallback: settings.defaultAgent }));
      if (operation.subject) ({ server, tool } = operation.subject(agent) ?? {});
      if (server !== undefined) rule = directory.permit(agent, server, tool).rule;
      const measured = await work(agent);
      size = measured.size;
      return measured.value;
    } catch (error) {
      failure = asGatewayError(error, host, { server, tool });
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
        tool: tool ?? null,
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
