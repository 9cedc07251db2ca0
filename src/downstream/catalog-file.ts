// Owns where and how the last known tools of a server are kept on disk: one file each, private, written whole. Knows
// nothing of when they are read, nor for how long they are good.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ServerEntry } from '../config/server-entry.ts';
import { readTextIfPresent, removeIfPresent, writePrivateText } from '../lib/json-file.ts';
import type { LogPort } from '../lib/log-port.ts';
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

export interface CatalogFile {
  /** Undefined: there is none, or none that can be used. Never rejects. */
  read(): Promise<SavedCatalog | undefined>;
  /** Never rejects: whoever cannot save, asks the server again the next time. */
  write(catalog: SavedCatalog): Promise<void>;
  remove(): Promise<void>;
}

const formatVersion = 1;
/** In characters; beyond that it costs less to ask the server again than to read its file at every start. */
const longestFile = 16 * 1024 * 1024;
/** Hex digits of a file's name. */
const keyLength = 32;

export function createCatalogFile(
  { directory, log }: { readonly directory: string; readonly log: LogPort },
  entry: ServerEntry,
): CatalogFile {
  const { name: server } = entry;
  const path = join(directory, `${catalogKey(entry)}.json`);
  return {
    async read() {
      try {
        const text = await readTextIfPresent(path);
        if (text === undefined) return undefined;
        const saved = judgeCatalog(JSON.parse(text), entry);
        if (typeof saved !== 'string') return saved;
        log.debug({ server, path }, saved);
      } catch (err) {
        log.debug({ server, path, err }, 'the saved tools cannot be read');
      }
      return undefined;
    },
    async write(catalog) {
      try {
        const text = `${JSON.stringify(fileOf(catalog, entry))}\n`;
        if (text.length <= longestFile) await writePrivateText(path, text);
        else log.debug({ server, size: text.length }, 'the tools are too many to be saved');
      } catch (err) {
        log.debug({ server, path, err }, 'the tools cannot be saved');
      }
    },
    async remove() {
      try {
        await removeIfPresent(path);
      } catch (err) {
        log.debug({ server, path, err }, 'the saved tools cannot be deleted');
      }
    },
  };
}

/**
 * What makes the server the one it is. Of headers and environment the names alone: their values may be secrets. The
 * entry's own name keeps two entries apart that differ in nothing else, as two accounts of one local server do.
 */
export function catalogKey(entry: ServerEntry): string {
  const { name, profile = null } = entry;
  const identity =
    entry.kind === 'http'
      ? [entry.kind, name, profile, entry.url, Object.keys(entry.headers).sort()]
      : [entry.kind, name, profile, entry.command, entry.args, entry.cwd ?? null, Object.keys(entry.env).sort()];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, keyLength);
}

/**
 * What one access token was shown is not for another (2026-07-28, Caching, Cache Scope Field). With a salt of its own in
 * every file, no two of them tell that they belong to the same headers.
 */
function headersDigest(entry: ServerEntry, salt: string): string | undefined {
  if (entry.kind !== 'http' || Object.keys(entry.headers).length === 0) return undefined;
  const headers = Object.entries(entry.headers).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHmac('sha256', salt).update(JSON.stringify(headers)).digest('hex');
}

function fileOf(
  { tools, listedAt, ttlMs, cacheScope, protocolVersion, title, isDoubted }: SavedCatalog,
  entry: ServerEntry,
): object {
  const salt = randomBytes(16).toString('hex');
  return {
    version: formatVersion,
    salt,
    headers: headersDigest(entry, salt),
    saved_at: listedAt,
    doubted: isDoubted,
    ttl_ms: ttlMs,
    cache_scope: cacheScope,
    protocol_version: protocolVersion,
    title,
    tools,
  };
}

/** The catalog, or why it cannot be used. */
function judgeCatalog(value: unknown, entry: ServerEntry): SavedCatalog | string {
  const unknownForm = 'the saved tools are not in a form that is known here';
  if (typeof value !== 'object' || value === null) return unknownForm;
  const file = value as Readonly<Record<string, unknown>>;
  const { version, saved_at: listedAt, ttl_ms: ttlMs, cache_scope: scope, protocol_version: protocol, title } = file;
  const { tools } = file;
  if (version !== formatVersion || typeof listedAt !== 'number') return unknownForm;
  if (!Array.isArray(tools) || !tools.every(isTool)) return unknownForm;
  const { salt, headers } = file;
  if (headersDigest(entry, String(salt)) !== headers) return 'the saved tools were listed with other headers';
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
