// Owns which servers a `login` or `logout` on the command line is about.
import type { ConfiguredServer } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { nearestNames } from '../lib/nearest-name.ts';

/**
 * The named servers, or with `all` every server that can have a login.
 * @throws GatewayError INVALID_ARGUMENTS | SERVER_NOT_FOUND | SERVER_UNAVAILABLE
 */
export function loginServers(
  servers: ReadonlyMap<string, ConfiguredServer>,
  names: readonly string[],
  all: boolean,
): readonly string[] {
  const able = [...servers.values()].filter(canLogIn).map(({ name }) => name);
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
    if (server.state === 'broken') {
      throw new GatewayError('CONFIG_INVALID', server.issues[0]?.message ?? `server '${name}' is misconfigured`, {
        server: name,
        hint: 'portico check',
      });
    }
    if (!canLogIn(server)) {
      throw new GatewayError(
        'INVALID_ARGUMENTS',
        `server '${name}' has no logins: it is a local command, or its entry switches OAuth off`,
        {
          server: name,
        },
      );
    }
  }
  return names;
}

function canLogIn(server: ConfiguredServer): boolean {
  return server.state === 'usable' && server.entry.kind === 'http' && server.entry.oauth !== false;
}
