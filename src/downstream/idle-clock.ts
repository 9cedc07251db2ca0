// Owns noticing that nobody has used something for a while; knows nothing of what it is.
import type { Later } from '../lib/later.ts';

export interface Used {
  /** Epoch milliseconds. */
  usedAt(): number;
  /** Whether something goes on there, however long ago it began. */
  isBusy(): boolean;
}

export class IdleClock {
  readonly #now: () => number;
  readonly #later: Later;
  readonly #idleMs: number;
  #cancel: (() => void) | undefined;

  constructor({ now, later }: { readonly now: () => number; readonly later: Later }, idleMs: number) {
    this.#now = now;
    this.#later = later;
    this.#idleMs = idleMs;
  }

  /** Tells once when it was idle for long enough. Using it costs no timer: the clock looks again when it rings. */
  watch(used: Used, onIdle: () => void): void {
    this.stop();
    const ring = (): void => {
      const leftMs = used.isBusy() ? this.#idleMs : this.#idleMs - (this.#now() - used.usedAt());
      if (leftMs > 0) this.#cancel = this.#later(ring, leftMs);
      else onIdle();
    };
    this.#cancel = this.#later(ring, this.#idleMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
