// Calls that go on while a host of 2026-07-28 goes away and comes back: src/upstream/held-calls.ts.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallInRounds, HeldCalls } from '../../src/upstream/held-calls.ts';
import type { IncomingRequest } from '../../src/wire/peer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Params = Record<string, unknown>;
interface Round {
  readonly resultType?: string;
  readonly requestState: string;
  readonly inputRequests: Record<string, unknown>;
}

function request(params: Params = {}, signal = new AbortController().signal): IncomingRequest {
  return { id: 1, method: 'tools/call', params, signal };
}

const never = new AbortController().signal;
const ask = ({ ask: put }: CallInRounds, n = 1) => put('elicitation/create', { n }, { signal: never });

/** The outcome, with the clock moved on to it. */
async function at<T>(work: Promise<T> | undefined): Promise<T> {
  const outcome = work?.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10);
  return (await outcome) as T;
}

describe('a call that is held', () => {
  it('answers with its question, goes on with the answer, and is not to be had twice', async () => {
    const held = new HeldCalls();
    const first = (await at(held.begin(request(), async (call) => ({ got: await ask(call) })))) as Round;
    expect(first).toEqual({
      resultType: 'input_required',
      inputRequests: { q1: { method: 'elicitation/create', params: { n: 1 } } },
      requestState: expect.any(String),
    });
    const answers = { requestState: first.requestState, inputResponses: { q1: null } };
    expect(await at(held.resume(request(answers)))).toEqual({ got: null });
    expect(held.resume(request(answers))).toBeUndefined();
  });

  it('leaves the state of a server alone', () => {
    const held = new HeldCalls();
    expect(held.resume(request({ requestState: 'of a server' }))).toBeUndefined();
    expect(held.resume(request({ requestState: 7 }))).toBeUndefined();
    expect(held.resume(request())).toBeUndefined();
  });

  it('puts questions of one moment into one round, and each progress under the token of the present round', async () => {
    const held = new HeldCalls();
    const tokens: unknown[] = [];
    const work = async (call: CallInRounds): Promise<object> => {
      tokens.push(call.progressToken());
      const got = await Promise.all([ask(call, 1), ask(call, 2)]);
      tokens.push(call.progressToken());
      return { got };
    };
    const first = (await at(held.begin(request({ _meta: { progressToken: 'a' } }), work))) as Round;
    expect(Object.keys(first.inputRequests)).toEqual(['q1', 'q2']);
    const more = { requestState: first.requestState, inputResponses: { q1: 1, q2: 2 }, _meta: { progressToken: 'b' } };
    expect(await at(held.resume(request(more)))).toEqual({ got: [1, 2] });
    expect(tokens).toEqual(['a', 'b']);
  });

  it.each(['in its first round', 'in a later round'])('ends when the host cancels it %s', async (when) => {
    const held = new HeldCalls();
    const cancel = new AbortController();
    let signal: AbortSignal | undefined;
    const work = async (call: CallInRounds): Promise<object> => {
      signal = call.signal;
      if (when === 'in a later round') await ask(call);
      call.signal.throwIfAborted();
      return await new Promise<never>((_, reject) =>
        call.signal.addEventListener('abort', () => reject(call.signal.reason)),
      );
    };
    let round = held.begin(request({}, when === 'in its first round' ? cancel.signal : never), work);
    if (when === 'in a later round') {
      const { requestState } = (await at(round)) as Round;
      round = held.resume(request({ requestState, inputResponses: { q1: {} } }, cancel.signal)) ?? round;
    }
    const outcome = at(round);
    cancel.abort(new Error('cancelled'));
    expect(await outcome).toEqual(new Error('cancelled'));
    expect(signal?.aborted).toBe(true);
  });

  it.each([
    ['does not come back', async () => void (await vi.advanceTimersByTimeAsync(10 * 60_000))],
    ['is gone', async (held: HeldCalls) => held.close()],
  ])('ends when the host %s, and so does its question', async (_, leave) => {
    const held = new HeldCalls();
    let failure: unknown;
    const round = (await at(
      held.begin(request(), async (call) => ({ got: await ask(call).catch((error: unknown) => (failure = error)) })),
    )) as Round;
    await leave(held);
    await vi.advanceTimersByTimeAsync(10);
    expect(failure).toMatchObject({ message: 'the question was cancelled' });
    expect(held.resume(request({ requestState: round.requestState }))).toBeUndefined();
  });

  it('takes back a question that the server takes back', async () => {
    const held = new HeldCalls();
    const back = new AbortController();
    const work = async (call: CallInRounds): Promise<object> => {
      const taken = call.ask('roots/list', {}, { signal: back.signal }).catch(() => 'taken back');
      const kept = ask(call, 2);
      back.abort();
      return { got: [await taken, await kept] };
    };
    const { inputRequests, requestState } = (await at(held.begin(request(), work))) as Round;
    expect(Object.keys(inputRequests)).toEqual(['q2']);
    expect(await at(held.resume(request({ requestState, inputResponses: { q2: 'x' } })))).toEqual({
      got: ['taken back', 'x'],
    });
  });
});
