// Owns when a local server that failed is started again: by itself where it had been up, and never more often than the
// pauses say. Knows nothing of processes.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { growingDelayMs } from '../lib/growing-delay.ts';
import type { Later } from '../lib/later.ts';

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** Up to so much of a pause is added by chance, so that servers that fell together do not rise together. */
const jitter = 0.25;
/** Who was up for this long is well again: the next failure is a first one. */
const healthyMs = 60_000;
/** A call waits for a start that is no farther away than this; the pauses of 1, 2 and 4 s with what chance adds. */
export const nearMs = 5000;

export interface RestartsDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly later: Later;
  /** From 0 to 1. */
  readonly random?: (() => number) | undefined;
  /** Time to start it, with nobody waiting. */
  readonly restart: () => void;
}

/** Failures in a row, and from when on it may be started again (epoch milliseconds). */
export interface Failures {
  readonly count: number;
  readonly nextTryAt: number;
}

export class Restarts {
  readonly #deps: RestartsDeps;
  #failures: Failures = { count: 0, nextTryAt: 0 };
  #readyAt: number | undefined;
  #wasReady = false;
  #cancel: (() => void) | undefined;

  constructor(deps: RestartsDeps) {
    this.#deps = deps;
  }

  get failures(): Failures {
    return this.#failures;
  }

  /** From when on it is started again; undefined: a call may do so at any time. */
  get nextTryAt(): number | undefined {
    const { count, nextTryAt } = this.#failures;
    return this.#wasReady || count > 1 ? nextTryAt : undefined;
  }

  ready(): void {
    this.#wasReady = true;
    this.#readyAt = this.#deps.now();
    this.#disarm();
  }

  /** It was ended because nobody used it. It was well up to then, and may never get to be up for longer. */
  stopped(): void {
    this.#failures = { count: 0, nextTryAt: 0 };
    this.#readyAt = undefined;
    this.#disarm();
  }

  failed(): void {
    this.#judgeHealth();
    const { now, random = Math.random } = this.#deps;
    const pauseMs = growingDelayMs(this.#failures.count, { firstMs: firstPauseMs, longestMs: longestPauseMs });
    const nextTryAt = now() + pauseMs * (1 + jitter * random());
    this.#failures = { count: this.#failures.count + 1, nextTryAt };
    this.arm();
  }

  /** One that never came up may be misconfigured, and is left to the calls. */
  arm(): void {
    this.#disarm();
    if (!this.#wasReady || this.#failures.count === 0) return;
    const waitMs = Math.max(0, this.#failures.nextTryAt - this.#deps.now());
    this.#cancel = this.#deps.later(this.#deps.restart, waitMs);
  }

  close(): void {
    this.#disarm();
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #judgeHealth(): void {
    const isHealthy = this.#readyAt !== undefined && this.#deps.now() - this.#readyAt >= healthyMs;
    if (isHealthy) this.#failures = { count: 0, nextTryAt: 0 };
    this.#readyAt = undefined;
  }
}

/**
 * How long a call that needs the server has to wait before it may start it, in milliseconds; undefined: too long to
 * wait. A single failure may have been an accident, so the call after it need not wait. Pure.
 */
export function judgeWait({ count, nextTryAt }: Failures, now: number): number | undefined {
  const leftMs = nextTryAt - now;
  if (count <= 1 || leftMs <= 0) return 0;
  return leftMs <= nearMs ? leftMs : undefined;
}

/** What a call hears that comes too early. `last`: of the last failure. Pure. */
export function tooEarly(
  { name: server }: Pick<ServerEntry, 'name'>,
  { count, nextTryAt }: Failures,
  last: GatewayError,
  now: number,
): GatewayError {
  const seconds = Math.ceil((nextTryAt - now) / 1000);
  const message = `server '${server}' failed ${count} times in a row, and is not started again for ${seconds} s; the last time: ${last.message}`;
  const hint = `call again in ${seconds} s; portico doctor ${server} shows what is wrong`;
  return new GatewayError('SERVER_UNAVAILABLE', message, { server, hint, cause: last });
}
