// Owns reading and writing small JSON files whole: private, atomic, synced; knows nothing of their content.
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

const privateFile = 0o600;
const privateDirectory = 0o700;

/** The file's text, or undefined where there is no such file. Every other failure is thrown as it is. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Creates the directory for private files, and takes away what others may do in it. A directory that everybody shares
 * (sticky, like /tmp) keeps its mode: the files in it are private by themselves.
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: privateDirectory });
  const { mode } = await stat(path);
  const isShared = (mode & 0o1000) !== 0;
  if (process.platform !== 'win32' && !isShared && (mode & 0o077) !== 0) await chmod(path, privateDirectory);
}

/** Replaces the file in one step (temporary file, fsync, rename), readable by its owner alone. */
export async function writePrivateText(path: string, text: string): Promise<void> {
  await ensurePrivateDirectory(dirname(path));
  await writeFileAtomic(path, text, { mode: privateFile, fsync: true });
}

export async function writePrivateJson(path: string, value: unknown): Promise<void> {
  await writePrivateText(path, `${JSON.stringify(value, null, 2)}\n`);
}

export async function removeIfPresent(path: string): Promise<void> {
  await rm(path, { force: true });
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
