// Owns which servers a `login` or `logout` on the command line is about.
import type { ConfiguredServer, LoadedServers } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { nearestNames } from '../lib/nearest-name.ts';

/**
 * The named servers, or with `all` every server that can have a login. `inputs`: those with inputs count as well, whatever
 * they lack.
 * @throws GatewayError INVALID_ARGUMENTS | SERVER_NOT_FOUND | SERVER_UNAVAILABLE
 */
export function loginServers(
  servers: ReadonlyMap<string, ConfiguredServer>,
  names: readonly string[],
  all: boolean,
  inputs: Pick<LoadedServers['inputs'], 'has'> = new Map(),
): readonly string[] {
  const isAble = (server: ConfiguredServer): boolean => inputs.has(server.name) || canLogIn(server);
  const able = [...servers.values()].filter(isAble).map(({ name }) => name);
  if (all) return able;
  if (names.length === 0) {
    throw new GatewayError('INVALID_ARGUMENTS', 'no server named', {
      hint: able.length > 0 ? `Name one of ${able.join(', ')}, or --all.` : 'No server of the config has logins.',
    });
  }
  for (const name of names) {
    const server = servers.get(name);
    if (!server) {
      const near = nearestNames(name, servers.keys());
      throw new GatewayError('SERVER_NOT_FOUND', `no server is called '${name}'`, {
        server: name,
        hint: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'portico status shows the names.',
      });
    }
    if (isAble(server)) continue;
    if (server.state === 'broken') throw misconfigured(server);
    const message = `server '${name}' has no logins: it is a local command, or its entry switches OAuth off`;
    throw new GatewayError('INVALID_ARGUMENTS', message, { server: name });
  }
  return names;
}

export function misconfigured({ name, issues }: Extract<ConfiguredServer, { state: 'broken' }>): GatewayError {
  const issue = issues.find(({ severity }) => severity === 'error') ?? issues[0];
  return new GatewayError('CONFIG_INVALID', issue?.message ?? `server '${name}' is misconfigured`, {
    server: name,
    hint: issue?.hint ?? 'portico check',
  });
}

export function canLogIn(server: ConfiguredServer): boolean {
  return server.state === 'usable' && server.entry.kind === 'http' && server.entry.oauth !== false;
}
