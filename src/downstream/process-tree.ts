// Owns what is meant by the end of a child and of everything it started; each system has its own way to it.

export interface ProcessTree {
  /** `closeInput` first, which is all that most servers need; what is left after that is ended. Within 5 s. */
  end(closeInput: () => void): Promise<void>;
  /** At once, without waiting. */
  killNow(): void;
}

/** A child process, as far as its end goes. */
export interface Root {
  readonly pid: number;
  /** False from its exit on: its number may then be somebody else's. */
  isRunning(): boolean;
}

export type ProcessTrees = (root: Root) => ProcessTree;
