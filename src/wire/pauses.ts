// Owns the times in which the other side of a request waits for us: its clock stands still then.

export class Pauses {
  /** Called when the last wait is over. */
  onEnd: (() => void) | undefined;
  #open = 0;

  get isOpen(): boolean {
    return this.#open > 0;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await work();
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.onEnd?.();
    }
  }
}
