// Owns one request that waits for its answer: its clock, its caller's signal, how it ends. Knows nothing of messages.
import type { RequestId } from './messages.ts';
import { RequestTimeoutError } from './rpc-error.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress until the request is given up. */
  readonly timeoutMs: number;
  /** Called with the params of each `notifications/progress`; being set, it also asks for them. */
  readonly onProgress?: ((params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Sent with the request, on channels that have headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Told the id of the request before it is sent. */
  readonly onId?: ((id: RequestId) => void) | undefined;
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
  readonly #clock: NodeJS.Timeout;
  readonly #onAbort: (() => void) | undefined;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  /** @param giveUp called when the time is up or the caller leaves; it has to call `reject` */
  constructor(options: RequestOptions, giveUp: (error: unknown, reason: string) => void) {
    const { signal, timeoutMs } = options;
    this.#options = options;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#clock = setTimeout(
      () => giveUp(new RequestTimeoutError(timeoutMs), `no answer within ${timeoutMs} ms`),
      Math.min(timeoutMs, longestTimerMs),
    );
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
    this.#clock.refresh();
    this.#options.onProgress?.(params);
  }

  #settle(): void {
    clearTimeout(this.#clock);
    if (this.#onAbort) this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}
