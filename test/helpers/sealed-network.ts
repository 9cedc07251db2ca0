// Owns a network of its own for some processes (Linux): nothing outside reaches their ports, as in a container that
// publishes none. Both fixture servers run in it.
import { type ChildProcessByStdio, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { root } from './programs.ts';

/** As root, or with a user namespace of one's own. */
const ways = [
  { unshare: ['-n'], nsenter: ['-n'] },
  { unshare: ['-rn'], nsenter: ['-n', '-U', '--preserve-credentials'] },
] as const;

/** util-linux. */
const newNamespace = 'unshare';
const raiseLoopback = 'ip link set lo up';
const way = ways.find(
  ({ unshare }) => spawnSync(newNamespace, [...unshare, 'sh', '-c', raiseLoopback], { stdio: 'ignore' }).status === 0,
);

/** Why there can be none here. */
export const noSealedNetwork: string | undefined = way
  ? undefined
  : 'network namespaces cannot be made here (unshare -n, ip link)';

export class SealedNetwork {
  readonly #keeper: ChildProcessByStdio<Writable, Readable, null>;
  /** Of the MCP server inside. */
  readonly url: string;

  private constructor(keeper: ChildProcessByStdio<Writable, Readable, null>, url: string) {
    this.#keeper = keeper;
    this.url = url;
  }

  static async open(): Promise<SealedNetwork> {
    const servers = `${raiseLoopback} && exec "$0" "$1"`;
    const program = [execPath, join(root, 'fixtures', 'http', 'main.mjs')];
    const keeper = spawn(newNamespace, [...(way?.unshare ?? []), 'sh', '-c', servers, ...program], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const [line] = (await once(createInterface(keeper.stdout), 'line')) as [string];
    return new SealedNetwork(keeper, (JSON.parse(line) as { url: string }).url);
  }

  /** How a program is started inside. */
  inside(program: string, args: readonly string[]): { command: string; args: string[] } {
    return {
      command: 'nsenter',
      args: ['-t', String(this.#keeper.pid), ...(way?.nsenter ?? []), program, ...args],
    };
  }

  /** The human's browser: sees the pages of the servers, and never connects to the callback. @returns where it ended */
  async browse(loginUrl: string): Promise<string> {
    const browser = join(root, 'test', 'helpers', 'distant-browser.mjs');
    const { command, args } = this.inside(execPath, [browser, loginUrl]);
    const { stdout } = await promisify(execFile)(command, args);
    return stdout.trim();
  }

  async close(): Promise<void> {
    this.#keeper.stdin.end();
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) await once(this.#keeper, 'exit');
  }
}
