// Owns asking the user's login shell for its PATH: apps started from a desktop do not have it, and only the files that
// the shell reads know it. Once per gateway, when a command was not found, for at most 3 s. POSIX only.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import type { LogPort } from '../lib/log-port.ts';
import { childEnvironment, type Environment } from './child-environment.ts';
import type { OrphanGuard } from './orphan-guard.ts';
import { ProcessGroup } from './process-group.ts';

const limitMs = 3000;
/** What its files may print besides. */
const maxOutput = 1_048_576;

export type ShellAnswer =
  | { readonly kind: 'told'; readonly shell: string; readonly directories: readonly string[] }
  | { readonly kind: 'silent'; readonly shell: string; readonly reason: string }
  | { readonly kind: 'not asked' };

export interface LoginShell {
  /** Asks at the first call; every call gets the same answer. */
  ask(): Promise<ShellAnswer>;
  /** Ends it, should it still be running. */
  close(): void;
}

interface ShellDeps {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly log: LogPort;
  readonly guard?: OrphanGuard | undefined;
}

export function createLoginShell(deps: ShellDeps, settings: { readonly ask: boolean }): LoginShell {
  let answer: Promise<ShellAnswer> | undefined;
  const end = new AbortController();
  return {
    ask() {
      answer ??= askOnce(deps, settings.ask, end.signal);
      return answer;
    },
    close: () => end.abort(),
  };
}

async function askOnce(deps: ShellDeps, wanted: boolean, signal: AbortSignal): Promise<ShellAnswer> {
  const shell = wanted && deps.platform !== 'win32' && !signal.aborted ? shellOf(deps.env) : undefined;
  if (shell === undefined) return { kind: 'not asked' };
  const marker = `portico-${randomUUID()}`;
  const heard = await listen(deps, shell, marker, signal);
  const directories = judgeShellOutput(heard.output, marker);
  const answer: ShellAnswer = directories
    ? { kind: 'told', shell, directories }
    : { kind: 'silent', shell, reason: heard.end };
  deps.log.debug({ ...answer }, 'the login shell was asked for its PATH');
  return answer;
}

function shellOf(env: Environment): string | undefined {
  const named = env['SHELL'];
  if (named !== undefined && isAbsolute(named)) return named;
  try {
    // As the system knows the user, where nobody has told us.
    return userInfo().shell ?? undefined;
  } catch {
    // A container may run as a user that the system does not know.
    return undefined;
  }
}

/**
 * Pure. Words that bash, zsh, fish, dash, ksh, csh and nushell take alike: `printenv` prints the PATH with colons, also
 * where the shell itself holds a list. Interactive as well, because most put their tools into the files for that.
 */
export function shellArguments(shell: string, marker: string): readonly string[] {
  const line = `echo ${marker}; printenv PATH; echo ${marker}`;
  // These two read their file anyway, and take no other letters beside -l.
  if (['csh', 'tcsh'].includes(basename(shell))) return ['-c', line];
  return ['-l', '-i', '-c', line];
}

/** Pure. The absolute directories of the PATH between the last two markers; undefined: it was not told (yet). */
export function judgeShellOutput(output: string, marker: string): readonly string[] | undefined {
  const lines = output.split(/\r?\n/);
  const last = lines.lastIndexOf(marker);
  // Terminal codes may stand before the first marker, if the files end without a line break.
  if (last < 2 || lines[last - 2]?.endsWith(marker) !== true) return undefined;
  const directories = (lines[last - 1] ?? '').split(':').filter((directory) => directory.startsWith('/'));
  return directories.length > 0 ? [...new Set(directories)] : undefined;
}

interface Heard {
  readonly output: string;
  /** Why nothing more came. */
  readonly end: string;
}

function listen(deps: ShellDeps, shell: string, marker: string, signal: AbortSignal): Promise<Heard> {
  return new Promise((resolve) => {
    let output = '';
    const child = start(deps, shell, marker);
    const { pid } = child;
    let done = false;
    const finish = (end: string): void => {
      // Its number may be somebody else's later.
      if (done) return;
      done = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      child.stdout?.destroy();
      if (pid !== undefined) {
        // Also what its files left running in it.
        new ProcessGroup(pid).killNow();
        deps.guard?.forget(pid);
      }
      resolve({ output, end });
    };
    const aborted = (): void => finish('the gateway ends');
    const timer = setTimeout(() => finish(`it took longer than ${limitMs} ms`), limitMs);
    signal.addEventListener('abort', aborted, { once: true });
    if (pid !== undefined) deps.guard?.watch(pid);
    child.once('error', (error) => finish(`it could not be started: ${error.message}`));
    child.once('close', (code, by) => finish(by === null ? `it exited with code ${code}` : `it was ended by ${by}`));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (judgeShellOutput(output, marker)) finish('it has told');
      else if (output.length > maxOutput) finish('it prints without end');
    });
  });
}

/** In a session of its own: without a terminal that it could take over, or ask something at. */
function start({ env, platform }: ShellDeps, shell: string, marker: string): ChildProcess {
  // No other secrets than those of the user's own files, no update of oh-my-zsh, no tmux.
  const quiet = { TERM: 'dumb', DISABLE_AUTO_UPDATE: 'true', ZSH_TMUX_AUTOSTART: 'false' };
  return spawn(shell, shellArguments(shell, marker), {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    env: childEnvironment({ env: quiet, inheritEnv: [] }, env, platform),
  });
}
