// Owns the files about one server that outlive a gateway: where each lies, that it is private and written whole, and that it
// is not shown to another login. Knows nothing of what it tells.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ServerEntry } from '../config/server-entry.ts';
import { readTextIfPresent, removeIfPresent, writePrivateText } from '../lib/json-file.ts';
import type { LogPort } from '../lib/log-port.ts';
import { type Members, membersOf } from '../lib/members.ts';
import { removeOldFiles } from '../lib/stale-parts.ts';

export interface ServerFile<T> {
  /** Undefined: there is none, or none that can be used. Never rejects. */
  read(): Promise<T | undefined>;
  /** Never rejects: whoever cannot save, asks the server again the next time. */
  write(value: T): Promise<void>;
  remove(): Promise<void>;
}

export interface ServerFileForm<T> {
  /** What the file's name ends with. */
  readonly suffix: string;
  /** In characters; beyond that it costs less to ask the server again than to read its file at every start. */
  readonly longest: number;
  /** Undefined: the members are in no form that is known here. */
  readonly parse: (members: Members) => T | undefined;
  readonly format: (value: T) => Members;
}

const formatVersion = 1;
/** Hex digits of a file's name. */
const keyLength = 32;

/** Members that a newer version wrote beside ours are kept for it. */
export function createServerFile<T>(
  { directory, log }: { readonly directory: string; readonly log: LogPort },
  entry: ServerEntry,
  { suffix, longest, parse, format }: ServerFileForm<T>,
): ServerFile<T> {
  const { name: server } = entry;
  const path = join(directory, `${catalogKey(entry)}${suffix}`);
  let found: Members = {};
  const judge = (file: Members): T | string => {
    const value = file['version'] === formatVersion ? parse(file) : undefined;
    if (value === undefined) return 'what is saved of the server is not in a form that is known here';
    const { salt, headers } = file;
    if (headersDigest(entry, String(salt)) !== headers) return 'what is saved of the server was told to other headers';
    found = file;
    return value;
  };
  return {
    async read() {
      try {
        const text = await readTextIfPresent(path);
        if (text === undefined) return undefined;
        const saved = judge(membersOf(JSON.parse(text)));
        if (typeof saved !== 'string') return saved;
        log.debug({ server, path }, saved);
      } catch (err) {
        log.debug({ server, path, err }, 'what is saved of the server cannot be read');
      }
      return undefined;
    },
    async write(value) {
      try {
        const salt = randomBytes(16).toString('hex');
        const about = { version: formatVersion, salt, headers: headersDigest(entry, salt) };
        const text = `${JSON.stringify({ ...found, ...about, ...format(value) })}\n`;
        if (text.length <= longest) await writePrivateText(path, text);
        else log.debug({ server, size: text.length }, 'there is too much of the server to be saved');
      } catch (err) {
        log.debug({ server, path, err }, 'what is known of the server cannot be saved');
      }
    },
    async remove() {
      found = {};
      try {
        await removeIfPresent(path);
      } catch (err) {
        log.debug({ server, path, err }, 'what is saved of the server cannot be deleted');
      }
    },
  };
}

const fileName = new RegExp(`^([0-9a-f]{${keyLength}})(?:\\.[a-z]+)?\\.json$`, 'u');
/** Whoever did not use a server for so long can do with asking it again. Milliseconds. */
const unusedMs = 90 * 24 * 60 * 60_000;

/**
 * Removes the files of servers that no config has any more, as far as that can be told: others on the same directory may
 * have other configs, so what counts is that nobody wrote them for long.
 */
export async function removeUnusedFiles(
  directory: string,
  now: () => number,
  entries: readonly ServerEntry[],
): Promise<void> {
  const used = new Set(entries.map(catalogKey));
  const isMeant = (name: string): boolean => {
    const key = fileName.exec(name)?.[1];
    return key !== undefined && !used.has(key);
  };
  await removeOldFiles(directory, now, { isMeant, olderThanMs: unusedMs });
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
