// Owns what a server of the revisions with a handshake is told of the host: which log messages it reads, and that its
// folders are others. Since 2026-07-28 each request says that itself.
import type { ServerEntry } from '../config/server-entry.ts';
import { offeredTo } from '../wire/call-host.ts';
import type { Peer } from '../wire/peer.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import type { ConnectionInfo } from './handshake.ts';
import { modernVersion } from './modern-era.ts';

type HostNewsDeps = Pick<DownstreamDeps, 'log' | 'host'> & { readonly peer: Peer };

export class HostNews {
  readonly #deps: HostNewsDeps;
  readonly #entry: ServerEntry;
  #info: ConnectionInfo | undefined;
  #logLevel: string | undefined;

  constructor(deps: HostNewsDeps, entry: ServerEntry) {
    this.#deps = deps;
    this.#entry = entry;
  }

  /** A conversation has begun: the server knows nothing yet. */
  begin(info: ConnectionInfo): void {
    this.#info = info.protocolVersion === modernVersion ? undefined : info;
    this.#logLevel = undefined;
    this.useLogLevel(this.#deps.host?.()?.logLevel);
  }

  useLogLevel(level: string | undefined): void {
    if (level === undefined || level === this.#logLevel || !this.#info?.capabilities['logging']) return;
    this.#logLevel = level;
    const { connectTimeoutMs: timeoutMs, name: server } = this.#entry;
    this.#deps.peer.request('logging/setLevel', { level }, { timeoutMs }).catch((err: unknown) => {
      this.#deps.log.debug({ server, err }, 'the server did not take the log level');
    });
  }

  /** Told where folders were offered. */
  async rootsChanged(): Promise<void> {
    const { roots } = offeredTo(this.#deps.host?.());
    if (roots !== undefined && this.#info) await this.#deps.peer.notify('notifications/roots/list_changed');
  }
}
