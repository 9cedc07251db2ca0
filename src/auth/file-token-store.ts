// Owns logins as files: one per key, private, atomic, encrypted where there is a key for it, never thrown away; knows
// nothing of OAuth.
import { join } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { removeIfPresent } from '../lib/json-file.ts';
import type { LogPort } from '../lib/log-port.ts';
import { mergeUnknown, parseLoginRecord } from './login-record.ts';
import {
  closeToOthers,
  codeOf,
  type FindSeal,
  readOnlyCodes,
  readSealedFile,
  type SealedFile,
  writeSealedFile,
} from './sealed-file.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export interface FileTokenStoreDeps {
  readonly lock: FileLock;
  readonly seal?: FindSeal;
  readonly log?: Pick<LogPort, 'debug'> | undefined;
}

export function createFileTokenStore(
  deps: FileTokenStoreDeps,
  { directory }: { readonly directory: string },
): TokenStore {
  const placeOf = (key: string): SealedFile => {
    // Keys are made by us; one that could leave the directory is a defect.
    if (!/^[A-Za-z0-9_-]+$/.test(key)) throw new GatewayError('INTERNAL', 'a login key holds characters no key has');
    const giveUp = 'or give the login up: portico logout SERVER, then log in again.';
    return { name: key, path: join(directory, `${key}.json`), what: 'the login file', giveUp };
  };
  return {
    read: async (key) => (await readRecord(deps, placeOf(key)))?.record,
    async write(key, record) {
      const place = placeOf(key);
      // A file that cannot be read is not written over either: it may be a login, under a key that is not set right now.
      const saved = await readRecord(deps, place);
      const { isPlain } = await writeSealedFile(deps.seal, place, mergeUnknown(record, saved?.record));
      if (saved?.isPlain && !isPlain) {
        deps.log?.debug({ path: place.path }, 'a login file that was not encrypted is so now');
      }
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

async function readRecord(
  { seal }: FileTokenStoreDeps,
  place: SealedFile,
): Promise<{ readonly record: LoginRecord; readonly isPlain: boolean } | undefined> {
  const { path } = place;
  const file = await readSealedFile(seal, place);
  if (!file) return undefined;
  const { value, isPlain } = file;
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
