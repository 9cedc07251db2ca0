// Owns looking at files: is it a program, what is in a folder, what does it say. Knows nothing of what is looked for.
import { access, constants, readdir, readFile, stat } from 'node:fs/promises';

export type FileVerdict = 'executable' | 'blocked' | 'missing';

/** What cannot be read is as if it was not there: looking goes on elsewhere. */
export interface FileLook {
  inspect(file: string): Promise<FileVerdict>;
  isDirectory(path: string): Promise<boolean>;
  /** Empty where there is no such folder. */
  names(directory: string): Promise<readonly string[]>;
  /** Without the space around it. */
  text(file: string): Promise<string | undefined>;
}

export function systemFiles(platform: NodeJS.Platform): FileLook {
  return {
    async inspect(file) {
      const found = await stat(file).catch(() => undefined);
      if (!found?.isFile()) return 'missing';
      if (platform === 'win32') return 'executable';
      return await access(file, constants.X_OK).then(
        () => 'executable',
        () => 'blocked',
      );
    },
    isDirectory: async (path) => (await stat(path).catch(() => undefined))?.isDirectory() === true,
    names: async (directory) => await readdir(directory).catch(() => []),
    text: async (file) => (await readFile(file, 'utf8').catch(() => undefined))?.trim(),
  };
}
