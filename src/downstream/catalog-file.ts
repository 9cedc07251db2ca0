// Owns the form in which the last known tools of a server are kept on disk. Knows nothing of when they are read, nor for
// how long they are good.
import type { ServerEntry } from '../config/server-entry.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { Members } from '../lib/members.ts';
import { createServerFile, type ServerFile } from './server-file.ts';
import { isTool, type ToolDefinition } from './tool-pages.ts';

/** What is known of a server while it is not up. */
export interface SavedCatalog {
  /** As the server defined them, nothing added and nothing dropped. */
  readonly tools: readonly ToolDefinition[];
  /** When they were listed, epoch milliseconds. */
  readonly listedAt: number;
  readonly ttlMs?: number | undefined;
  readonly cacheScope?: 'public' | 'private' | undefined;
  readonly protocolVersion?: string | undefined;
  /** What the server calls itself. */
  readonly title?: string | undefined;
  /** The server has said since that its tools changed. */
  readonly isDoubted?: boolean | undefined;
}

export type CatalogFile = ServerFile<SavedCatalog>;

const longestFile = 16 * 1024 * 1024;

export function createCatalogFile(
  deps: { readonly directory: string; readonly log: LogPort },
  entry: ServerEntry,
): CatalogFile {
  return createServerFile(deps, entry, { suffix: '.json', longest: longestFile, parse, format });
}

function format({ tools, listedAt, ttlMs, cacheScope, protocolVersion, title, isDoubted }: SavedCatalog): Members {
  return {
    saved_at: listedAt,
    doubted: isDoubted,
    ttl_ms: ttlMs,
    cache_scope: cacheScope,
    protocol_version: protocolVersion,
    title,
    tools,
  };
}

function parse(file: Members): SavedCatalog | undefined {
  const { saved_at: listedAt, ttl_ms: ttlMs, cache_scope: scope, protocol_version: protocol, title, tools } = file;
  if (typeof listedAt !== 'number' || !Array.isArray(tools) || !tools.every(isTool)) return undefined;
  return {
    tools,
    listedAt,
    isDoubted: file['doubted'] === true ? true : undefined,
    ttlMs: typeof ttlMs === 'number' ? ttlMs : undefined,
    cacheScope: scope === 'public' || scope === 'private' ? scope : undefined,
    protocolVersion: typeof protocol === 'string' ? protocol : undefined,
    title: typeof title === 'string' ? title : undefined,
  };
}
