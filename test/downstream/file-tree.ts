// Owns a file system that is written down: paths and what they hold.
import type { FileLook } from '../../src/downstream/file-look.ts';

/** A text is that of a file; `program` and `blocked` are files with a name that matters alone. Folders follow from paths. */
export function fileTree(files: Readonly<Record<string, string>>, separator = '/'): FileLook {
  const paths = Object.keys(files);
  const inside = (directory: string): string[] =>
    paths.filter((path) => path.startsWith(directory + separator)).map((path) => path.slice(directory.length + 1));
  return {
    async inspect(file) {
      if (files[file] === undefined) return 'missing';
      return files[file] === 'blocked' ? 'blocked' : 'executable';
    },
    isDirectory: async (path) => inside(path).length > 0,
    names: async (directory) => [...new Set(inside(directory).map((path) => path.split(separator)[0] as string))],
    text: async (file) => files[file],
  };
}
