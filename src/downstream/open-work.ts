// Owns what one conversation still has to do: requests on their way, questions and tasks that nobody has finished. Knows
// nothing of why somebody asks.
import { setImmediate as nextTurn } from 'node:timers/promises';

type Members = Readonly<Record<string, unknown>>;

/** A host that was asked something comes back within this time, or not at all. Milliseconds. */
const questionMs = 10 * 60_000;
/** Of the extension io.modelcontextprotocol/tasks. */
const endStatuses: readonly unknown[] = ['completed', 'failed', 'cancelled'];

export class OpenWork {
  readonly #now: () => number;
  readonly #taskMs: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #usedAt: number;
  /** Until when each counts as open, epoch milliseconds: nobody may ever ask for its end. */
  readonly #tasks = new Map<string, number>();
  /** By their `requestState`. */
  readonly #questions = new Map<string, number>();

  /** `taskMs`: how long a task is open that does not say so itself, after it was last asked about. */
  constructor(now: () => number, { taskMs }: { readonly taskMs: number }) {
    this.#now = now;
    this.#taskMs = taskMs;
    this.#usedAt = now();
  }

  /** When somebody last wanted something, epoch milliseconds. */
  get usedAt(): number {
    return this.#usedAt;
  }

  touch(): void {
    this.#usedAt = this.#now();
  }

  /** Something is on its way until the function that is returned is called, once. */
  begin(): () => void {
    this.#running++;
    this.touch();
    return () => {
      this.#running--;
      this.touch();
      if (!this.isRunning) for (const tell of this.#waiting.splice(0)) tell();
    };
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const end = this.begin();
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** What came of a request may be that there is more to do. */
  answered(method: string, params: Members, result: Members): void {
    const { requestState } = params;
    if (typeof requestState === 'string') this.#questions.delete(requestState);
    if (result['resultType'] === 'input_required') {
      if (typeof result['requestState'] === 'string')
        this.#questions.set(result['requestState'], this.#now() + questionMs);
    } else if (result['resultType'] === 'task') this.#keepTask(result['taskId'], result['ttlMs']);
    else if (method === 'tasks/get') this.#askedAbout(params['taskId'], result);
    else if (method === 'tasks/cancel') this.#tasks.delete(String(params['taskId']));
  }

  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Resolves when nothing is on its way. */
  async over(): Promise<void> {
    do {
      if (this.isRunning) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      // Somebody may just have been given the connection, and be about to ask.
      await nextTurn();
    } while (this.isRunning);
  }

  isOpen(): boolean {
    if (this.isRunning) return true;
    const now = this.#now();
    return [...this.#tasks.values(), ...this.#questions.values()].some((until) => until > now);
  }

  #askedAbout(taskId: unknown, result: Members): void {
    if (endStatuses.includes(result['status'])) this.#tasks.delete(String(taskId));
    else this.#keepTask(taskId, result['ttlMs']);
  }

  #keepTask(taskId: unknown, ttlMs: unknown): void {
    if (typeof taskId !== 'string') return;
    this.#tasks.set(taskId, this.#now() + (typeof ttlMs === 'number' ? ttlMs : this.#taskMs));
  }
}
