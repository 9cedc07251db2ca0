// Owns where version managers and installers put programs when nobody says otherwise; knows nothing of PATH. Looks at
// files only through what it is given.
import { posix, win32 } from 'node:path';
import type { Environment } from './child-environment.ts';
import type { FileLook } from './file-look.ts';
import { windowsVariable } from './windows-command.ts';

interface Around {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly files: Pick<FileLook, 'names' | 'text' | 'isDirectory'>;
}

/** The folders that are there, in the order in which they are to be searched. */
export async function usualPlaces(around: Around): Promise<readonly string[]> {
  const places = around.platform === 'win32' ? windowsPlaces(around.env) : await posixPlaces(around);
  const there = await Promise.all(places.map((place) => around.files.isDirectory(place)));
  return [...new Set(places.filter((_, index) => there[index]))];
}

async function posixPlaces({ env, platform, files }: Around): Promise<string[]> {
  const home = env['HOME'] || undefined;
  const under = (...parts: string[]): string[] => (home === undefined ? [] : [posix.join(home, ...parts)]);
  // What a variable names, else the usual place in the home directory.
  const root = (name: string, ...parts: string[]): string[] => {
    const named = env[name];
    return named !== undefined && posix.isAbsolute(named) ? [named] : under(...parts);
  };
  const inside = (roots: readonly string[], ...parts: string[]): string[] =>
    roots.map((each) => posix.join(each, ...parts));
  const data = root('XDG_DATA_HOME', '.local', 'share');
  const support = platform === 'darwin' ? under('Library', 'Application Support') : [];
  const fnm = env['FNM_DIR'] ? [env['FNM_DIR']] : [...inside([...data, ...support], 'fnm'), ...under('.fnm')];
  const asdf = root('ASDF_DATA_DIR', '.asdf');
  return [
    ...(await nvmPlaces(root('NVM_DIR', '.nvm'), files)),
    ...inside(env['MISE_DATA_DIR'] ? [env['MISE_DATA_DIR']] : inside(data, 'mise'), 'shims'),
    ...inside(fnm, 'aliases', 'default', 'bin'),
    ...inside(root('VOLTA_HOME', '.volta'), 'bin'),
    // Its shims call `asdf` itself.
    ...inside(asdf, 'shims'),
    ...inside(asdf, 'bin'),
    '/opt/homebrew/bin',
    '/usr/local/bin',
    '/home/linuxbrew/.linuxbrew/bin',
    ...root('XDG_BIN_HOME', '.local', 'bin'),
    ...under('.local', 'bin'),
    ...inside(root('BUN_INSTALL', '.bun'), 'bin'),
    ...inside(root('DENO_INSTALL', '.deno'), 'bin'),
    // Also of uv before 0.5.
    ...inside(root('CARGO_HOME', '.cargo'), 'bin'),
  ];
}

/** What its default alias means first, then the newest. */
async function nvmPlaces(roots: readonly string[], files: Around['files']): Promise<string[]> {
  const [root] = roots;
  if (root === undefined) return [];
  const versions = posix.join(root, 'versions', 'node');
  const installed = newestFirst(await files.names(versions));
  const chosen = await nvmDefault(installed, (alias) => files.text(posix.join(root, 'alias', alias)));
  const order = chosen === undefined ? installed : [chosen, ...installed];
  return [...new Set(order)].map((version) => posix.join(versions, version, 'bin'));
}

/** An alias names a version, the beginning of one, or another alias (`lts/*` names `lts/jod`). */
async function nvmDefault(
  installed: readonly string[],
  readAlias: (alias: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  let name = await readAlias('default');
  // Aliases can go in a circle.
  for (let step = 0; step < 5 && name !== undefined; step++) {
    const version = matchingVersion(name, installed);
    if (version !== undefined) return version;
    // A name, and not a way out of the folder.
    name = /^[\w.*-]+(?:\/[\w.*-]+)?$/.test(name) && !name.includes('..') ? await readAlias(name) : undefined;
  }
  return undefined;
}

/** The newest of those that a name such as `v22.1.0`, `22`, `node` means. */
export function matchingVersion(name: string, newest: readonly string[]): string | undefined {
  if (name === 'node' || name === 'stable') return newest[0];
  const prefix = /^v?(\d+(?:\.\d+){0,2})$/.exec(name)?.[1];
  if (prefix === undefined) return undefined;
  return newest.find((version) => `${version}.`.startsWith(`v${prefix}.`));
}

/** Released versions of Node among names of folders. */
export function newestFirst(names: readonly string[]): string[] {
  const numbersOf = (name: string): number[] => name.slice(1).split('.').map(Number);
  return names
    .filter((name) => /^v\d+\.\d+\.\d+$/.test(name))
    .sort((one, other) => {
      const [a, b] = [numbersOf(one), numbersOf(other)];
      const at = a.findIndex((number, index) => number !== b[index]);
      return at === -1 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
    });
}

function windowsPlaces(env: Environment): string[] {
  const inside = (name: string, ...parts: string[]): string[] => {
    const root = windowsVariable(env, name);
    return root !== undefined && win32.isAbsolute(root) ? [win32.join(root, ...parts)] : [];
  };
  return [
    // nvm for Windows points this link at the version in use.
    ...inside('NVM_SYMLINK'),
    ...inside('LOCALAPPDATA', 'mise', 'shims'),
    ...inside('FNM_DIR', 'aliases', 'default'),
    ...inside('APPDATA', 'fnm', 'aliases', 'default'),
    ...inside('VOLTA_HOME', 'bin'),
    ...inside('LOCALAPPDATA', 'Volta', 'bin'),
    ...inside('PROGRAMFILES', 'Volta'),
    ...inside('PROGRAMFILES', 'nodejs'),
    ...inside('APPDATA', 'npm'),
    ...inside('USERPROFILE', 'scoop', 'shims'),
    ...inside('PROGRAMDATA', 'chocolatey', 'bin'),
    ...inside('LOCALAPPDATA', 'Microsoft', 'WinGet', 'Links'),
    ...inside('USERPROFILE', '.local', 'bin'),
    ...inside('USERPROFILE', '.bun', 'bin'),
    ...inside('USERPROFILE', '.deno', 'bin'),
    ...inside('USERPROFILE', '.cargo', 'bin'),
  ];
}
