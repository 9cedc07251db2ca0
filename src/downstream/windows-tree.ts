// Owns the end of a child and of everything it started, on Windows: who belongs to it is asked before its input is closed,
// while all parents are still there, and again before anything is ended. What a process of ours started directly ends
// with it in any case, by a job object of the runtime.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessTree, Root } from './process-tree.ts';
import { livingMembers, type Member, type WindowsSystem } from './windows-processes.ts';

export interface TreeSurroundings {
  readonly system: WindowsSystem;
  /** Not before this was the child started; epoch milliseconds. */
  readonly startedAt: number;
  readonly limits?: TreeLimits;
}

interface TreeLimits {
  /** How long the child may take to end by itself once its input is closed. Milliseconds. */
  readonly graceMs: number;
  /** How long the system may take to note that it was ended. Milliseconds. */
  readonly killedMs: number;
}

const usualLimits: TreeLimits = { graceMs: 1500, killedMs: 300 };
const pollMs = 20;

export class WindowsTree implements ProcessTree {
  readonly #root: Root;
  readonly #startedAt: number;
  readonly #system: WindowsSystem;
  readonly #limits: TreeLimits;
  /** Everything that was ever seen of it, the child aside. */
  #known: readonly Member[] = [];
  #living: readonly Member[] = [];
  #killed = false;
  #ending: Promise<void> | undefined;

  constructor(root: Root, { system, startedAt, limits = usualLimits }: TreeSurroundings) {
    this.#root = root;
    this.#startedAt = startedAt;
    this.#system = system;
    this.#limits = limits;
  }

  end(closeInput: () => void): Promise<void> {
    this.#ending ??= this.#end(closeInput);
    return this.#ending;
  }

  killNow(): void {
    if (this.#killed) return;
    this.#killed = true;
    const pids = this.#pids();
    if (pids.length > 0) this.#system.killNow(pids);
  }

  async #end(closeInput: () => void): Promise<void> {
    if (!this.#killed) await this.#look();
    closeInput();
    const hasOthers = this.#living.length > 0;
    const ended = await this.#exitsWithin(this.#killed ? this.#limits.killedMs : this.#limits.graceMs);
    if (this.#killed || (ended && !hasOthers)) return;
    await this.#look();
    const pids = this.#pids();
    this.#living = [];
    if (pids.length === 0) return;
    await this.#system.kill(pids);
    await this.#exitsWithin(this.#limits.killedMs);
  }

  /** Where the system does not tell, those that were last seen stay the ones to end. */
  async #look(): Promise<void> {
    const rows = await this.#system.list();
    if (!rows) return;
    const { pid } = this.#root;
    // Its own row is not a member: it is asked itself. After its exit, the number is that of somebody else.
    const own = this.#root.isRunning() ? rows.find((row) => row.pid === pid)?.startedAt : undefined;
    const living = livingMembers(rows, [{ pid, startedAt: own ?? this.#startedAt }, ...this.#known]);
    this.#living = living.filter((row) => row.pid !== pid);
    this.#known = [...this.#known, ...this.#living];
  }

  #pids(): number[] {
    const others = this.#living.map((member) => member.pid);
    return this.#root.isRunning() ? [this.#root.pid, ...others] : others;
  }

  async #exitsWithin(limitMs: number): Promise<boolean> {
    const endsAt = performance.now() + limitMs;
    while (this.#root.isRunning()) {
      if (performance.now() >= endsAt) return false;
      await sleep(pollMs);
    }
    return true;
  }
}
