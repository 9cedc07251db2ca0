// Owns one refresh of a saved login (RFC 6749 section 6) and the verdict on it; knows nothing of stores or locks.
import { refreshTokenGrantRequest } from 'oauth4webapi';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { readAnswer } from './answer.ts';
import type { ClientKey } from './client-auth.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import type { DpopKey } from './dpop.ts';
import { withProof } from './dpop.ts';
import { judgeEndpoint } from './endpoint-rule.ts';
import { describeAnswer, describeThrown } from './oauth-errors.ts';
import { judgeTokenAnswer } from './token-response.ts';
import type { LoginRecord, SavedTokens } from './token-store.ts';

const deadErrors = ['invalid_grant', 'invalid_client', 'unauthorized_client'] as const;
export type DeadError = (typeof deadErrors)[number];

/** RFC 6749 section 5.2 and RFC 8707 section 2: the request is at fault, and will be the next time. */
const refusals: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unsupported_grant_type',
]);

/** What servers that answer refusals with status 200 call a refresh token that is spent, revoked or expired. */
const ownNames: Readonly<Record<string, DeadError>> = { bad_refresh_token: 'invalid_grant' };

export type RefreshVerdict =
  | { readonly kind: 'refreshed'; readonly tokens: SavedTokens }
  /** The authorization server itself says that these credentials are worth nothing any more. */
  | { readonly kind: 'dead'; readonly error: DeadError }
  /** It answers, and does not refresh for a reason that is not the credentials' fault: they are kept, a human can log in. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Everything else: nothing is known about the credentials, they are kept. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly retryAfterMs?: number };

/** Longest pause that a `Retry-After` may impose. */
const maxRetryAfterMs = 10 * 60_000;

/** Needs `record.tokens.refresh_token`. @throws nothing but the reason of an aborted signal, and GatewayError for a client that cannot be presented */
export async function refreshTokens(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: {
    readonly server: string;
    readonly record: LoginRecord;
    readonly key?: ClientKey | undefined;
    /** What the tokens are bound to, where they are. */
    readonly dpop?: DpopKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RefreshVerdict> {
  const { server, record, dpop, signal } = input;
  const refreshToken = record.tokens?.refresh_token;
  if (refreshToken === undefined) return { kind: 'unreachable', reason: 'there is no refresh token' };
  // The file may have been copied here: what it names is asked under the same rule as what was discovered.
  const endpoint = judgeEndpoint(record.token_endpoint, { serverUrl: record.server_url, issuer: record.issuer });
  if (endpoint.kind === 'refused') return { kind: 'unreachable', reason: `its token endpoint: ${endpoint.reason}` };
  const auth = await clientAuthOf(server, record.client, input.key);
  const now = deps.now();
  const secrets = [refreshToken, record.client.client_secret, record.tokens?.access_token];
  try {
    const as = { issuer: record.issuer, token_endpoint: record.token_endpoint };
    const response = await withProof(deps.fetch, dpop, (proving) =>
      refreshTokenGrantRequest(as, clientOf(record.client), auth, refreshToken, {
        ...requestOptions(proving, record.token_endpoint, signal),
        ...(record.resource !== undefined && { additionalParameters: { resource: record.resource } }),
      }),
    );
    return judgeRefresh(await readAnswer(response), { record, now });
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'unreachable', reason: describeThrown(error, secrets) };
  }
}

/** Pure. `now`: epoch ms when the request was sent. */
export function judgeRefresh(
  answer: Answer,
  { record, now }: { readonly record: LoginRecord; readonly now: number },
): RefreshVerdict {
  const verdict = judgeTokenAnswer(answer, {
    now,
    requested: record.tokens?.scope,
    dpop: record.dpop_key !== undefined,
  });
  if (verdict.kind === 'tokens') {
    // Members that a newer version wrote stay; RFC 6749 section 6: no new refresh token means the old one goes on.
    const { expires_at: _expired, ...kept } = record.tokens ?? {};
    return { kind: 'refreshed', tokens: { ...kept, ...verdict.tokens } };
  }
  if (verdict.kind === 'error') {
    const named = Object.hasOwn(ownNames, verdict.error) ? ownNames[verdict.error] : verdict.error;
    const dead = deadErrors.find((error) => error === named);
    if (dead) return { kind: 'dead', error: dead };
  }
  const secrets = [record.tokens?.refresh_token, record.client.client_secret, record.tokens?.access_token];
  // A success that could not be read may hold tokens: it is not quoted.
  const reason = verdict.kind === 'unusable' && answer.status < 300 ? verdict.reason : describeAnswer(answer, secrets);
  if (verdict.kind === 'error' && refusals.has(verdict.error)) return { kind: 'refused', reason };
  const retryAfterMs = retryAfter(answer.retryAfter, now);
  return { kind: 'unreachable', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), maxRetryAfterMs) : undefined;
}
