// Owns the judgement of a token endpoint's answer (RFC 6749 sections 5.1 and 5.2); pure, asks nothing.
import type { AccountClues } from './account.ts';
import { cluesOf } from './account.ts';
import type { Answer } from './answer.ts';
import { numberMember, stringMember, stringsMember } from './answer.ts';
import { scopeWords } from './scope-words.ts';
import type { SavedTokens } from './token-store.ts';

/*
 * oauth4webapi sends the requests, and this file reads the answers, because its readers are stricter than a client that
 * uses the access token alone may be: they fail a login for an ID token with an unusual issuer or algorithm, a 401 that
 * carries both an error and a challenge, `expires_in: null`, a list as `scope`, or status 201.
 */

export type TokenVerdict =
  | { readonly kind: 'tokens'; readonly tokens: SavedTokens; readonly clues: AccountClues }
  /** `error` of RFC 6749 section 5.2, where it came with the status that a verdict has, or in the place of tokens. */
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Types that no header of ours can carry (the old MAC draft, RFC 8693). Names that vendors invent mean bearer. */
const otherTypes: ReadonlySet<string> = new Set(['mac', 'n_a', 'pop']);

/** A hundred years: more is no date for a calendar, and means that there is no end. */
const maxLifetimeSeconds = 3_155_760_000;

/**
 * `now`: epoch ms, taken before the request was sent, so that a token is never thought to live longer than it does.
 * `dpop`: the request carried a proof, so that a token of that type can be used (RFC 9449 section 5).
 * `requested`: the scope to note where the answer names none (RFC 6749 section 5.1: then it is the requested one).
 */
export function judgeTokenAnswer(
  answer: Answer,
  {
    now,
    requested,
    dpop = false,
  }: { readonly now: number; readonly requested?: string | undefined; readonly dpop?: boolean },
): TokenVerdict {
  const { status, json } = answer;
  const error = stringMember(json, 'error');
  // Section 5.2 has 400 and 401; Auth0 says that a refresh token is spent with 403.
  if (error !== undefined && (status === 400 || status === 401 || status === 403)) return { kind: 'error', error };
  if (status !== 200 && status !== 201) return { kind: 'unusable', reason: `status ${status}` };
  if (!json) return { kind: 'unusable', reason: 'the answer is no JSON object' };
  const accessToken = stringMember(json, 'access_token');
  // Some servers answer every request with 200 and say in the body that it was refused.
  if (accessToken === undefined && error !== undefined) return { kind: 'error', error };
  if (accessToken === undefined) return { kind: 'unusable', reason: 'the answer holds no access_token' };
  if (!isFieldContent(accessToken))
    return { kind: 'unusable', reason: 'the access_token holds characters no header may' };
  const tokenType = stringMember(json, 'token_type') ?? 'Bearer';
  if (otherTypes.has(tokenType.toLowerCase()) || (isDpopType(tokenType) && !dpop)) {
    return { kind: 'unusable', reason: `the token is of the type ${JSON.stringify(tokenType.slice(0, 20))}` };
  }
  const refreshToken = stringMember(json, 'refresh_token');
  const expiresIn = numberMember(json, 'expires_in');
  const answered = stringMember(json, 'scope') ?? stringsMember(json, 'scope')?.join(' ');
  const scope = answered === undefined ? requested : scopeWords(answered).join(' ');
  const issuedAt = Math.floor(now / 1000);
  return {
    kind: 'tokens',
    tokens: {
      access_token: accessToken,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      token_type: tokenType,
      ...(scope && { scope }),
      ...(expiresIn !== undefined && { expires_at: issuedAt + Math.min(Math.floor(expiresIn), maxLifetimeSeconds) }),
      issued_at: issuedAt,
    },
    clues: cluesOf(json),
  };
}

/** RFC 9449 section 5: whether a token is bound to a key. */
export function isDpopType(tokenType: string): boolean {
  return tokenType.toLowerCase() === 'dpop';
}

/** RFC 9110 section 5.5: visible ASCII without blanks. */
function isFieldContent(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
