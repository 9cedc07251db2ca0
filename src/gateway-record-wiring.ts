// Owns what a running gateway tells of itself: the states of its servers, its host, its config.
import type { ConfiguredServer } from './config/server-entry.ts';
import type { ServerPool } from './downstream/pool.ts';
import type { ConfigSource } from './gateway/live-config.ts';
import type { GatewayTale, RecordedServer } from './gateway-record.ts';
import { redact } from './lib/redact.ts';

/** Of a name or an error. Characters. */
const maxName = 80;
const maxError = 500;

export interface TellingGateway {
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  readonly source: ConfigSource;
  snapshot(server: string): ReturnType<ServerPool['snapshot']>;
  /** What the host calls itself, once it has said so. */
  readonly clientName: string | undefined;
}

export function gatewayTale(gateway: TellingGateway, agent: string | undefined): GatewayTale {
  const { servers, source, clientName } = gateway;
  return {
    client: clientName?.slice(0, maxName) ?? null,
    agent: agent ?? null,
    servers_file: source.serversFile,
    rules_file: source.rulesFile ?? null,
    config_error: source.problem === undefined ? null : errorLine(source.problem.message),
    servers: [...servers.values()].map((server) => recordedServer(server, gateway)),
  };
}

/** Of a gateway that answers with nothing but this error. */
export function failedTale(error: string, agent: string | undefined): GatewayTale {
  return {
    client: null,
    agent: agent ?? null,
    servers_file: null,
    rules_file: null,
    config_error: errorLine(error),
    servers: [],
  };
}

function recordedServer(server: ConfiguredServer, gateway: TellingGateway): RecordedServer {
  const nothing = { server: server.name, pids: [], protocol: null, since: null, last_error: null, next_try_at: null };
  if (server.state === 'broken') {
    if (server.disabled) return { ...nothing, state: 'disabled' };
    return { ...nothing, state: 'failed', last_error: errorLine(server.issues[0]?.message ?? 'misconfigured') };
  }
  const snapshot = gateway.snapshot(server.name);
  const told = { ...nothing, state: snapshot.state, pids: snapshot.processes ?? [] };
  if (snapshot.state === 'ready') {
    return { ...told, protocol: snapshot.info.protocolVersion, since: instant(snapshot.since) };
  }
  if (snapshot.state !== 'failed') return told;
  const { failedAt, error, nextTryAt } = snapshot;
  return {
    ...told,
    since: instant(failedAt),
    last_error: errorLine(error.message),
    next_try_at: nextTryAt === undefined ? null : instant(nextTryAt),
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function errorLine(text: string): string {
  const line = redact(text);
  return line.length <= maxError ? line : `${line.slice(0, maxError)}…`;
}
