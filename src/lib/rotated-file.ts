// Owns a text file that only grows at its end, and never for ever: above its limit it makes room for a new one, and takes
// the place of the one before. Knows nothing of what is written, nor when.
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface RotatedFileSettings {
  readonly path: string;
  /** The file and the one before together have about twice as many bytes. */
  readonly maxBytes: number;
  readonly platform: NodeJS.Platform;
}

/**
 * Opened anew each time: several processes may append to one file, and somebody may remove it. Readable by its owner
 * alone. @throws the system's error
 */
export async function appendRotated({ path, maxBytes, platform }: RotatedFileSettings, text: string): Promise<void> {
  // Directories that are there already belong to somebody else, and keep their mode.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const present = await stat(path).catch(() => undefined);
  if (present?.isFile() && present.size > 0 && present.size + Buffer.byteLength(text) > maxBytes) {
    // Where it cannot be renamed, as on Windows while somebody reads it, it grows until it can.
    await rename(path, `${path}.1`).catch(() => undefined);
  }
  const file = await open(path, 'a', 0o600);
  try {
    await makePrivate(file, platform);
    await file.appendFile(text);
  } finally {
    await file.close();
  }
}

async function makePrivate(file: FileHandle, platform: NodeJS.Platform): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile() || platform === 'win32' || (stats.mode & 0o077) === 0) return;
  // A file of another owner can be written and not changed: then its mode is that owner's choice.
  await file.chmod(0o600).catch(() => undefined);
}
