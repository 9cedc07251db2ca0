// Owns the end of a child and of everything it started, on POSIX: the child leads its own process group, which its
// descendants stay in. Knows nothing of what the processes do.
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessTree } from './process-tree.ts';

/** How long a tree may take over each request to end, before the next and harder one. Milliseconds. */
const graceMs = 2000;
const pollMs = 20;
/** Nothing outlives KILL; this waits for the system to take note. */
const killedMs = 500;

export class ProcessGroup implements ProcessTree {
  readonly #root: number;
  /** Once the group is empty its number may belong to somebody else: it is never signalled again. */
  #gone = false;
  #killed = false;
  #ending: Promise<void> | undefined;

  constructor(rootPid: number) {
    this.#root = rootPid;
  }

  /** A tree that does not take the hint gets TERM after 2 s and KILL after 2 more. */
  end(closeInput: () => void): Promise<void> {
    this.#ending ??= this.#end(closeInput);
    return this.#ending;
  }

  killNow(): void {
    if (!this.#alive()) return;
    this.#killed = true;
    this.#signal('SIGKILL');
  }

  async #end(closeInput: () => void): Promise<void> {
    closeInput();
    // Orphans that nobody reaps still count as members of the group, so there is a limit to this wait too.
    if (this.#killed) return void (await this.#goneWithin(killedMs));
    if (await this.#goneWithin(graceMs)) return;
    this.#signal('SIGTERM');
    if (await this.#goneWithin(graceMs)) return;
    this.#signal('SIGKILL');
    await this.#goneWithin(killedMs);
  }

  #alive(): boolean {
    if (!this.#gone) this.#gone = !this.#signal(0);
    return !this.#gone;
  }

  async #goneWithin(limitMs: number): Promise<boolean> {
    const endsAt = performance.now() + limitMs;
    while (this.#alive()) {
      if (performance.now() >= endsAt) return false;
      await sleep(pollMs);
    }
    return true;
  }

  /** False where nothing is left to receive it. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      kill(-this.#root, signal);
      return true;
    } catch (error) {
      // EPERM: somebody there runs as another user; that is alive all the same.
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  }
}
