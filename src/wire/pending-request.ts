// Owns one request that waits for its answer: its clock, its caller's signal, how it ends. Knows nothing of messages.
import type { RequestId } from './messages.ts';
import type { Pauses } from './pauses.ts';
import { RequestTimeoutError } from './rpc-error.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress until the request is given up. */
  readonly timeoutMs: number;
  /** Milliseconds until it is given up, whatever progress comes. */
  readonly totalMs?: number | undefined;
  /** While one is open, the clock of `timeoutMs` stands still. */
  readonly pauses?: Pauses | undefined;
  /** Told the id of the request before it is sent. */
  readonly onId?: ((id: RequestId) => void) | undefined;
  /** Called with the params of each `notifications/progress`; being set, it also asks for them. */
  readonly onProgress?: ((params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Sent with the request, on channels that have headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Answer {
  readonly result: unknown;
  /** Bytes of the message that carried it, where the channel knows. */
  readonly size: number | undefined;
}

/** Node fires a longer timer at once. Milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

export class PendingRequest {
  readonly answer: Promise<Answer>;
  readonly #options: RequestOptions;
  readonly #startedAt = performance.now();
  readonly #giveUp: (error: unknown, reason: string) => void;
  readonly #onAbort: (() => void) | undefined;
  #clock: NodeJS.Timeout;
  #isLast = false;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  /** @param giveUp called when the time is up or the caller leaves; it has to call `reject` */
  constructor(options: RequestOptions, giveUp: (error: unknown, reason: string) => void) {
    const { signal, timeoutMs, pauses } = options;
    this.#options = options;
    this.#giveUp = giveUp;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#clock = this.#wind(timeoutMs);
    if (pauses) pauses.onEnd = () => this.#restart();
    if (!signal) return;
    this.#onAbort = () => giveUp(signal.reason, 'cancelled by the caller');
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  resolve(answer: Answer): void {
    this.#settle();
    this.#resolve(answer);
  }

  reject(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  /** Progress shows that the other side is at work: the clock starts anew. */
  progress(params: Readonly<Record<string, unknown>>): void {
    this.#restart();
    this.#options.onProgress?.(params);
  }

  #restart(): void {
    const { timeoutMs, totalMs } = this.#options;
    const leftMs = this.#startedAt + (totalMs ?? Number.POSITIVE_INFINITY) - performance.now();
    if (leftMs >= timeoutMs) {
      this.#clock.refresh();
    } else if (!this.#isLast) {
      // Less is left of `totalMs` than one more round of the clock.
      this.#isLast = true;
      clearTimeout(this.#clock);
      this.#clock = this.#wind(Math.max(0, leftMs));
    }
  }

  #wind(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#ring(), Math.min(afterMs, longestTimerMs));
  }

  #ring(): void {
    const { timeoutMs, totalMs, pauses } = this.#options;
    if (pauses?.isOpen && !this.#isLast) {
      this.#restart();
      return;
    }
    const error = this.#isLast
      ? new RequestTimeoutError(totalMs ?? timeoutMs, 'total')
      : new RequestTimeoutError(timeoutMs);
    this.#giveUp(error, error.message);
  }

  #settle(): void {
    clearTimeout(this.#clock);
    if (this.#options.pauses) this.#options.pauses.onEnd = undefined;
    if (this.#onAbort) this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}
