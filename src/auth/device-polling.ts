// Owns waiting at the token endpoint until a human has entered a device code (RFC 8628 sections 3.4 and 3.5); knows
// nothing of how the code came about or what is done with the tokens.
import { deviceCodeGrantRequest } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Sleep } from '../lib/sleep.ts';
import type { AccountClues } from './account.ts';
import type { Answer } from './answer.ts';
import { numberMember, readAnswer, stringMember } from './answer.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import type { DeviceAuthorization } from './device-authorization.ts';
import type { Discovery } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { withProof } from './dpop.ts';
import { describeThrown, refusedBy } from './oauth-errors.ts';
import { judgeTokenAnswer } from './token-response.ts';
import type { SavedClient, SavedTokens } from './token-store.ts';

export interface PollingDeps {
  readonly fetch: FetchLike;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: Sleep;
}

export interface PollingInput {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly authorization: Pick<DeviceAuthorization, 'deviceCode' | 'intervalMs'>;
  readonly scope?: string | undefined;
  readonly dpop?: DpopKey | undefined;
  readonly settings: OAuthSettings;
  /** When the codes die, epoch milliseconds. */
  readonly expiresAt: number;
  readonly signal: AbortSignal;
}

export type PollVerdict =
  | { readonly kind: 'tokens'; readonly tokens: SavedTokens; readonly clues: AccountClues }
  | { readonly kind: 'pending' }
  /** `intervalMs`: the pause that the answer names, which is no part of the RFC. */
  | { readonly kind: 'slow_down'; readonly intervalMs?: number }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired' }
  /** No verdict on the code: the server is in trouble, or cannot be reached. */
  | { readonly kind: 'trouble'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly error: string | undefined; readonly answer: Answer };

/** RFC 8628 section 3.5: every `slow_down` makes the pause so much longer. */
const slowDownMs = 5000;
const longestPauseMs = 60_000;

/** Pure. `now`: epoch ms, taken before the request. The status is not asked: servers in the field answer 200, 403 and 428. */
export function judgePoll(
  answer: Answer,
  expected: { readonly now: number; readonly requested?: string | undefined; readonly dpop?: boolean },
): PollVerdict {
  const { status, json } = answer;
  const error = stringMember(json, 'error');
  const interval = numberMember(json, 'interval');
  if (error === 'authorization_pending') return { kind: 'pending' };
  if (error === 'slow_down') {
    return { kind: 'slow_down', ...(interval !== undefined && { intervalMs: interval * 1000 }) };
  }
  if (error === 'access_denied') return { kind: 'denied' };
  if (error === 'expired_token') return { kind: 'expired' };
  if (status === 429 || status >= 500 || error === 'temporarily_unavailable') {
    const seconds = Number(answer.retryAfter ?? Number.NaN);
    const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
    return { kind: 'trouble', reason: `status ${status}`, ...wait };
  }
  if (error !== undefined) return { kind: 'refused', error, answer };
  const verdict = judgeTokenAnswer(answer, expected);
  if (verdict.kind === 'tokens') return verdict;
  // A web page in between (a proxy, a captive portal) says nothing about the code.
  if (!json) return { kind: 'trouble', reason: `status ${status} without a JSON object` };
  return { kind: 'refused', error: undefined, answer };
}

/** One request. @throws the reason of `signal`, CONFIG_INVALID; trouble on the way is a verdict */
export async function pollOnce(deps: PollingDeps, input: PollingInput): Promise<PollVerdict> {
  const { server, discovery, client, authorization, scope, dpop, settings, signal } = input;
  const { as, resource, issuer } = discovery;
  const auth = await clientAuthOf(server, client, settings);
  const now = deps.now();
  try {
    const response = await withProof(deps.fetch, dpop, (proving) =>
      deviceCodeGrantRequest(as, clientOf(client), auth, authorization.deviceCode, {
        ...requestOptions(proving, as.token_endpoint ?? issuer, signal),
        ...(resource !== undefined && { additionalParameters: { resource } }),
      }),
    );
    return judgePoll(await readAnswer(response), { now, requested: scope, dpop: dpop !== undefined });
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'trouble', reason: describeThrown(error, [authorization.deviceCode, client.client_secret]) };
  }
}

/** Asks until there is an end. `first`: what was answered already. @throws GatewayError AUTH_FAILED; the reason of `signal` */
export async function pollForTokens(
  deps: PollingDeps,
  input: PollingInput,
  first: PollVerdict,
): Promise<Extract<PollVerdict, { kind: 'tokens' }>> {
  let { intervalMs } = input.authorization;
  let failures = 0;
  for (let verdict = first; ; verdict = await pollOnce(deps, input)) {
    if (verdict.kind === 'tokens') return verdict;
    if (verdict.kind === 'denied' || verdict.kind === 'expired' || verdict.kind === 'refused') {
      throw endOf(verdict, input);
    }
    failures = verdict.kind === 'trouble' ? failures + 1 : 0;
    if (verdict.kind === 'slow_down') intervalMs = Math.max(intervalMs + slowDownMs, verdict.intervalMs ?? 0);
    // RFC 8628 section 3.5: after a timeout the client backs off, doubling its pause.
    const backedOff = Math.min(intervalMs * 2 ** failures, Math.max(longestPauseMs, intervalMs));
    const asked = verdict.kind === 'trouble' ? (verdict.retryAfterMs ?? 0) : 0;
    const leftMs = input.expiresAt - deps.now();
    if (leftMs <= 0) throw endOf({ kind: 'expired' }, input);
    await deps.sleep(Math.min(Math.max(backedOff, asked), leftMs), input.signal);
  }
}

/** @returns the error for a device login that is over, in words for the human who may not know that it is */
export function endOf(
  verdict: Extract<PollVerdict, { kind: 'denied' | 'expired' | 'refused' }>,
  { server, discovery, client, authorization }: Pick<PollingInput, 'server' | 'discovery' | 'client' | 'authorization'>,
): GatewayError {
  const hint = `portico login ${server}`;
  if (verdict.kind === 'denied') {
    return new GatewayError(
      'AUTH_FAILED',
      `the login to server '${server}' was denied by the one who opened its page`,
      {
        server,
        hint,
      },
    );
  }
  if (verdict.kind === 'expired') {
    return new GatewayError('AUTH_FAILED', `the code for the login to server '${server}' was not entered in time`, {
      server,
      hint: `${hint} gives a new code.`,
    });
  }
  const step = `the device login at ${discovery.as.token_endpoint ?? discovery.issuer}`;
  const secrets = [authorization.deviceCode, client.client_secret];
  // An answer that is not understood may hold tokens: only an error is quoted.
  const shown = verdict.error === undefined ? { status: verdict.answer.status, text: '' } : verdict.answer;
  return refusedBy(shown, { server, step, hint, secrets });
}
