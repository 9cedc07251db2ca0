// Owns calls of hosts that answer questions by calling again (2026-07-28, Multi Round-Trip Requests), while a server of
// an earlier revision waits for its answer: the call goes on inside, round after round.
import { randomUUID } from 'node:crypto';
import { type Members, membersOf } from '../lib/members.ts';
import type { CallHost } from '../wire/call-host.ts';
import type { IncomingRequest } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';

/** How long a held call waits for the host to come back. Milliseconds. */
const heldMs = 10 * 60_000;

/** Questions that a server asks at once come one after the other. Milliseconds. */
const gatherMs = 5;

interface Question {
  readonly method: string;
  readonly params: Members;
  resolve(answer: unknown): void;
}

/** What a round gives to the work of the call. */
export interface CallInRounds {
  /** Aborted when the host cancels a round, or does not come back. */
  readonly signal: AbortSignal;
  /** Of the present round. */
  progressToken(): unknown;
  readonly ask: CallHost['ask'];
}

export class HeldCalls {
  readonly #held = new Map<string, HeldCall>();

  /** The result of `work`, or the questions that came first. */
  async begin(request: IncomingRequest, work: (call: CallInRounds) => Promise<object>): Promise<object> {
    const call = new HeldCall(request);
    call.start(work);
    return await this.#round(call, request);
  }

  /** Goes on with a call that was held; undefined: the state is none of ours, but that of a server. */
  resume(request: IncomingRequest): Promise<object> | undefined {
    const { requestState, inputResponses } = request.params;
    const call = typeof requestState === 'string' ? this.#held.get(requestState) : undefined;
    if (!call) return undefined;
    this.#held.delete(call.state);
    call.enter(request, membersOf(inputResponses));
    return this.#round(call, request);
  }

  /** Nobody comes back any more. */
  close(): void {
    for (const call of this.#held.values()) call.abort(new Error('the host is gone'));
    this.#held.clear();
  }

  async #round(call: HeldCall, { signal }: IncomingRequest): Promise<object> {
    const onAbort = (): void => call.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const { isDone, result } = await call.next();
      if (!isDone) {
        this.#held.set(call.state, call);
        call.expire(heldMs, () => this.#held.delete(call.state));
      }
      return result;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

interface Step {
  readonly isDone: boolean;
  readonly result: object;
}

class HeldCall {
  readonly state = randomUUID();
  readonly #end = new AbortController();
  readonly #questions = new Map<string, Question>();
  #asked = 0;
  #token: unknown;
  #outcome: Promise<Step> | undefined;
  #onQuestion: (() => void) | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(request: IncomingRequest) {
    this.#token = tokenOf(request);
  }

  start(work: (call: CallInRounds) => Promise<object>): void {
    const outcome = work({
      signal: this.#end.signal,
      progressToken: () => this.#token,
      ask: (method, params, { signal }) => this.#ask(method, params, signal),
    })
      .finally(() => this.abort(new Error('the call is over')))
      .then((result): Step => ({ isDone: true, result }));
    // Between two rounds nobody waits for it.
    outcome.catch(() => undefined);
    this.#outcome = outcome;
  }

  /** The host is back; what it did not answer is asked again. */
  enter(request: IncomingRequest, answers: Members): void {
    clearTimeout(this.#expiry);
    this.#token = tokenOf(request);
    for (const [key, question] of this.#questions) {
      if (!Object.hasOwn(answers, key)) continue;
      this.#questions.delete(key);
      question.resolve(answers[key]);
    }
  }

  /** The result, or else every question that is open. */
  async next(): Promise<Step> {
    if (!this.#outcome) throw new Error('the call was not started');
    const questions = new Promise<Step>((resolve) => {
      this.#onQuestion = () => {
        setTimeout(() => {
          if (this.#questions.size > 0) resolve({ isDone: false, result: this.#asResult() });
        }, gatherMs);
      };
      this.#onQuestion();
    });
    try {
      return await Promise.race([this.#outcome, questions]);
    } finally {
      this.#onQuestion = undefined;
    }
  }

  expire(afterMs: number, forget: () => void): void {
    this.#expiry = setTimeout(() => {
      forget();
      this.abort(new Error('the host did not answer in time'));
    }, afterMs).unref();
  }

  abort(reason: unknown): void {
    clearTimeout(this.#expiry);
    this.#end.abort(reason);
  }

  #ask(method: string, params: Members, signal: AbortSignal): Promise<unknown> {
    const ended = AbortSignal.any([signal, this.#end.signal]);
    const key = `q${++this.#asked}`;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#questions.delete(key);
        reject(new RpcError(rpcCodes.internalError, 'the question was cancelled'));
      };
      if (ended.aborted) return leave();
      ended.addEventListener('abort', leave, { once: true });
      this.#questions.set(key, {
        method,
        params,
        resolve(answer) {
          ended.removeEventListener('abort', leave);
          resolve(answer);
        },
      });
      this.#onQuestion?.();
    });
  }

  #asResult(): object {
    const asked = [...this.#questions].map(([key, { method, params }]) => [key, { method, params }]);
    return { resultType: 'input_required', inputRequests: Object.fromEntries(asked), requestState: this.state };
  }
}

function tokenOf({ params }: IncomingRequest): unknown {
  return membersOf(params['_meta'])['progressToken'];
}
