// Owns removing files that nobody has use for any more: what a process left that was killed in the middle of a write, and
// what nobody has written for long. Knows nothing of what is in them.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, removeIfPresent } from './json-file.ts';

/** No write takes so long, also on a machine that is busy or slept. Milliseconds. */
const staleMs = 10 * 60_000;

/** `x.json.1234567890` as write-file-atomic names them, and `.probe-UUID`. */
const part = /\.json\.\d{1,10}$|^\.probe-[0-9a-f-]{36}$/;

/**
 * Removes the temporary files of json-file and directory-probe that nobody can be writing any more. A directory that is not
 * there has none.
 */
export async function removeStaleParts(directory: string, now: () => number): Promise<void> {
  await removeOldFiles(directory, now, { isMeant: (name) => part.test(name), olderThanMs: staleMs });
}

/** Removes the files, and nothing but files, that are meant by their name and were not written for so long. */
export async function removeOldFiles(
  directory: string,
  now: () => number,
  { isMeant, olderThanMs }: { readonly isMeant: (name: string) => boolean; readonly olderThanMs: number },
): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!isMeant(name)) continue;
    const path = join(directory, name);
    const modifiedAt = await modifiedAtOf(path);
    if (modifiedAt !== undefined && now() - modifiedAt > olderThanMs) await removeIfPresent(path);
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
