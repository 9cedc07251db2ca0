// Owns one run of the command line in a pseudo terminal, where what is typed is echoed unless the program forbids it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import type { Home } from './home.ts';
import { mainFile } from './programs.ts';

/** script(1) of util-linux makes the terminal; others with that name take other options. */
export const hasTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');

export interface TerminalResult {
  readonly code: number | null;
  /** Everything that appeared on the terminal. */
  readonly shown: string;
}

/** Types each answer when its question has appeared. */
export async function runInTerminal(
  home: Home,
  args: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<TerminalResult> {
  const words = [execPath, mainFile, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn('script', ['-qefc', words.join(' '), '/dev/null'], { cwd: home.directory, env: home.env });
  const waiting = [...answers];
  let shown = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (let [next] = waiting; next; [next] = waiting) {
      const at = shown.indexOf(next[0], seen);
      if (at === -1) return;
      seen = at + next[0].length;
      waiting.shift();
      child.stdin.write(next[1]);
    }
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, shown };
}
