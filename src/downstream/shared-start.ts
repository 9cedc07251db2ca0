// Owns one start that many may wait for. Whoever gives up leaves the others to it; with the last of them, a start that has
// not begun is given up too. Knows nothing of what is started.
import { orAborted } from '../lib/or-aborted.ts';

export interface StartTurn {
  /** Aborted when nobody waits any more; never after `begin`. */
  readonly abandoned: AbortSignal;
  /** From now on it goes on, whoever waits. */
  begin(): void;
}

export class SharedStart<T> {
  readonly #outcome: Promise<T>;
  readonly #abandoned = new AbortController();
  #waiting = 0;
  #hasBegun = false;

  /** `onAbandoned` runs in the same moment: nobody can join a start that is no more. */
  constructor(work: (turn: StartTurn) => Promise<T>, onAbandoned: () => void) {
    this.#abandoned.signal.addEventListener('abort', onAbandoned, { once: true });
    this.#outcome = work({
      abandoned: this.#abandoned.signal,
      begin: () => {
        this.#hasBegun = true;
      },
    });
    // Everybody who asked may have left by the time it fails.
    this.#outcome.catch(() => undefined);
  }

  /** @throws what the work throws, or the signal's reason */
  async join(signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    try {
      return await orAborted(this.#outcome, signal);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0 && !this.#hasBegun) this.#abandoned.abort(new Error('nobody waits for the start'));
    }
  }
}
