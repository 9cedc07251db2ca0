// Owns finding the program of a stdio server. Apps started from a desktop have no shell PATH, so a bare command is also
// looked for beside the running node, on the PATH of the login shell and where installers put programs; the error says
// where it was looked for.
import { posix, win32 } from 'node:path';
import type { StdioServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { type Environment, pathVariable } from './child-environment.ts';
import { type FileLook, systemFiles } from './file-look.ts';
import type { LoginShell, ShellAnswer } from './login-shell.ts';
import { usualPlaces } from './usual-places.ts';
import { programNames } from './windows-command.ts';

export interface FoundCommand {
  /** Absolute. */
  readonly file: string;
  /** The PATH that the child should have: what the program itself starts is found as well. */
  readonly path: string;
  /** What led there. */
  readonly source: 'file name' | 'PATH' | 'beside node' | 'login shell' | 'usual place';
}

interface Surroundings {
  readonly env: Environment;
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
  /** Absent: none is asked. */
  readonly loginShell?: Pick<LoginShell, 'ask'> | undefined;
  /** Absent: those of the system. */
  readonly files?: FileLook | undefined;
}

interface Search {
  readonly entry: StdioServerEntry;
  readonly around: Surroundings;
  readonly files: FileLook;
  readonly paths: typeof posix;
  /** Directories, in order. */
  readonly searched: Set<string>;
  /** What was met that has the name and cannot be executed. */
  readonly blocked: string[];
}

/** An error message is no place for a PATH of any length. */
const mostNamed = 20;

/** @throws GatewayError SERVER_UNAVAILABLE where there is no such program, or it cannot be executed */
export async function findCommand(entry: StdioServerEntry, around: Surroundings): Promise<FoundCommand> {
  const windows = around.platform === 'win32';
  const files = around.files ?? systemFiles(around.platform);
  const paths = windows ? win32 : posix;
  const search: Search = { entry, around, files, paths, searched: new Set(), blocked: [] };
  if (entry.cwd !== undefined && !(await files.isDirectory(entry.cwd))) {
    throw unavailable(search, `its working directory '${entry.cwd}' does not exist`, 'correct "cwd" in the config');
  }
  // `C:tool` is one of a directory too.
  const isBare = !(windows ? /[/\\:]/ : /\//).test(entry.command);
  return isBare ? await findByName(search) : await findByPath(search);
}

async function findByPath(search: Search): Promise<FoundCommand> {
  const { entry, files, paths } = search;
  const base = paths.resolve(entry.cwd ?? '.', entry.command);
  const file = await firstProgram(search, base);
  if (file === undefined) throw await notThere(search, base);
  // As it is written out after a failed search: beside an `npx` is the `node` that it was installed with.
  const directory = paths.dirname(file);
  const node = paths.join(directory, search.around.platform === 'win32' ? 'node.exe' : 'node');
  const hasNode = paths.isAbsolute(entry.command) && (await files.inspect(node)) === 'executable';
  return { file, path: childPath(search, hasNode ? [directory] : []), source: 'file name' };
}

async function findByName(search: Search): Promise<FoundCommand> {
  const { around, paths } = search;
  const onPath = await look(search, [...directoriesOf(search, search.entry.env), ...directoriesOf(search, around.env)]);
  if (onPath !== undefined) return { file: onPath, path: childPath(search, []), source: 'PATH' };

  const beside = paths.dirname(around.execPath);
  const besideNode = await look(search, [beside]);
  if (besideNode !== undefined) return { file: besideNode, path: childPath(search, [beside]), source: 'beside node' };

  const shell: ShellAnswer = (await around.loginShell?.ask()) ?? { kind: 'not asked' };
  const told = shell.kind === 'told' ? shell.directories : [];
  const byShell = await look(search, told);
  if (byShell !== undefined) return { file: byShell, path: childPath(search, told), source: 'login shell' };

  const places = await usualPlaces({ env: around.env, platform: around.platform, files: search.files });
  const inPlace = await look(search, places);
  if (inPlace === undefined) throw notFound(search, shell);
  const path = childPath(search, [paths.dirname(inPlace), ...told], places);
  return { file: inPlace, path, source: 'usual place' };
}

async function look(search: Search, directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    if (search.searched.has(directory)) continue;
    search.searched.add(directory);
    const file = await firstProgram(search, search.paths.join(directory, search.entry.command));
    if (file !== undefined) return file;
  }
  return undefined;
}

async function firstProgram({ around, files, blocked }: Search, base: string): Promise<string | undefined> {
  for (const file of around.platform === 'win32' ? programNames(base, around.env) : [base]) {
    const verdict = await files.inspect(file);
    if (verdict === 'executable') return file;
    if (verdict === 'blocked') blocked.push(file);
  }
  return undefined;
}

function directoriesOf({ entry, around, paths }: Search, env: Environment): string[] {
  const { value } = pathVariable(env, around.platform);
  // Windows allows a directory to stand in quotes.
  const text = around.platform === 'win32' ? value.replaceAll('"', '') : value;
  const directories = text.split(paths.delimiter).filter((part) => part !== '');
  // A relative one as the child reads it, whose working directory it is.
  return directories.map((part) => paths.resolve(entry.cwd ?? '.', part));
}

/** What led to the program stands before the gateway's own PATH, where there may be an older `node`. */
function childPath(search: Search, first: readonly string[], last: readonly string[] = []): string {
  const { entry, around, paths } = search;
  const own = directoriesOf(search, entry.env);
  const all = [...own, ...first, ...directoriesOf(search, around.env), paths.dirname(around.execPath), ...last];
  return [...new Set(all)].join(paths.delimiter);
}

async function notThere(search: Search, base: string): Promise<GatewayError> {
  const blocked = notExecutable(search);
  if (blocked) return blocked;
  if (search.around.platform === 'win32' && (await search.files.inspect(base)) !== 'missing') {
    return unavailable(
      search,
      `'${base}' is no program for Windows, which are .exe, .com, .cmd and .bat files`,
      'write the program that runs it as "command", such as node or python, and this file as the first of "args"',
    );
  }
  return unavailable(search, `there is no file '${base}'`, 'correct "command" in the config');
}

function notFound(search: Search, shell: ShellAnswer): GatewayError {
  const blocked = notExecutable(search);
  if (blocked) return blocked;
  const { command } = search.entry;
  const { env, platform } = search.around;
  const named = [...search.searched].slice(0, mostNamed).map((directory) => shortened(directory, env['HOME']));
  const more = search.searched.size - named.length;
  const where = `${named.join(', ') || '(PATH is empty)'}${more > 0 ? ` and ${more} more` : ''}`;
  const silent =
    shell.kind === 'silent' ? `; the login shell ${shell.shell} did not tell its PATH: ${shell.reason}` : '';
  const show = platform === 'win32' ? `where ${command}` : `command -v ${command}`;
  return unavailable(
    search,
    `command '${command}' was not found in: ${where}${silent}`,
    `write the absolute path as "command"; a terminal shows it with: ${show}`,
  );
}

function notExecutable(search: Search): GatewayError | undefined {
  const [file] = search.blocked;
  if (file === undefined) return undefined;
  return unavailable(search, `'${file}' is not an executable file`, `make it executable: chmod +x '${file}'`);
}

function unavailable({ entry }: Search, what: string, hint: string): GatewayError {
  const message = `server '${entry.name}' cannot be started: ${what}`;
  return new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, hint });
}

function shortened(directory: string, home: string | undefined): string {
  return home && home !== '/' && directory.startsWith(`${home}/`) ? `~${directory.slice(home.length)}` : directory;
}
