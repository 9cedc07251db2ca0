// Owns what apps do that run Portico as an extension inside of themselves, where a shell would not; pure.
import { relative } from 'node:path';
import type { Environment } from '../settings.ts';

/** The variables that stand for a setting nobody filled in: the app hands down its own placeholder for it. */
export function unfilledVariables(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/^\$\{user_config\.[^}]*\}$/.test(value ?? '') ? [name] : []));
}

/**
 * The words of the command line. In an Electron process there is a loader before our own file, or there are switches of
 * the browser: only what follows our file is meant for us.
 */
export function ownWords(
  argv: readonly string[],
  { ownFile, isElectron }: { readonly ownFile: string; readonly isElectron: boolean },
): readonly string[] {
  if (!isElectron) return argv.slice(2);
  const at = argv.findIndex((word) => relative(word, ownFile) === '');
  return at === -1 ? [] : argv.slice(at + 1);
}
