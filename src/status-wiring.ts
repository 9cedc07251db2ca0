// Owns what `portico status` looks at: the logins on disk, who holds the open ones, and the gateways that run. Starts and
// asks nothing.
import type { LeaseRecord } from './auth/lease-file.ts';
import type { ServerEntry } from './config/server-entry.ts';
import { type GatewayRecord, readGatewayRecords } from './gateway-record.ts';
import type { LogPort } from './lib/log-port.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export type { GatewayRecord, RecordedServer } from './gateway-record.ts';

export interface StatusDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly now: () => number;
  readonly log: LogPort;
}

/** A process that waits for a human to log in. */
export interface LoginHolder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

export function runningGateways(deps: StatusDeps): Promise<readonly GatewayRecord[]> {
  return readGatewayRecords(findPaths(deps).gatewaysDir, deps.now());
}

export async function loginHolder(
  deps: StatusDeps,
  { tokenDir }: Settings,
  entry: ServerEntry,
): Promise<LoginHolder | undefined> {
  if (entry.kind !== 'http') return undefined;
  const [{ createLoginLeases }, { createFileLock }, { loginKey }] = await Promise.all([
    import('./auth/login-lease.ts'),
    import('./lib/file-lock.ts'),
    import('./auth/server-key.ts'),
  ]);
  const directory = findPaths({ ...deps, tokenDir }).tokenDir;
  const leases = createLoginLeases({ ...deps, lock: createFileLock() }, { directory });
  const lease = await leases.read(loginKey(entry.url, entry.profile));
  return lease && leases.isFresh(lease) ? holderOf(lease) : undefined;
}

function holderOf({ pid, host, startedAt }: LeaseRecord): LoginHolder {
  return { pid, host, since: new Date(startedAt).toISOString() };
}
