// Owns what a process leaves in a directory that is killed in the middle of a write: temporary files of json-file and of
// directory-probe. Knows nothing of what is in them.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, removeIfPresent } from './json-file.ts';

/** No write takes so long, also on a machine that is busy or slept. Milliseconds. */
const staleMs = 10 * 60_000;

/** `x.json.1234567890` as write-file-atomic names them, and `.probe-UUID`. */
const part = /\.json\.\d{1,10}$|^\.probe-[0-9a-f-]{36}$/;

/** Removes those that nobody can be writing any more. A directory that is not there has none. */
export async function removeStaleParts(directory: string, now: () => number): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!part.test(name)) continue;
    const path = join(directory, name);
    const modifiedAt = await modifiedAtOf(path);
    if (modifiedAt !== undefined && now() - modifiedAt > staleMs) await removeIfPresent(path);
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Undefined: it is gone, or no file. */
async function modifiedAtOf(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.mtimeMs : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
