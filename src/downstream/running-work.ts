// Owns how much is under way at one place, and hearing when nothing is. Knows nothing of what it is.

export class RunningWork {
  #count = 0;
  #waiting: (() => void)[] = [];

  get isOver(): boolean {
    return this.#count === 0;
  }

  async of<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.isOver) for (const tell of this.#waiting.splice(0)) tell();
    }
  }

  /** Resolves when nothing is under way. */
  async over(): Promise<void> {
    if (this.isOver) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
