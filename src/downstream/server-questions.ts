// Owns to whom a question of a server goes (revisions up to 2025-11-25, where servers send requests): to the host whose
// call is running. Knows nothing of what is asked.
import { type CallHost, canAnswer } from '../wire/call-host.ts';
import type { RequestId } from '../wire/messages.ts';
import type { Pauses } from '../wire/pauses.ts';
import type { IncomingRequest } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';

/** A request of ours that is on its way, and whom the server may ask meanwhile. */
export interface RunningCall {
  readonly host: CallHost;
  readonly pauses: Pauses;
  /** Under which it was sent: again where it was repeated. */
  readonly ids: Set<RequestId>;
  /** The questions it is to blame for, as far as that can be known. */
  readonly open: Set<AbortController>;
}

export class ServerQuestions {
  /** In the order in which they began. */
  readonly #running = new Set<RunningCall>();
  readonly #atLarge: () => CallHost | undefined;

  /** @param atLarge the host outside of any call */
  constructor(atLarge: () => CallHost | undefined) {
    this.#atLarge = atLarge;
  }

  begin(host: CallHost, pauses: Pauses): RunningCall {
    const call: RunningCall = { host, pauses, ids: new Set(), open: new Set() };
    this.#running.add(call);
    return call;
  }

  /**
   * Its questions end with it, unless another call may have been their reason; or they had none, since the server gave its
   * answer without waiting for them.
   */
  end(call: RunningCall, { isAnswered }: { readonly isAnswered: boolean }): void {
    this.#running.delete(call);
    if (call.open.size === 0) return;
    const heir = call.host.takesQuestions ? undefined : [...this.#running].at(-1);
    for (const question of call.open) {
      if (heir) heir.open.add(question);
      else if (!isAnswered || call.host.takesQuestions) question.abort(new Error('the call is over'));
    }
  }

  /** Who hears what the server has to tell. */
  listener(): CallHost | undefined {
    return [...this.#running].at(-1)?.host ?? this.#atLarge();
  }

  /** @throws RpcError nobody can answer that, or what the host answered */
  async answer(request: IncomingRequest): Promise<unknown> {
    const { method, params, signal } = request;
    for (let call = this.#callFor(request); call; call = this.#callFor(request)) {
      const question = new AbortController();
      call.open.add(question);
      try {
        return await this.#ask(call, request, question);
      } catch (error) {
        // The call that it was put to has ended, and another one may be waiting for the answer.
        if (!question.signal.aborted || signal.aborted || this.#running.size === 0) throw error;
      } finally {
        for (const one of [call, ...this.#running]) one.open.delete(question);
      }
    }
    const host = this.#atLarge();
    if (host && canAnswer(host, method)) return await host.ask(method, params, { signal });
    throw new RpcError(rpcCodes.methodNotFound, `method not found: ${method.slice(0, 80)}`);
  }

  #ask(call: RunningCall, { method, params, signal, during }: IncomingRequest, question: AbortController) {
    const ask = () => call.host.ask(method, params, { signal: AbortSignal.any([signal, question.signal]) });
    // Where it cannot be known whose question it is, the clocks of all of them stand still.
    const paused = during === undefined ? [...this.#running] : [call];
    return paused.reduce<() => Promise<unknown>>(
      (work, { pauses }) =>
        () =>
          pauses.during(work),
      ask,
    )();
  }

  /** The call in whose stream it came; else the latest that waits for no answer yet, since most ask one thing at a time. */
  #callFor({ method, during }: IncomingRequest): RunningCall | undefined {
    const able = [...this.#running].filter(({ host }) => canAnswer(host, method));
    const known = during === undefined ? undefined : able.find(({ ids }) => ids.has(during));
    return known ?? able.findLast(({ open }) => open.size === 0) ?? able.at(-1);
  }
}
