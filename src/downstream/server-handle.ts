// Owns what others are handed of an open connection: it, and what is kept of its server's lists for as long as it lasts.
import type { ServerEntry } from '../config/server-entry.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import type { Connection } from './connection.ts';
import type { ConnectionInfo } from './handshake.ts';
import { createOfferings, type Offerings } from './offerings.ts';
import type { ServerMemory } from './server-memory.ts';

export interface ServerHandle {
  readonly connection: Connection;
  readonly catalog: Catalog;
  readonly offerings: Offerings;
}

export interface HandleDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** What outlives the connection. */
  readonly memory: ServerMemory;
  /** Told of changes of prompts and resources. */
  readonly onTold: (method: string, params: Readonly<Record<string, unknown>>) => void;
}

export function createHandle(
  { now, memory, onTold }: HandleDeps,
  entry: ServerEntry,
  connection: Connection,
): ServerHandle {
  const catalog = createCatalog({
    listTools: () => connection.listTools(),
    now,
    onListed: (listing, askedAt) => {
      const { info } = connection;
      memory.tools.listed(listing, askedAt, { protocolVersion: info.protocolVersion, title: titleOf(info) });
    },
  });
  const offerings = createOfferings({ connection, entry, now, known: memory.offers });
  connection.onListChanged = () => {
    catalog.invalidate();
    memory.tools.doubt();
  };
  connection.onServerNotification = (method, params) => {
    offerings.changed(method);
    onTold(method, params);
  };
  return { connection, catalog, offerings };
}

/** What a server calls itself. */
export function titleOf({ serverInfo, instructions }: ConnectionInfo): string | undefined {
  const title = serverInfo['title'];
  return typeof title === 'string' ? title : instructions;
}
