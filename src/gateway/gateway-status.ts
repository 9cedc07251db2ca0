// Owns what `get_gateway_status` shows: the gateway as one agent may see it.
import type { ConfigIssue } from '../config/server-entry.ts';
import type { CallMetrics, ServerMetrics } from './call-metrics.ts';
import { type ListedServer, type ListServersDeps, listServers } from './list-servers.ts';

/** Where the settings in force came from. */
export interface ConfigSource {
  readonly serversFile: string;
  /** Absent: no rules, everything is allowed. */
  readonly rulesFile?: string | undefined;
  /** Epoch milliseconds. */
  readonly loadedAt: number;
  /** Warnings and errors that did not keep the files from being used. */
  readonly issues: readonly ConfigIssue[];
}

export interface GatewayStatus {
  readonly version: string;
  readonly config: {
    readonly servers_file: string;
    readonly rules_file: string | null;
    readonly issues: readonly string[];
  };
  readonly reloads: readonly { readonly at: string; readonly outcome: 'loaded' }[];
  readonly policy: {
    readonly agent_id: string;
    readonly rules: 'none' | 'deny before allow';
    readonly servers: number;
  };
  readonly servers: readonly (ListedServer & { readonly metrics: ServerMetrics })[];
}

export interface GatewayStatusDeps extends ListServersDeps {
  readonly version: string;
  readonly source: ConfigSource;
  readonly metrics: CallMetrics;
}

export async function gatewayStatus(
  deps: GatewayStatusDeps,
  input: { readonly agent: string },
): Promise<GatewayStatus> {
  const { source, metrics, version } = deps;
  const { servers } = await listServers(deps, { agent: input.agent, includeMetadata: true });
  const visible = new Set(servers.map(({ name }) => name));
  // An issue of a server the agent may not see would reveal its name.
  const issues = source.issues.filter(({ server }) => server === undefined || visible.has(server));
  return {
    version,
    config: {
      servers_file: source.serversFile,
      rules_file: source.rulesFile ?? null,
      issues: issues.map(({ file, line, severity, message }) => `${severity} ${file}:${line}: ${message}`),
    },
    reloads: [{ at: new Date(source.loadedAt).toISOString(), outcome: 'loaded' }],
    policy: {
      agent_id: input.agent,
      rules: source.rulesFile === undefined ? 'none' : 'deny before allow',
      servers: servers.length,
    },
    servers: servers.map((server) => ({ ...server, metrics: metrics.of(server.name) })),
  };
}
