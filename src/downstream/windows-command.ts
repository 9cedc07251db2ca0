// Owns how a program and its arguments are started on Windows; pure. A program with an `.exe` gets its arguments from Node
// as they are. A `.cmd` or `.bat` file is read by cmd.exe, which reads every line anew that hands the arguments on, so
// that quoting has to hold however often it is read (CVE-2024-24576, CVE-2024-27980).
import { win32 } from 'node:path';
import type { Environment } from './child-environment.ts';

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are a finished piece of a Windows command line, to be joined by spaces and left alone. */
  readonly verbatim: boolean;
}

/** What CreateProcess starts by itself, or cmd.exe does; other extensions of PATHEXT need the shell of the desktop. */
const startable: ReadonlySet<string> = new Set(['.com', '.exe', '.bat', '.cmd']);

/** `file` is absolute and has its extension. */
export function launchOf(
  file: string,
  args: readonly string[],
  around: { readonly env: Environment; readonly platform: NodeJS.Platform },
): Launch {
  if (around.platform !== 'win32' || !isBatchFile(file)) return { file, args, verbatim: false };
  const line = [`"${unexpanded(file)}"`, ...args.map(batchArgument)].join(' ');
  // No echo, none of the registry's AutoRun commands, `%cd:~,%` understood, `!` left alone. With /s the outer quotes go,
  // and all that is between them stays.
  return {
    file: commandInterpreter(around.env),
    args: ['/q', '/d', '/e:on', '/v:off', '/s', '/c', `"${line}"`],
    verbatim: true,
  };
}

export function isBatchFile(file: string): boolean {
  return /\.(?:bat|cmd)$/i.test(file);
}

/** The first argument, counted from 1, that no batch file can be given: cmd.exe ends a command at the end of a line. */
export function unpassableArgument(
  file: string,
  args: readonly string[],
  platform: NodeJS.Platform,
): number | undefined {
  if (platform !== 'win32' || !isBatchFile(file)) return undefined;
  const index = args.findIndex((argument) => /[\0\r\n]/.test(argument));
  return index === -1 ? undefined : index + 1;
}

/**
 * A quote becomes two: so the number of quotes before any other character stays odd, and cmd.exe never sees an operator
 * outside of quotes. The C runtime (2008 and later), Go, Rust and .NET read two quotes inside of quotes as one.
 */
export function batchArgument(argument: string): string {
  // What a batch file can compare with `%1` stays without quotes. At its end, a backslash would meet those of "%~1".
  if (/^[\w#$+\-./:@\\]*[\w#$+\-./:@]$/.test(argument)) return argument;
  const escaped = argument.replaceAll(/(\\*)"/g, '$1$1""').replace(/(\\+)$/, '$1$1');
  return `"${unexpanded(escaped)}"`;
}

/** `%NAME%` would become a value: an expansion to nothing after each `%` leaves no name between two of them. */
function unexpanded(text: string): string {
  return text.replaceAll('%', '%%cd:~,%');
}

/** Not COMSPEC, which may name another shell with other rules. */
function commandInterpreter(env: Environment): string {
  const root = windowsVariable(env, 'SYSTEMROOT') ?? windowsVariable(env, 'WINDIR') ?? 'C:\\Windows';
  return win32.join(root, 'System32', 'cmd.exe');
}

/** On Windows a program is named without its extension; PATHEXT lists which are tried, in order. */
export function programNames(base: string, env: Environment): readonly string[] {
  const extensions = (windowsVariable(env, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD')
    .split(';')
    .filter((extension) => startable.has(extension.toLowerCase()));
  const named = startable.has(win32.extname(base).toLowerCase());
  return named ? [base] : extensions.map((extension) => base + extension);
}

/** Names of variables have no case on Windows. */
export function windowsVariable(env: Environment, name: string): string | undefined {
  const key = Object.keys(env).find((each) => each.toUpperCase() === name);
  return (key === undefined ? undefined : env[key]) || undefined;
}
