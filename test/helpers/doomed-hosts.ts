// Owns hosts that are about to end, each a process of its own with a gateway that is in the middle of a call, and the look
// for what they leave: a mark on the PATH, which every descendant inherits, the guard against orphans too.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { execPath } from 'node:process';
import type { Readable, Writable } from 'node:stream';
import type { Home } from './home.ts';
import { type FoundProcess, processesOf } from './processes.ts';
import { fixtureServer, mainFile, root } from './programs.ts';
import type { Stage } from './stage.ts';

/** `closes`: the pipe to the gateway, and stays; `throws`: an error that nobody catches. */
export const ends = ['SIGKILL', 'SIGTERM', 'SIGINT', 'closes', 'throws'] as const;
export type HostEnd = (typeof ends)[number];

type HostProcess = ChildProcessByStdio<Writable, Readable, null>;

export interface DoomedHosts {
  /** Starts hosts that end like that, and waits until each is in the middle of its call. */
  start(each: readonly HostEnd[]): Promise<void>;
  /** All of them at once. */
  end(): void;
  /** What is left of all that were ever started; empty as soon as nothing is, or after so many milliseconds. */
  leftAfter(limitMs: number): Promise<readonly FoundProcess[]>;
  running(): readonly FoundProcess[];
}

/** What `npx` leaves running: a shell that started a program that started another. */
function tree(): object {
  const { command, args } = fixtureServer('grandchildren', '1');
  // Whatever follows the command keeps the shell from becoming it.
  return { command: '/bin/sh', args: ['-c', `'${[command, ...args].join("' '")}'; exit $?`] };
}

export function doomedHosts(stage: Stage): DoomedHosts {
  const home = stage.home({ servers: { tree: tree() } });
  const mark = join(home.directory, 'marked');
  const hosts: { readonly child: HostProcess; readonly end: HostEnd }[] = [];
  stage.own(() => {
    for (const { pid } of processesOf(mark)) process.kill(pid, 'SIGKILL');
  });
  return {
    async start(each) {
      const started = each.map((end) => ({ child: startHost(home, mark, end), end }));
      hosts.push(...started);
      await Promise.all(started.map(({ child }) => saysBusy(child)));
    },
    end() {
      for (const { child, end } of hosts.splice(0)) {
        if (end === 'closes' || end === 'throws') child.stdin.end();
        else child.kill(end);
        // It stays when it only closes the pipe: what it left has to go without it.
        if (end === 'closes') stage.own(() => child.kill('SIGKILL'));
      }
    },
    running: () => processesOf(mark),
    async leftAfter(limitMs) {
      const giveUpAt = Date.now() + limitMs;
      const left = () => processesOf(mark).filter(({ command }) => !command.includes('doomed-host'));
      while (left().length > 0 && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
      return left();
    },
  };
}

function startHost(home: Home, mark: string, end: HostEnd): HostProcess {
  const program = join(root, 'test', 'helpers', 'doomed-host.mjs');
  const env = { ...home.env, PATH: [mark, home.env['PATH']].join(delimiter) };
  return spawn(execPath, [program, mainFile, end], { cwd: home.directory, env, stdio: ['pipe', 'pipe', 'ignore'] });
}

async function saysBusy(child: HostProcess): Promise<void> {
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
  if (said !== 'busy\n') throw new Error(`the call failed: ${said}`);
}
