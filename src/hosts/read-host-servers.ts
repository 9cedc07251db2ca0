// Owns the servers that a host has, as Portico would write them; changes nothing.
import { isObject } from '../config/value-checks.ts';
import { membersOf } from '../lib/members.ts';
import { type OpenedHost, openHost } from './change-host.ts';
import { type ConvertedServer, convertServer } from './convert-server.ts';
import type { HostDeps, HostTarget } from './find-hosts.ts';
import { startsGateway } from './gateway-start.ts';

export interface HostServer {
  readonly name: string;
  readonly server: ConvertedServer;
}

export interface HostServers {
  readonly target: HostTarget;
  /** Without those that start this gateway. */
  readonly servers: readonly HostServer[];
  /** VS Code's list of values to ask for, those alone that servers refer to. */
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
}

/** @throws GatewayError CONFIG_INVALID with line and column */
export async function readHostServers(target: HostTarget, deps: HostDeps): Promise<HostServers> {
  return serversOf(await openHost(target), deps);
}

function serversOf({ target, servers, content, format }: OpenedHost, deps: HostDeps): HostServers {
  const place = { platform: deps.platform, project: target.project };
  const converted = Object.entries(servers)
    .filter(([, entry]) => !startsGateway(entry, deps.mainFile))
    .map(([name, entry]) => ({ name, server: convertServer(target.id, entry, place) }));
  const inputs = membersOf(format.parse(content.text))['inputs'];
  const referred = JSON.stringify(converted);
  const used = (Array.isArray(inputs) ? inputs : []).filter(
    (input) => isObject(input) && typeof input['id'] === 'string' && referred.includes(`\${input:${input['id']}}`),
  );
  return { target, servers: converted, inputs: used };
}
