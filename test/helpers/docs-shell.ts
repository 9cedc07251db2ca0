// Owns running the commands of the documentation: `portico` in this process, a few tools of every system by the shell,
// and a second machine behind `ssh` and `scp`. Knows nothing of the pages.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { env as ownEnvironment } from 'node:process';
import { PassThrough } from 'node:stream';
import { cliContext } from './cli-context.ts';
import type { Home } from './home.ts';
import { root } from './programs.ts';

export interface DocsRun {
  readonly code: number;
  /** Everything that a terminal would show. */
  readonly output: string;
}

export interface DocsShellOptions {
  readonly home: Home;
  /** What `ssh` and `scp` lead to. */
  readonly elsewhere?: Home | undefined;
  /** Looks at what a command has shown so far, and may type; called anew after each output. */
  readonly human?: ((shown: string, type: (line: string) => void) => void) | undefined;
}

interface Step {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly into?: string;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const localTools = new Set(['rm', 'mkdir', 'cp', 'mv', 'cat', 'chmod', 'echo', '(umask']);

/** Whether a command is one that is run here, by its beginning. */
export function isRunnable(text: string): boolean {
  const [
    {
      words: [first = ''],
    } = { words: [] },
  ] = stepsOf(text);
  return first === 'portico' || first === 'ssh' || first === 'scp' || localTools.has(first) || isOwnMain(text);
}

function isOwnMain(text: string): boolean {
  return /^node \S*dist\/main\.js( |$)/u.test(text);
}

export async function runDocsCommand(text: string, options: DocsShellOptions): Promise<DocsRun> {
  if (localTools.has(text.split(' ')[0] ?? '')) return runByShell(text, options.home);
  let [output, stdin, code] = ['', undefined as string | undefined, 0];
  for (const step of stepsOf(text)) {
    const ended = await runStep(step, stdin, options);
    if (step.into !== undefined) writeFileSync(join(options.home.directory, step.into), ended.stdout);
    output += ended.stderr + (step.into === undefined ? ended.stdout : '');
    stdin = ended.stdout;
    code ||= ended.code;
  }
  return { code, output };
}

/** The parts of a pipe. */
function stepsOf(text: string): Step[] {
  return text.split(' | ').map((part) => {
    const words = wordsOf(part);
    const redirected = words.indexOf('>');
    const into = redirected === -1 ? undefined : words[redirected + 1];
    const all = redirected === -1 ? words : words.slice(0, redirected);
    const start = all.findIndex((word) => !/^[A-Z_]+=/u.test(word));
    const env = Object.fromEntries(all.slice(0, start).map((word) => splitOnce(word, '=')));
    return { words: all.slice(start), env, ...(into !== undefined && { into }) };
  });
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return [text.slice(0, at), text.slice(at + by.length)];
}

function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/gu)].map(([word]) => word);
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/gu, (_, double, single) => double ?? single));
}

async function runStep(step: Step, stdin: string | undefined, options: DocsShellOptions): Promise<Ended> {
  const [first = '', ...rest] = step.words;
  const { elsewhere, home } = options;
  if (first === 'scp' && elsewhere) {
    const [file = ''] = rest;
    copyFileSync(join(home.directory, file), join(elsewhere.directory, basename(file)));
    return { code: 0, stdout: '', stderr: '' };
  }
  if (first === 'ssh' && elsewhere) {
    const words = rest.slice(rest[0]?.startsWith('-') ? 2 : 1);
    return await runStep({ words, env: {} }, stdin, { ...options, home: elsewhere });
  }
  if (first === 'portico') return await runPortico(rest, step.env, stdin, options);
  if (first === 'node' && isOwnMain(step.words.join(' '))) {
    return await runPortico(rest.slice(1), step.env, stdin, options);
  }
  throw new Error(`'${step.words.join(' ')}' is not run here`);
}

function runByShell(text: string, home: Home): DocsRun {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text], {
    cwd: home.directory,
    env: home.env,
    encoding: 'utf8',
  });
  return { code: status ?? 1, output: stdout + stderr };
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** The directories of the system go by the environment of the process and not by that of the run. */
function userDirectories({ directory }: Home): Record<string, string> {
  return {
    HOME: directory,
    USERPROFILE: directory,
    XDG_CONFIG_HOME: join(directory, '.config'),
    XDG_DATA_HOME: join(directory, '.local', 'share'),
    XDG_CACHE_HOME: join(directory, '.cache'),
    XDG_STATE_HOME: join(directory, '.local', 'state'),
    APPDATA: join(directory, 'AppData', 'Roaming'),
    LOCALAPPDATA: join(directory, 'AppData', 'Local'),
  };
}

/** What a host would send, for `serve`. */
const handshake = [
  {
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'docs', version: '0' } },
  },
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/list' },
];

async function runPortico(
  words: readonly string[],
  stepEnv: Readonly<Record<string, string>>,
  input: string | undefined,
  { home, human }: DocsShellOptions,
): Promise<Ended> {
  Object.assign(ownEnvironment, userDirectories(home));
  const { run } = await import('../../src/cli/run.ts');
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const shown = { stdout: '', stderr: '' };
  const serving = words[0] === 'serve' || words.length === 0 || words[0]?.startsWith('--expose') === true;
  const type = (line: string): void => void stdin.write(`${line}\n`);
  for (const [name, stream] of [['stdout', stdout] as const, ['stderr', stderr] as const]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown[name] += text;
      if (serving && shown.stdout.includes('"id":2')) stdin.end();
      if (!serving) human?.(shown.stderr, type);
    });
  }
  if (serving) for (const message of handshake) type(JSON.stringify({ jsonrpc: '2.0', ...message }));
  if (input !== undefined) stdin.end(input);
  const env = { ...home.env, ...stepEnv };
  const code = await run(words, cliContext({ env, cwd: home.directory, version, stdin, stdout, stderr }));
  stdin.destroy();
  await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
  // A host reads the messages; a terminal would not be shown them.
  return { code, stdout: serving ? '' : shown.stdout, stderr: shown.stderr };
}

/** Where `portico` looks for its config in that home, relative to it. */
export async function configDirectoryOf(home: Home): Promise<string> {
  Object.assign(ownEnvironment, userDirectories(home));
  const { findPaths } = await import('../../src/paths.ts');
  return relative(home.directory, findPaths({ env: home.env }).configDir);
}
