// Owns the plugs between the pool of connections, what the use cases ask for, and the logins.
import { stat } from 'node:fs/promises';
import type { ServerPool } from './downstream/pool.ts';
import { titleOf } from './downstream/server-handle.ts';
import type { ServerSnapshot } from './downstream/server-snapshot.ts';
import type * as port from './gateway/downstream-port.ts';
import type { LiveConfig } from './gateway/live-config.ts';
import { pinnedDownstream } from './gateway/pinned-downstream.ts';
import { lazy } from './lib/lazy.ts';
import type { Logins } from './login-wiring.ts';
import type { PinningDeps, PinningSettings, ToolComparison } from './pinning-wiring.ts';

function downstreamPort(pool: ServerPool): port.DownstreamPort {
  return {
    session: (server, options) => pool.get(server, options),
    hostChanged: (what) => pool.hostChanged(what),
    watch: (watcher) => pool.watch(watcher),
    // A config without the server may have come while somebody was looking at it.
    snapshot: (server) => (pool.has(server) ? snapshotOf(pool.snapshot(server)) : gone),
    knownTools: async (server) => (pool.has(server) ? await pool.knownTools(server) : undefined),
    knownOffers: async (server) => (pool.has(server) ? await pool.knownOffers(server) : undefined),
    refresh: (server) => pool.refresh(server),
  };
}

export interface ToolPins {
  /** Shows and calls of servers with `toolPinning` what may be shown and called. */
  readonly downstream: port.DownstreamPort;
  /** Names of tools that are not as they were agreed to, by what is known without asking the server. */
  changes(server: string): Promise<readonly string[]>;
  /**
   * The same of the tools as they are now; undefined: the entry has no `toolPinning`.
   * @throws what connecting and listing throw
   */
  compare(server: string, options: { readonly signal: AbortSignal }): Promise<ToolComparison | undefined>;
  close(): Promise<void>;
}

/** What it takes is loaded with the first server that has `toolPinning`. */
export function createToolPins(
  { config, pool, ...deps }: PinningDeps & { readonly config: LiveConfig; readonly pool: ServerPool },
  settings: PinningSettings,
): ToolPins {
  const pinning = lazy(async () => (await import('./pinning-wiring.ts')).openPinning(deps, settings));
  const downstream = pinnedDownstream(downstreamPort(pool), { config, reviews: pinning });
  return {
    downstream,
    async changes(server) {
      await downstream.knownTools(server);
      const { changed = [], added = [] } = downstream.snapshot(server).toolChanges ?? {};
      return [...changed, ...added];
    },
    async compare(server, options) {
      const configured = config.current.servers.get(server);
      if (configured?.state === 'usable' && !configured.entry.toolPinning) return undefined;
      const { catalog } = await pool.get(server, options);
      if (configured?.state !== 'usable') return undefined;
      return await (await pinning.get()).compare(configured.entry, await catalog.tools(options));
    },
    async close() {
      await (await pinning.made())?.close();
    },
  };
}

const gone: port.ServerSnapshot = { state: 'failed', reason: 'it is no longer in the config' };

function snapshotOf(snapshot: ServerSnapshot): port.ServerSnapshot {
  const told = {
    toolNames: snapshot.tools?.map(({ name }) => name),
    protocolVersion: snapshot.protocolVersion,
    selfDescription: snapshot.title,
    offers: snapshot.offers,
  };
  switch (snapshot.state) {
    case 'ready': {
      const { protocolVersion } = snapshot.info;
      return { ...told, state: 'ready', protocolVersion, selfDescription: titleOf(snapshot.info) };
    }
    case 'failed':
      return { ...told, state: 'failed', reason: snapshot.error.message, nextTryAt: snapshot.nextTryAt };
    case 'needs_login':
    case 'idle':
    case 'connecting':
    case 'disabled':
      return { ...told, state: snapshot.state };
    default:
      return snapshot satisfies never;
  }
}

/** What was saved before the config was last changed may be of a server that was started in another way. */
export async function configuredAt(serversFile: string): Promise<number | undefined> {
  return (await stat(serversFile).catch(() => undefined))?.mtimeMs;
}

/** The tools that one account was shown are not shown to the next: they may be its own (2026-07-28, Caching). */
export function forgettingTools(logins: Logins, pool: Pick<ServerPool, 'forgetTools' | 'has'>): Logins {
  const forget = async (server: string): Promise<void> => {
    if (pool.has(server)) await pool.forgetTools(server);
  };
  return {
    ...logins,
    async login(server, request) {
      const attempt = await logins.login(server, request);
      // Without a URL nobody logged in: the login was there.
      if (attempt.loginUrl === undefined) return attempt;
      const done = attempt.done.then(() => forget(server));
      done.catch(() => undefined);
      return { ...attempt, done };
    },
    async logout(server) {
      const outcome = await logins.logout(server);
      await forget(server);
      return outcome;
    },
  };
}
