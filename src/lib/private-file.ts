// Owns writing one private text file whole where a human wants it; unlike json-file.ts it leaves the directory alone.
import writeFileAtomic from 'write-file-atomic';

/** Replaces the file in one step (temporary file, fsync, rename), readable by its owner alone. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await writeFileAtomic(path, text, { mode: 0o600, fsync: true });
}
