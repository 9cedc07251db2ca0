// Owns one run of the command line, from its words to its exit code and all of its output.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import type { Home } from './home.ts';
import type { Json } from './json-rpc-process.ts';
import { mainFile } from './programs.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one document it must be. */
  json(): Json;
}

/** A command that runs on while the test looks at it. */
export class RunningCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CommandResult>;
  stdout = '';
  stderr = '';

  constructor(home: Home, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(execPath, [mainFile, ...args], { cwd: home.directory, env: { ...home.env, ...env } });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(child, 'close').then(([code]) => {
      const { stdout, stderr } = this;
      return { code, stdout, stderr, json: () => JSON.parse(stdout) };
    });
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  closeStdin(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}

export async function runCommand(home: Home, args: readonly string[], input = ''): Promise<CommandResult> {
  const command = new RunningCommand(home, args);
  command.type(input);
  command.closeStdin();
  return await command.ended;
}
