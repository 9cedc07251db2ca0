// Owns what the use cases need of the servers behind the gateway; compose.ts plugs the pool in.
import type { Catalog } from '../downstream/catalog.ts';
import type { Connection } from '../downstream/connection.ts';
import type { RecalledOffers } from '../downstream/known-offers.ts';
import type { Offerings, Offers } from '../downstream/offerings.ts';
import type { ServerWatcher } from '../downstream/server-snapshot.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import type { ToolChanges } from '../policy/judge-tools.ts';

/** An open connection and what its server offers. */
export interface ServerSession {
  readonly connection: Pick<Connection, 'callTool' | 'request'> & {
    readonly changes: Pick<Connection['changes'], 'subscribe' | 'unsubscribe'>;
  };
  readonly catalog: Pick<Catalog, 'tools' | 'find'>;
  readonly offerings: Pick<Offerings, 'list' | 'offers' | 'makesTasks'>;
}

export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'needs_login' | 'failed' | 'disabled';

export interface ServerSnapshot {
  readonly state: ConnectionState;
  readonly reason?: string | undefined;
  /** From when on a server that failed is started again, epoch milliseconds; absent: at the next call. */
  readonly nextTryAt?: number | undefined;
  /** Names of the tools, once they are known. */
  readonly toolNames?: readonly string[] | undefined;
  /** What it offers besides tools, once that is known. */
  readonly offers?: Offers | undefined;
  readonly protocolVersion?: string | undefined;
  /** The server's own title, or else the first sentence of its instructions. */
  readonly selfDescription?: string | undefined;
  /** Tools that are not as they were agreed to, and whether they are kept back; absent: there are none. */
  readonly toolChanges?: (ToolChanges & { readonly isBlocked: boolean }) | undefined;
}

/** The tools of a server as far as they are known without asking it. */
export interface KnownTools {
  /** The same array as long as nothing changed. */
  readonly tools: readonly ToolDefinition[];
  /** Epoch milliseconds. */
  readonly listedAt: number;
  /** Whether it is good enough to be shown while the server is not up. */
  readonly isRecent: boolean;
  /** Tools that the server has besides, and that nobody has agreed to. */
  readonly withheld?: readonly ToolDefinition[] | undefined;
}

export interface DownstreamPort {
  /** Connects when needed. @throws LoginRequiredError | GatewayError SERVER_UNAVAILABLE, TIMEOUT, CANCELLED */
  session(server: string, options: { readonly signal: AbortSignal }): Promise<ServerSession>;
  snapshot(server: string): ServerSnapshot;
  hostChanged(what: 'roots' | 'logLevel'): void;
  /** As the server last listed them, or an earlier process saved them. */
  knownTools(server: string): Promise<KnownTools | undefined>;
  /** What it has besides tools, as it last said, or an earlier process saved. */
  knownOffers(server: string): Promise<RecalledOffers | undefined>;
  /** Connects and lists in the background. */
  refresh(server: string): void;
  /** Who hears of servers that come and change; one. */
  watch(watcher: ServerWatcher): void;
}
