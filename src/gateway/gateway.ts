// Owns the list of use cases, each behind the rules and with one audit line. Knows nothing of MCP messages.
import type { AuditSink } from '../audit/sink.ts';
import type { Exposure } from '../config/server-entry.ts';
import type { GatewayError } from '../errors.ts';
import type { CallHost } from '../wire/call-host.ts';
import { createAudited, type Operation } from './audited.ts';
import { CallMetrics } from './call-metrics.ts';
import { type ConfigChange, createConfigNews } from './config-news.ts';
import { createDirectMode, type DirectMode } from './direct-mode.ts';
import type { DownstreamPort } from './downstream-port.ts';
import { type GatewayStatus, gatewayStatus } from './gateway-status.ts';
import { type GetServerToolsInput, type GetServerToolsResult, getServerTools } from './get-server-tools.ts';
import type { Host } from './host.ts';
import type { HostAtLarge } from './host-at-large.ts';
import { type ListServersResult, listServers } from './list-servers.ts';
import type { ConfigState, LiveConfig } from './live-config.ts';
import type { LoginPort } from './login-port.ts';
import { type LoginServerInput, type LoginServerResult, loginServer } from './login-server.ts';
import { LoginWindows } from './login-windows.ts';
import { plain } from './measured.ts';
import { createNativeUses, type NativeUses } from './native-uses.ts';
import { createOfferedUses, type OfferedUses } from './offered-uses.ts';
import { agentsOf, type Offers, permittedOffers } from './permitted-offers.ts';
import { createRelayedUses, type RelayedUses } from './relayed-uses.ts';
import { createResultStore } from './result-store.ts';
import { type SearchToolsInput, type SearchToolsResult, searchTools } from './search-tools.ts';
import { createServerDirectory } from './server-directory.ts';
import { createToolIndex } from './tool-index.ts';

/** What a caller says of itself, before the rules have looked at it. */
type Claim<Input> = Omit<Input, 'agent'> & { readonly agentId?: string | undefined };

export interface Gateway extends RelayedUses {
  listServers(
    input: { readonly agentId?: string | undefined; readonly includeMetadata: boolean },
    host: Host,
  ): Promise<ListServersResult>;
  searchTools(input: Claim<SearchToolsInput>, host: Host): Promise<SearchToolsResult>;
  getServerTools(input: Claim<GetServerToolsInput>, host: Host): Promise<GetServerToolsResult>;
  /** Tools of servers that stand in the host's own list. */
  readonly direct: DirectMode;
  loginServer(input: Claim<LoginServerInput>, host: Host): Promise<LoginServerResult>;
  status(input: { readonly agentId?: string | undefined }, host: Host): Promise<GatewayStatus>;
  /** Resources, prompts and completion of the servers. */
  readonly offered: OfferedUses;
  /** The same for hosts that see them as the gateway's own. */
  readonly native: NativeUses;
  /** Another config is in force than `before`. */
  configChanged(before: ConfigState, change: ConfigChange): void;
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
  readonly config: LiveConfig;
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
  const audited = createAudited(shared, settings);
  const offers = (): Promise<Offers> => permittedOffers(shared, agentsOf(deps.config.current.rules, settings));
  const direct: DirectMode = createDirectMode({ ...shared, settings, offers, calls: () => gateway });
  const native = createNativeUses({
    ...shared,
    audited,
    isNative: (server) => direct.isDirect(server),
    notify: (method, params) => deps.host.current?.notify(method, params),
  });
  deps.downstream.watch({
    ready(server) {
      native.ready(server);
      direct.viewChanged();
    },
    offersChanged: () => direct.viewChanged(),
    told: (server, method, params) => native.told(server, method, params),
  });

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
    ...createRelayedUses({ ...shared, audited }),
    direct,
    loginServer: (input, host) =>
      audited({ name: 'login_server', agentId: input.agentId, server: input.server }, host, async (agent) =>
        plain(await loginServer(shared, { ...input, agent }, host)),
      ),
    status: (input, host) =>
      audited({ name: 'get_gateway_status', ...input }, host, async (agent) =>
        plain(await gatewayStatus(shared, { agent })),
      ),
    offered: createOfferedUses({ ...shared, audited }),
    native,
    configChanged: createConfigNews({ ...shared, direct, native }, settings),
    attach: (host) => deps.host.attach(host),
    logLevelChanged: () => deps.downstream.hostChanged('logLevel'),
    rootsChanged: () => deps.downstream.hostChanged('roots'),
    refuse: (operation, problem, host) => audited(operation, host, () => Promise.reject(problem)),
  };
  return gateway;
}
