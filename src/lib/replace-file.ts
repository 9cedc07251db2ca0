// Owns replacing a file of somebody else in one step, with its mode and owner kept; knows nothing of what is in it.
import { access, constants, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { isMissing } from './json-file.ts';

/** Of a new file. */
const privateFile = 0o600;

/**
 * Writes beside the file and renames. Links are followed: what they lead to is replaced. A new file is for its owner
 * alone, and its folder is made. @throws the error of the system where it may not be written, or a link leads nowhere
 */
export async function replaceFile(path: string, bytes: Buffer, mode?: number): Promise<void> {
  const target = await targetOf(path);
  if (target === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, bytes, { mode: mode ?? privateFile, fsync: true });
    return;
  }
  // A rename asks the folder alone; a file that may not be written is meant to stay as it is.
  await access(target, constants.W_OK);
  await writeFileAtomic(target, bytes, { fsync: true, ...(mode === undefined ? {} : { mode }) });
}

/** Permission bits; undefined where there is no such file. */
export async function fileMode(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function targetOf(path: string): Promise<string | undefined> {
  try {
    await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return await realpath(path);
}
