// Owns the list of use cases and what they share: every one identifies its agent, asks the rules, and leaves exactly
// one audit line. Knows nothing of MCP messages.
import type { AuditDecision } from '../audit/record.ts';
import type { AuditSink } from '../audit/sink.ts';
import type { Rules } from '../config/rules.ts';
import type { ConfiguredServer } from '../config/server-entry.ts';
import type { Offers } from '../downstream/offerings.ts';
import { type ErrorCode, GatewayError } from '../errors.ts';
import type { Item } from '../policy/decide.ts';
import { identify } from '../policy/identify.ts';
import type { CallHost } from '../wire/call-host.ts';
import { CallMetrics } from './call-metrics.ts';
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
import { createNativeUses, type NativeMethod, type NativeUses } from './native-uses.ts';
import { createOfferedUses, type OfferedOperationName, type OfferedUses } from './offered-uses.ts';
import { permittedOffers, watchOffers } from './permitted-offers.ts';
import { fitResult, type ReadResultInput, readResult } from './read-result.ts';
import { createResultStore } from './result-store.ts';
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
  /** @returns the server's own `CallToolResult`; above the server's `maxResultBytes` the head of it, unless `whole` */
  executeTool(
    input: Claim<ExecuteToolInput> & { readonly whole?: boolean },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** @returns a page of a result that was cut, as a `CallToolResult` */
  readResult(input: Claim<ReadResultInput>, host: Host): Promise<Readonly<Record<string, unknown>>>;
  loginServer(input: Claim<LoginServerInput>, host: Host): Promise<LoginServerResult>;
  status(input: { readonly agentId?: string | undefined }, host: Host): Promise<GatewayStatus>;
  /** A request about a task that a call began. @returns the server's own result */
  taskRequest(input: TaskRequest, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /** Resources, prompts and completion of the servers. */
  readonly offered: OfferedUses;
  /** The same for hosts that see them as the gateway's own. */
  readonly native: NativeUses;
  /** What permitted servers are known to have besides tools. Nothing is asked. */
  offers(): Offers;
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
  /** `--agent`: no other identity is accepted. */
  readonly lockedAgent?: string | undefined;
  readonly defaultAgent?: string | undefined;
  readonly loginWaitMs: number;
  /** Whether a server's resources and prompts are shown as the gateway's own; absent: none are. */
  readonly isNative?: ((server: string) => boolean) | undefined;
}

export type OperationName =
  | 'list_servers'
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

interface Operation extends Subject {
  readonly name: OperationName;
  readonly agentId?: string | undefined;
  readonly args?: unknown;
  /** What it is about, where that depends on who asks. */
  readonly subject?: (agent: string) => Subject | undefined | Promise<Subject | undefined>;
}

export function createGateway(deps: GatewayDeps, settings: GatewaySettings): Gateway {
  const directory = createServerDirectory(deps);
  const metrics = new CallMetrics();
  const shared = {
    ...deps,
    directory,
    metrics,
    results: createResultStore(),
    windows: new LoginWindows(deps.now),
    loginWaitMs: settings.loginWaitMs,
    version: settings.version,
  };
  const audited = createAudited({ ...shared, settings });
  const offers = (): Offers => permittedOffers(shared, agentsOf(deps.rules, settings));
  const isNative = settings.isNative ?? (() => false);
  const notify = (method: string, params: Readonly<Record<string, unknown>>) =>
    deps.host.current?.notify(method, params);
  const native = createNativeUses({ ...shared, audited, isNative, notify });
  watchOffers(deps, offers, native);

  return {
    listServers: (input, host) =>
      audited({ name: 'list_servers', ...input }, host, async (agent) =>
        plain(await listServers(shared, { ...input, agent })),
      ),
    getServerTools: (input, host) =>
      audited({ name: 'get_server_tools', ...input }, host, async (agent) =>
        plain(await getServerTools(shared, { ...input, agent }, host)),
      ),
    executeTool: (input, host) =>
      audited({ name: 'execute_tool', ...input }, host, async (agent) => {
        const { server, tool, whole } = input;
        const { result, size } = await executeTool(shared, { ...input, agent }, host);
        const { maxResultBytes: maxBytes } = directory.usable(agent, server);
        const value = whole ? result : fitResult(shared, { agent, server, tool }, result, { size, maxBytes });
        return { value, size: value === result && size !== undefined ? size : sizeOf(value) };
      }),
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
        const { result, size } = await taskRequest(shared, { ...input, agent }, host);
        return { value: result, size: size ?? sizeOf(result) };
      });
    },
    offered: createOfferedUses({ ...shared, audited }),
    native,
    offers,
    attach: (host) => deps.host.attach(host),
    logLevelChanged: () => deps.downstream.hostChanged('logLevel'),
    rootsChanged: () => deps.downstream.hostChanged('roots'),
    refuse: (operation, problem, host) => audited(operation, host, () => Promise.reject(problem)),
  };
}

/** Whoever may be asking, where no call says who. */
function agentsOf(rules: Rules | undefined, { lockedAgent, defaultAgent }: GatewaySettings): readonly string[] {
  try {
    return [identify(rules, { claimed: undefined, locked: lockedAgent, fallback: defaultAgent }).agent];
  } catch {
    // Every call has to say who is asking: it may be any of them.
    return [...(rules?.agents.keys() ?? [])];
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
    const { agentId: claimed } = operation;
    let subject: Subject = operation;
    let agent: string | undefined;
    let rule: string | null = null;
    let failure: GatewayError | undefined;
    let size: number | null = null;
    try {
      ({ agent } = identify(rules, { claimed, locked: settings.lockedAgent, fallback: settings.defaultAgent }));
      if (operation.subject) subject = (await operation.subject(agent)) ?? {};
      const { server } = subject;
      if (server !== undefined) rule = directory.permit(agent, server, itemOf(subject)).rule;
      const measured = await work(agent);
      size = measured.size;
      return measured.value;
    } catch (error) {
      failure = asGatewayError(error, host, subject);
      rule = failure.rule ?? rule;
      throw failure;
    } finally {
      const latencyMs = now() - startedAt;
      const { server } = subject;
      if (server !== undefined) metrics.record(server, latencyMs, failure !== undefined);
      audit.write({
        at: startedAt,
        agent_id: agent ?? claimed ?? null,
        operation: operation.name,
        server: server ?? null,
        tool: itemOf(subject)?.name ?? null,
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

function asGatewayError(error: unknown, host: Host, { server, tool }: Subject): GatewayError {
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
