// Owns the end of a child and of everything it started; knows nothing of what the processes do. On POSIX the child
// leads its own process group, which its descendants stay in; on Windows `taskkill /T` walks the tree.
import { execFile, spawnSync } from 'node:child_process';
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a tree may take over each request to end, before the next and harder one. Milliseconds. */
const graceMs = 2000;
const pollMs = 20;
/** Nothing outlives KILL; this waits for the system to take note. */
const killedMs = 500;

export class ProcessTree {
  readonly #root: number;
  readonly #platform: NodeJS.Platform;
  /** Once the group is empty its number may belong to somebody else: it is never signalled again. */
  #gone = false;
  #killed = false;
  #ending: Promise<void> | undefined;

  constructor(rootPid: number, platform: NodeJS.Platform) {
    this.#root = rootPid;
    this.#platform = platform;
  }

  alive(): boolean {
    if (!this.#gone) this.#gone = !this.#signal(0);
    return !this.#gone;
  }

  /** `closeInput` first; a tree that does not take the hint gets TERM after 2 s and KILL after 2 more. */
  end(closeInput: () => void): Promise<void> {
    this.#ending ??= this.#end(closeInput);
    return this.#ending;
  }

  killNow(): void {
    if (!this.alive()) return;
    this.#killed = true;
    if (this.#platform === 'win32') spawnSync('taskkill', taskkillArguments(this.#root), { windowsHide: true });
    else this.#signal('SIGKILL');
  }

  async #end(closeInput: () => void): Promise<void> {
    closeInput();
    // Orphans that nobody reaps still count as members of the group, so there is a limit to this wait too.
    if (this.#killed) return void (await this.#goneWithin(killedMs));
    if (await this.#goneWithin(graceMs)) return;
    if (this.#platform === 'win32') {
      await new Promise<void>((done) => {
        execFile('taskkill', taskkillArguments(this.#root), { windowsHide: true }, () => done());
      });
    } else {
      this.#signal('SIGTERM');
      if (await this.#goneWithin(graceMs)) return;
      this.#signal('SIGKILL');
    }
    await this.#goneWithin(killedMs);
  }

  async #goneWithin(limitMs: number): Promise<boolean> {
    const endsAt = performance.now() + limitMs;
    while (this.alive()) {
      if (performance.now() >= endsAt) return false;
      await sleep(pollMs);
    }
    return true;
  }

  /** False where nothing is left to receive it. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      kill(this.#platform === 'win32' ? this.#root : -this.#root, signal);
      return true;
    } catch (error) {
      // EPERM: somebody there runs as another user; that is alive all the same.
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  }
}

function taskkillArguments(pid: number): string[] {
  return ['/pid', String(pid), '/T', '/F'];
}
