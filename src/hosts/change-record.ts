// Owns what is remembered of each change to a host's config, so that it can be taken back to the byte. The records may
// hold secrets that the host's file held: they are private files.
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTextIfPresent, removeIfPresent, writePrivateJson } from '../lib/json-file.ts';
import { membersOf } from '../lib/members.ts';

export interface HostChange {
  /** `replace` also took servers out. */
  readonly kind: 'install' | 'replace';
  /** Of the entry that was put in. */
  readonly name: string;
  /** There was no file before. */
  readonly created: boolean;
  /** The object around the servers was made, too. */
  readonly madeContainer: boolean;
  /** Of the text afterwards, SHA-256 in hex. */
  readonly textAfter: string;
  /** The one stretch of text that changed: where, what stood there, what stands there. */
  readonly offset: number;
  readonly removed: string;
  readonly inserted: string;
  /** The entry as it was put in. Absent where one like it was there already. */
  readonly entry?: unknown;
  /** Servers that were taken out: name, and text as it stood there. */
  readonly servers: readonly { readonly name: string; readonly text: string }[];
}

export interface ChangeRecords {
  /** Oldest first. */
  read(file: string): Promise<readonly HostChange[]>;
  write(file: string, changes: readonly HostChange[]): Promise<void>;
}

interface RecordFile {
  readonly version: 1;
  readonly file: string;
  readonly changes: readonly HostChange[];
}

export function createChangeRecords(dataDir: string): ChangeRecords {
  const placeOf = async (file: string): Promise<string> => {
    const key = createHash('sha256')
      .update(await realPathOf(file))
      .digest('hex')
      .slice(0, 32);
    return join(dataDir, 'hosts', `${key}.json`);
  };
  return {
    async read(file) {
      const text = await readTextIfPresent(await placeOf(file));
      return text === undefined ? [] : changesOf(text);
    },
    async write(file, changes) {
      const place = await placeOf(file);
      if (changes.length === 0) return await removeIfPresent(place);
      await writePrivateJson(place, { version: 1, file, changes } satisfies RecordFile);
    },
  };
}

/** A record that cannot be read is none: the edit is then taken back by the shape of the file. */
function changesOf(text: string): readonly HostChange[] {
  try {
    const { changes } = membersOf(JSON.parse(text));
    return Array.isArray(changes) ? changes.filter(isChange) : [];
  } catch {
    return [];
  }
}

function isChange(value: unknown): value is HostChange {
  const { kind, name, textAfter, offset, removed, inserted, servers } = membersOf(value);
  const texts = [name, textAfter, removed, inserted];
  const isKnown = kind === 'install' || kind === 'replace';
  return (
    isKnown && texts.every((text) => typeof text === 'string') && Number.isInteger(offset) && Array.isArray(servers)
  );
}

/** The same before the file is made, and after it is gone. */
async function realPathOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const folder = dirname(file);
    return folder === file ? file : join(await realPathOf(folder), basename(file));
  }
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What lies between the longest common beginning and end. */
export function changedStretch(before: string, after: string): Pick<HostChange, 'offset' | 'removed' | 'inserted'> {
  const most = Math.min(before.length, after.length);
  let offset = 0;
  while (offset < most && before[offset] === after[offset]) offset++;
  let end = 0;
  while (end < most - offset && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return {
    offset,
    removed: before.slice(offset, before.length - end),
    inserted: after.slice(offset, after.length - end),
  };
}

/** The text before the change, where nobody has touched it since. */
export function textBefore(text: string, change: HostChange): string | undefined {
  if (digestOf(text) !== change.textAfter) return undefined;
  const { offset, removed, inserted } = change;
  return text.slice(0, offset) + removed + text.slice(offset + inserted.length);
}
