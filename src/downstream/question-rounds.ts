// Owns the rounds of a request that a server answers with questions (2026-07-28, Multi Round-Trip Requests), for hosts
// that are asked in the course of a call; knows nothing of connections.

import { randomUUID } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import { sleep } from '../lib/sleep.ts';
import { type Answers, type CallHost, canAnswer } from '../wire/call-host.ts';
import type { Answer } from '../wire/pending-request.ts';
import { RpcError } from '../wire/rpc-error.ts';
import { quote } from './http-answer-errors.ts';

type Members = Readonly<Record<string, unknown>>;

export interface Rounds {
  readonly server: string;
  /** `tool 'search'`, `resources/read`. */
  readonly doing: string;
  readonly host: CallHost | undefined;
  readonly signal: AbortSignal;
  /** Sends the request once more, with the answers. */
  repeat(answers: Answers): Promise<Answer>;
}

/** A server that asks more often than this does not come to an end. */
const mostRounds = 100;
/** Between two rounds in which nothing was asked. Milliseconds. */
const shortestPauseMs = 100;
const longestPauseMs = 5000;

/**
 * The answer that is no question any more; at once where there was none, or where the host answers questions itself.
 * @throws GatewayError SERVER_UNAVAILABLE nobody can answer; CANCELLED the host answered with an error
 */
export async function answerQuestions(first: Answer, rounds: Rounds): Promise<Answer> {
  let answer = first;
  let pauseMs = shortestPauseMs;
  for (let round = 0; round < mostRounds; round++) {
    const result = membersOf(answer.result);
    if (result['resultType'] !== 'input_required' || rounds.host?.takesQuestions === true) return answer;
    const asked = Object.entries(membersOf(result['inputRequests']));
    const { requestState } = result;
    if (asked.length === 0 && requestState === undefined) throw emptyQuestion(rounds);
    if (asked.length === 0) {
      await sleep(pauseMs, rounds.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    answer = await rounds.repeat({
      ...(asked.length > 0 && { inputResponses: await askAll(asked, rounds) }),
      ...(requestState !== undefined && { requestState }),
    });
  }
  const message = `server '${rounds.server}' asked for input ${mostRounds} times before ${rounds.doing} came to an end`;
  throw new GatewayError('SERVER_UNAVAILABLE', message, { server: rounds.server });
}

/**
 * Servers of earlier revisions ask with no result: the call that these answers belong to was answered already, or given
 * up, and must not run a second time for them. @throws GatewayError INVALID_ARGUMENTS
 */
export function refuseLateAnswers(host: CallHost | undefined, server: string): void {
  if (!host?.answers) return;
  const message = 'these answers came twice or too late: the call that asked for them is over';
  const hint = 'see what became of it, or call again without requestState and inputResponses';
  throw new GatewayError('INVALID_ARGUMENTS', message, { server, hint });
}

/** 2026-07-28 asks for at least one of the two. */
function emptyQuestion({ server, doing }: Rounds): GatewayError {
  const message = `server '${server}' asks for input before ${doing} can go on, and does not say for what`;
  return new GatewayError('SERVER_UNAVAILABLE', message, { server });
}

async function askAll(asked: readonly (readonly [string, unknown])[], rounds: Rounds): Promise<Members> {
  // One that fails ends the others at the host.
  const end = new AbortController();
  const signal = AbortSignal.any([rounds.signal, end.signal]);
  try {
    const answers = await Promise.all(asked.map(async ([key, question]) => [key, await ask(question, rounds, signal)]));
    return Object.fromEntries(answers) as Members;
  } finally {
    end.abort();
  }
}

async function ask(question: unknown, { server, doing, host }: Rounds, signal: AbortSignal): Promise<unknown> {
  const { method, params } = membersOf(question);
  if (host && typeof method === 'string' && canAnswer(host, method)) {
    try {
      return await host.ask(method, asRequest(membersOf(params)), { signal });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const reason = `${quote(error.message)} (code ${error.code})`;
      const message = `server '${server}' asked for input (${method}) before ${doing} could go on, and the host answered with an error: ${reason}`;
      throw new GatewayError('CANCELLED', message, { server, cause: error });
    }
  }
  const what = typeof method === 'string' ? method.slice(0, 80) : 'something';
  const message = `server '${server}' asks for input (${what}) before ${doing} can go on, and this host cannot give it`;
  throw new GatewayError('SERVER_UNAVAILABLE', message, { server, hint: 'use a host that offers this capability' });
}

/** A URL to open has had a name in 2025-11-25 (client/elicitation), and has none in questions that are results. */
function asRequest(params: Members): Members {
  if (params['mode'] !== 'url' || params['elicitationId'] !== undefined) return params;
  return { ...params, elicitationId: randomUUID() };
}
