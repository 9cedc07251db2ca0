// Owns logins as files: one per key, private, atomic, encrypted where there is a key for it, never thrown away; knows
// nothing of OAuth.
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { readTextIfPresent, removeIfPresent, writePrivateJson } from '../lib/json-file.ts';
import type { LogPort } from '../lib/log-port.ts';
import { parseObject } from './answer.ts';
import { mergeUnknown, parseLoginRecord } from './login-record.ts';
import type { RecordSeal } from './sealed-record.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

/** Without the right to write there is no lock either, and nobody on this directory can save a rotated token. */
const readOnlyCodes: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);

export interface FileTokenStoreDeps {
  readonly lock: FileLock;
  /**
   * Gives undefined where files are not encrypted; absent: the same.
   * @throws GatewayError CONFIG_INVALID where there should be a key and is none
   */
  readonly seal?: (() => Promise<RecordSeal | undefined>) | undefined;
  readonly log?: Pick<LogPort, 'debug'> | undefined;
}

export function createFileTokenStore(
  deps: FileTokenStoreDeps,
  { directory }: { readonly directory: string },
): TokenStore {
  const placeOf = (key: string): Place => {
    // Keys are made by us; one that could leave the directory is a defect.
    if (!/^[A-Za-z0-9_-]+$/.test(key)) throw new GatewayError('INTERNAL', 'a login key holds characters no key has');
    return { key, path: join(directory, `${key}.json`) };
  };
  return {
    read: async (key) => (await readRecord(deps, placeOf(key)))?.record,
    async write(key, record) {
      const place = placeOf(key);
      // A file that cannot be read is not written over either: it may be a login, under a key that is not set right now.
      const saved = await readRecord(deps, place);
      const seal = await deps.seal?.();
      const next = mergeUnknown(record, saved?.record);
      if (!seal) return await writePrivateJson(place.path, next);
      const bound = { login: key, version: next.version };
      await writePrivateJson(place.path, await seal.seal(JSON.stringify(next), bound));
      if (saved?.isPlain) deps.log?.debug({ path: place.path }, 'a login file that was not encrypted is so now');
    },
    delete: (key) => removeIfPresent(placeOf(key).path),
    async withLock(key, work, options) {
      let entered = false;
      const enter = () => {
        entered = true;
        return work();
      };
      try {
        return await deps.lock.hold(placeOf(key).path, enter, options);
      } catch (error) {
        if (entered || !readOnlyCodes.has(codeOf(error))) throw error;
        return await work();
      }
    },
  };
}

interface Place {
  readonly key: string;
  readonly path: string;
}

type Members = Readonly<Record<string, unknown>>;

async function readRecord(
  { seal }: FileTokenStoreDeps,
  place: Place,
): Promise<{ readonly record: LoginRecord; readonly isPlain: boolean } | undefined> {
  const { path } = place;
  const text = await readText(path);
  if (text === undefined) return undefined;
  const file = parseObject(text);
  // Also before a plain file is used: a refreshed login that could not be saved afterwards would be lost.
  const opener = await seal?.();
  const isPlain = !file || !isSealed(file);
  const value = isPlain ? file : parseObject(await openSealed(file, place, opener));
  const parsed = parseLoginRecord(value);
  if (parsed.kind === 'record') {
    await closeToOthers(path);
    return { record: parsed.record, isPlain };
  }
  // The text itself is not quoted, and the parser's message, which quotes it, is no cause: there may be tokens in it.
  const what = value === undefined ? 'it is no JSON object (half-written?)' : parsed.reason;
  throw new GatewayError('CONFIG_INVALID', `the login file ${path} cannot be used: ${what}`, {
    hint: `It was left as it is. Restore a copy, or delete it and log in again.`,
  });
}

/** Whether it is a JWE (RFC 7516 section 7.2.2): no plain login has such members. */
function isSealed(file: Members): boolean {
  return typeof file['ciphertext'] === 'string' && typeof file['protected'] === 'string';
}

async function openSealed(file: Members, { key, path }: Place, seal: RecordSeal | undefined): Promise<string> {
  const giveUp = 'or give the login up: portico logout SERVER, then log in again.';
  if (!seal) {
    throw new GatewayError('CONFIG_INVALID', `GATEWAY_TOKEN_KEY is not set, and the login file ${path} is encrypted`, {
      hint: `It was left as it is. Set GATEWAY_TOKEN_KEY or GATEWAY_TOKEN_KEY_FILE as it was when the file was saved, ${giveUp}`,
    });
  }
  const opened = await seal.open(file, key);
  if (opened.kind === 'opened') return opened.plain;
  const message = `${seal.from} does not open the login file ${path}: it ${opened.reason}`;
  throw new GatewayError('CONFIG_INVALID', message, {
    hint: `It was left as it is. Set the key that it was saved with, ${giveUp}`,
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
