// Owns what `get_gateway_status` shows: the gateway as one agent may see it.
import type { CallMetrics, ServerMetrics } from './call-metrics.ts';
import { type ListedServer, type ListServersDeps, listServers } from './list-servers.ts';
import type { ReloadRecord } from './live-config.ts';
import { shownProblem } from './shown-problem.ts';

export interface GatewayStatus {
  readonly version: string;
  readonly config: {
    readonly servers_file: string;
    readonly rules_file: string | null;
    readonly issues: readonly string[];
    /** Why the files as they are now are not in force. */
    readonly error?: string;
  };
  /** Oldest first. */
  readonly reloads: readonly ShownReload[];
  readonly policy: {
    readonly agent_id: string;
    readonly rules: 'none' | 'deny before allow';
    readonly servers: number;
  };
  readonly servers: readonly (ListedServer & { readonly metrics: ServerMetrics })[];
}

interface ShownReload {
  readonly at: string;
  readonly outcome: ReloadRecord['outcome'];
  readonly added?: readonly string[];
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
  readonly rules_changed?: true;
  readonly error?: string;
}

export interface GatewayStatusDeps extends ListServersDeps {
  readonly version: string;
  readonly metrics: CallMetrics;
}

export async function gatewayStatus(
  deps: GatewayStatusDeps,
  input: { readonly agent: string },
): Promise<GatewayStatus> {
  const { config, directory, metrics, version } = deps;
  const { source } = config.current;
  const maySee = (server: string): boolean => directory.maySee(input.agent, server);
  const { servers } = await listServers(deps, { agent: input.agent, includeMetadata: true });
  // An issue of a server the agent may not see would reveal its name.
  const issues = source.issues.filter(({ server }) => server === undefined || maySee(server));
  return {
    version,
    config: {
      servers_file: source.serversFile,
      rules_file: source.rulesFile ?? null,
      issues: issues.map(({ file, line, severity, message }) => `${severity} ${file}:${line}: ${message}`),
      ...(source.problem && { error: shownProblem(source.problem) }),
    },
    reloads: source.reloads.map((reload) => shownReload(reload, maySee)),
    policy: {
      agent_id: input.agent,
      rules: source.rulesFile === undefined ? 'none' : 'deny before allow',
      servers: servers.length,
    },
    servers: servers.map((server) => ({ ...server, metrics: metrics.of(server.name) })),
  };
}

/** Names of servers only as far as the agent may see them. */
function shownReload(
  { at, outcome, rulesChanged, problem, ...names }: ReloadRecord,
  maySee: (server: string) => boolean,
): ShownReload {
  const { added, changed, removed } = names;
  const shown = Object.entries({ added, changed, removed }).map(([what, all]) => [what, all.filter(maySee)] as const);
  return {
    at: new Date(at).toISOString(),
    outcome,
    ...Object.fromEntries(shown.filter(([, some]) => some.length > 0)),
    ...(rulesChanged && { rules_changed: true as const }),
    ...(problem && { error: shownProblem(problem) }),
  };
}
