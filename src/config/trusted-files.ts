// Owns which found config files somebody has agreed to: path and SHA-256 of the content, in one private file. Knows
// nothing of what stands in them.
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createFileLock } from '../lib/file-lock.ts';
import { readTextIfPresent, writePrivateJson } from '../lib/json-file.ts';
import { isObject } from './value-checks.ts';

/** `changed`: another content of the same file was agreed to. */
export type Trust = 'trusted' | 'changed' | 'unknown';

export interface TrustedFiles {
  judge(file: string, bytes: Uint8Array): Promise<Trust>;
  /** @returns the SHA-256 that was recorded */
  add(file: string, bytes: Uint8Array): Promise<string>;
  /** Whether there was anything to remove. */
  remove(file: string): Promise<boolean>;
}

type Files = Readonly<Record<string, { readonly sha256: string; readonly trusted_at: string }>>;

/** `path`: of the record, not of the files in it. */
export function createTrustedFiles(deps: { readonly now: () => number }, path: string): TrustedFiles {
  const lock = createFileLock();
  const change = (next: (files: Files) => Files): Promise<void> =>
    lock.hold(path, async () => writePrivateJson(path, { version: 1, files: next(await readRecord(path)) }));
  return {
    async judge(file, bytes) {
      const known = (await readRecord(path))[await placeOf(file)];
      if (known === undefined) return 'unknown';
      return known.sha256 === hashOf(bytes) ? 'trusted' : 'changed';
    },
    async add(file, bytes) {
      const [place, sha256] = [await placeOf(file), hashOf(bytes)];
      const trusted_at = new Date(deps.now()).toISOString();
      await change((files) => ({ ...files, [place]: { sha256, trusted_at } }));
      return sha256;
    },
    async remove(file) {
      const place = await placeOf(file);
      if ((await readRecord(path))[place] === undefined) return false;
      await change((files) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== place)));
      return true;
    },
  };
}

/** A record that cannot be read or understood trusts nothing. */
async function readRecord(path: string): Promise<Files> {
  let value: unknown;
  try {
    value = JSON.parse((await readTextIfPresent(path)) ?? '{}');
  } catch {
    return {};
  }
  const files = isObject(value) && isObject(value['files']) ? value['files'] : {};
  const usable = Object.entries(files).filter(([, file]) => isObject(file) && typeof file['sha256'] === 'string');
  return Object.fromEntries(usable) as Files;
}

/**
 * The real directory and the name in it. A link is not followed any further: relative paths in a config start where the
 * link stands, so the same content at another place is another config.
 */
export async function placeOf(file: string): Promise<string> {
  return join(await realpath(dirname(file)).catch(() => dirname(file)), basename(file));
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
