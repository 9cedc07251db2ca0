// Owns logins as files: one per key, private, atomic, never thrown away; knows nothing of OAuth.
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { readTextIfPresent, removeIfPresent, writePrivateJson } from '../lib/json-file.ts';
import { parseObject } from './answer.ts';
import { mergeUnknown, parseLoginRecord } from './login-record.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

/** Without the right to write there is no lock either, and nobody on this directory can save a rotated token. */
const readOnlyCodes: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);

export function createFileTokenStore(
  deps: { readonly lock: FileLock },
  { directory }: { readonly directory: string },
): TokenStore {
  const pathOf = (key: string): string => {
    // Keys are made by us; one that could leave the directory is a defect.
    if (!/^[A-Za-z0-9_-]+$/.test(key)) throw new GatewayError('INTERNAL', 'a login key holds characters no key has');
    return join(directory, `${key}.json`);
  };
  return {
    read: (key) => readRecord(pathOf(key)),
    async write(key, record) {
      const path = pathOf(key);
      await writePrivateJson(path, mergeUnknown(record, await readRecord(path)));
    },
    delete: (key) => removeIfPresent(pathOf(key)),
    async withLock(key, work, options) {
      let entered = false;
      const enter = () => {
        entered = true;
        return work();
      };
      try {
        return await deps.lock.hold(pathOf(key), enter, options);
      } catch (error) {
        if (entered || !readOnlyCodes.has(codeOf(error))) throw error;
        return await work();
      }
    },
  };
}

async function readRecord(path: string): Promise<LoginRecord | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const value = parseObject(text);
  const parsed = parseLoginRecord(value);
  if (parsed.kind === 'record') {
    await closeToOthers(path);
    return parsed.record;
  }
  // The text itself is not quoted, and the parser's message, which quotes it, is no cause: there may be tokens in it.
  const what = value === undefined ? 'it is no JSON object (half-written?)' : parsed.reason;
  throw new GatewayError('CONFIG_INVALID', `the login file ${path} cannot be used: ${what}`, {
    hint: `It was left as it is. Restore a copy, or delete it and log in again.`,
  });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readTextIfPresent(path);
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `the login file ${path} cannot be read (${String(codeOf(error))})`, {
      hint: 'Give the user that runs this process the right to read it, or choose another directory with GATEWAY_TOKEN_DIR.',
      cause: error,
    });
  }
}

/** A file that was copied here may be readable by others. One that belongs to somebody else cannot be changed: it is still used. */
async function closeToOthers(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, mode & 0o700);
  } catch (error) {
    const code = codeOf(error);
    if (!readOnlyCodes.has(code) && code !== 'ENOENT') throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
