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
import { createDirectMode } from './direct-mode.ts';
import type { DownstreamPort } from './downstream-port.ts';
import { type ExecuteToolInput, executeTool } from './execute-tool.ts';
import { type ConfigSource, type GatewayStatus, gatewayStatus } from './gateway-status.ts';
import { type GetServerToolsInput, type GetServerToolsResult, getServerTools } from './get-server-tools.ts';
import type { Host } from './host.ts';
import type { HostAtLarge } from './host-at-large.ts';
import type { ToolView } from './host-view.ts';
import { type ListedServer, listServers } from './list-servers.ts';
import type { LoginPort } from './login-port.ts';
import { type LoginServerInput, type LoginServerResult, loginServer } from './login-server.ts';
import { LoginWindows } from './login-windows.ts';
import { createServerDirectory } from './server-directory.ts';
import { parseTaskName, type TaskRequest, taskRequest, unknownTask } from './task-request.ts';

/** What a caller says of itself, before the rules have looked at it. */
type Claim<Input> = Omit<Input, 'agent'> & { readonly agentId?: string | undefined };

export interface Gateway {
  listServers(
    input: { readonly agentId?: string | undefined; readonly includeMetadata: boolean },
    host: Host,
  ): Promise<{ readonly servers: readonly ListedServer[] }>;
  getServerTools(input: Claim<GetServerToolsInput>, host: Host): Promise<GetServerToolsResult>;
  /** @returns the server's own `CallToolResult` */
  executeTool(input: Claim<ExecuteToolInput>, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /**
   * A call of a tool under the name that it is exposed by. @returns the server's own `CallToolResult`
   * @throws UnknownToolError no tool is exposed by that name
   */
  callDirect(
    input: { readonly name: string; readonly args?: unknown },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** What the host is to see in its list of tools; it is told when that changes. Waits a little for a first start. */
  giveTools(): Promise<ToolView>;
  /** The host was given a list before there was a gateway to ask. */
  gaveTools(view: ToolView): void;
  /** The tools of a server are not what they were known to be. */
  toolsChanged(server: string): void;
  /** Somebody logged in to a server. */
  loggedIn(server: string): void;
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
  | 'get_server_tools'
  | 'execute_tool'
  | 'login_server'
  | 'get_gateway_status'
  | TaskRequest['method'];

interface Operation {
  readonly name: OperationName;
  readonly agentId?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly args?: unknown;
}

export function createGateway(deps: GatewayDeps, settings: GatewaySettings): Gateway {
  const directory = createServerDirectory(deps);
  const metrics = new CallMetrics();
  const shared = {
    ...deps,
    directory,
    metrics,
    windows: new LoginWindows(deps.now),
    loginWaitMs: settings.loginWaitMs,
    version: settings.version,
  };
  const audited = createAudited({ ...shared, settings });
  const direct = createDirectMode({
    ...shared,
    expose: settings.expose ?? 'meta',
    agent: () => unnamed(deps, settings),
  });

  const gateway: Gateway = {
    listServers: (input, host) =>
      audited({ name: 'list_servers', ...input }, host, async (agent) => {
        const listed = await listServers(shared, { ...input, agent });
        direct.tryAgain();
        return plain(listed);
      }),
    getServerTools: (input, host) =>
      audited({ name: 'get_server_tools', ...input }, host, async (agent) =>
        plain(await getServerTools(shared, { ...input, agent }, host)),
      ),
    executeTool: (input, host) =>
      audited({ name: 'execute_tool', ...input }, host, async (agent) => {
        const { result, size } = await executeTool(shared, { ...input, agent }, host);
        return { value: result, size: size ?? sizeOf(result) };
      }),
    callDirect: (input, host) => direct.call(input, host, gateway),
    giveTools: () => direct.give(),
    gaveTools: (view) => direct.gave(view),
    toolsChanged: (server) => direct.toolsChanged(server),
    loggedIn: (server) => direct.loggedIn(server),
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
        const { result, size } = await taskRequest(shared, { ...input, agent }, host);
        return { value: result, size: size ?? sizeOf(result) };
      });
    },
    attach: (host) => deps.host.attach(host),
    logLevelChanged: () => deps.downstream.hostChanged('logLevel'),
    rootsChanged: () => deps.downstream.hostChanged('roots'),
    refuse: (operation, problem, host) => audited(operation, host, () => Promise.reject(problem)),
  };
  return gateway;
}

/** Who calls without saying so; undefined: the rules want it said. */
function unnamed({ rules }: Pick<GatewayDeps, 'rules'>, settings: GatewaySettings): string | undefined {
  try {
    return identify(rules, { claimed: undefined, locked: settings.lockedAgent, fallback: settings.defaultAgent }).agent;
  } catch {
    return undefined;
  }
}

interface Measured<T> {
  readonly value: T;
  /** Bytes. */
  readonly size: number;
}

function plain<T>(value: T): Measured<T> {
  return { value, size: sizeOf(value) };
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
    const { agentId: claimed, server, tool } = operation;
    let agent: string | undefined;
    let rule: string | null = null;
    let failure: GatewayError | undefined;
    let size: number | null = null;
    try {
      ({ agent } = identify(rules, { claimed, locked: settings.lockedAgent, fallback: settings.defaultAgent }));
      if (server !== undefined) rule = directory.permit(agent, server, tool).rule;
      const measured = await work(agent);
      size = measured.size;
      return measured.value;
    } catch (error) {
      failure = asGatewayError(error, host, operation);
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

function asGatewayError(error: unknown, host: Host, { server, tool }: Operation): GatewayError {
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
