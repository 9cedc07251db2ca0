// Owns finding the program of a stdio server. Apps started from a desktop have no shell PATH, so a bare command is also
// looked for beside the running node, and the error says where it was looked for.
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import type { StdioServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { type Environment, pathVariable } from './child-environment.ts';

export interface FoundCommand {
  /** Absolute. */
  readonly file: string;
  /** The directories searched, in order, joined: the PATH that the child should have. */
  readonly path: string;
}

interface Surroundings {
  readonly env: Environment;
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
}

/** @throws GatewayError SERVER_UNAVAILABLE where there is no such program, or it cannot be executed */
export async function findCommand(entry: StdioServerEntry, around: Surroundings): Promise<FoundCommand> {
  await checkDirectory(entry);
  const directories = searchDirectories(entry, around);
  const path = directories.join(delimiter);
  const bare = !entry.command.includes('/') && !entry.command.includes(sep);
  const bases = bare ? directories.map((directory) => join(directory, entry.command)) : [pathOf(entry)];
  let blocked: string | undefined;
  for (const file of bases.flatMap((base) => variants(base, around))) {
    const verdict = await inspect(file, around.platform);
    if (verdict === 'executable') return { file, path };
    if (verdict === 'blocked') blocked ??= file;
  }
  if (blocked !== undefined) {
    throw unavailable(entry, `'${blocked}' is not an executable file`, `make it executable: chmod +x '${blocked}'`);
  }
  if (!bare) throw unavailable(entry, `there is no file '${pathOf(entry)}'`, 'correct "command" in the config');
  throw unavailable(
    entry,
    `command '${entry.command}' was not found in: ${directories.join(', ') || '(PATH is empty)'}`,
    `write the absolute path as "command"; a terminal shows it with: command -v ${entry.command}`,
  );
}

function pathOf(entry: StdioServerEntry): string {
  return resolve(entry.cwd ?? '.', entry.command);
}

function searchDirectories(entry: StdioServerEntry, around: Surroundings): string[] {
  const own = pathVariable(entry.env, around.platform).value.split(delimiter);
  const gateway = pathVariable(around.env, around.platform).value.split(delimiter);
  const all = [...own, ...gateway, dirname(around.execPath)].filter((directory) => directory !== '');
  return [...new Set(all)];
}

/** On Windows a program is named without its extension; PATHEXT lists which are tried. */
function variants(base: string, around: Surroundings): string[] {
  if (around.platform !== 'win32') return [base];
  const extensions = (around.env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD')
    .split(';')
    .filter((extension) => extension !== '');
  const named = extensions.some((extension) => base.toLowerCase().endsWith(extension.toLowerCase()));
  return named ? [base] : extensions.map((extension) => base + extension);
}

async function inspect(file: string, platform: NodeJS.Platform): Promise<'executable' | 'blocked' | 'missing'> {
  try {
    if (!(await stat(file)).isFile()) return 'missing';
  } catch {
    // Not there, or in a directory that may not be read: both mean looking elsewhere.
    return 'missing';
  }
  if (platform === 'win32') return 'executable';
  try {
    await access(file, constants.X_OK);
    return 'executable';
  } catch {
    // The caller names the file.
    return 'blocked';
  }
}

async function checkDirectory(entry: StdioServerEntry): Promise<void> {
  if (entry.cwd === undefined) return;
  const directory = await stat(entry.cwd).catch(() => undefined);
  if (!directory?.isDirectory()) {
    throw unavailable(entry, `its working directory '${entry.cwd}' does not exist`, 'correct "cwd" in the config');
  }
}

function unavailable(entry: StdioServerEntry, what: string, hint: string): GatewayError {
  return new GatewayError('SERVER_UNAVAILABLE', `server '${entry.name}' cannot be started: ${what}`, {
    server: entry.name,
    hint,
  });
}
