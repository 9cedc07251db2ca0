// Owns the plug between the pool of connections and what the use cases ask for; decides nothing.

import type { ServerPool } from './downstream/pool.ts';
import type { ServerSnapshot } from './downstream/server-slot.ts';
import type * as port from './gateway/downstream-port.ts';

export function downstreamPort(pool: ServerPool): port.DownstreamPort {
  return {
    session: (server, options) => pool.get(server, options),
    hostChanged: (what) => pool.hostChanged(what),
    watch: (watcher) => pool.watch(watcher),
    snapshot: (server) => snapshotOf(pool.snapshot(server)),
  };
}

function snapshotOf(snapshot: ServerSnapshot): port.ServerSnapshot {
  const known = knownOf(snapshot);
  switch (snapshot.state) {
    case 'ready': {
      const { protocolVersion, serverInfo, instructions } = snapshot.info;
      const title = serverInfo?.['title'] ?? instructions;
      return {
        state: 'ready',
        ...known,
        protocolVersion,
        selfDescription: typeof title === 'string' ? title : undefined,
      };
    }
    case 'failed':
      return { state: 'failed', ...known, reason: snapshot.error.message };
    case 'needs_login':
    case 'idle':
    case 'connecting':
    case 'disabled':
      return { state: snapshot.state, ...known };
    default:
      return snapshot satisfies never;
  }
}

function knownOf({ tools, offers }: ServerSnapshot): Pick<port.ServerSnapshot, 'toolNames' | 'offers'> {
  return { toolNames: tools?.map(({ name }) => name), offers };
}
