// Owns the name of the account that a login belongs to: a label for humans that proves nothing and decides nothing.
import type { AuthorizationServer } from 'oauth4webapi';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { parseObject, readAnswer, stringMember } from './answer.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { DpopKey } from './dpop.ts';
import { dpopFetch } from './dpop.ts';

/** What an answer of the token endpoint tells about whose login it is. */
export interface AccountClues {
  readonly label?: string;
  /** `sub` of the ID token: a name for machines, the last resort for humans. */
  readonly subject?: string;
}

type Members = Readonly<Record<string, unknown>> | undefined;

/** OpenID Connect Core section 5.1, the most telling first. */
const claimNames = ['email', 'preferred_username', 'name'] as const;

/** Where vendors put it in the token answer itself, persons before workspaces. RFC 6749 section 5.1 lets them. */
const answerPaths: readonly (readonly string[])[] = [
  ['email'],
  ['user', 'email'],
  ['data', 'email'],
  ['owner', 'user', 'person', 'email'],
  ['account'],
  ['account', 'email'],
  ['user'],
  ['username'],
  ['login'],
  ['workspace_name'],
  ['team', 'name'],
  ['hub_domain'],
];

/** Longest label. Characters. */
const maxLength = 100;
/** A human waits for the page meanwhile. */
const userinfoLimitMs = 5000;

/**
 * Pure. The ID token came over TLS from the token endpoint; its signature is not checked (OpenID Connect Core section
 * 3.1.3.7 point 6).
 */
export function cluesOf(json: Members): AccountClues {
  const claims = claimsOf(stringMember(json, 'id_token'));
  const label = claimedLabel(claims) ?? firstLabel(answerPaths.map((path) => memberAt(json, path)));
  const subject = stringMember(claims, 'sub');
  return { ...(label !== undefined && { label }), ...(subject !== undefined && { subject }) };
}

/**
 * The ID token and the token answer, else the userinfo endpoint, where the metadata names one: whether it takes the token
 * is seen when it is asked. Never fails a login, and never throws.
 */
export async function findAccount(
  deps: { readonly fetch: FetchLike },
  input: {
    readonly clues: AccountClues;
    /** Its endpoints were judged when the metadata was read. */
    readonly as: AuthorizationServer;
    readonly accessToken: string;
    /** The key that the token is bound to, where it is. */
    readonly dpop?: DpopKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string | undefined> {
  const { clues, as } = input;
  if (clues.label !== undefined) return clues.label;
  const asked = as.userinfo_endpoint === undefined ? undefined : await askUserinfo(deps, input, as.userinfo_endpoint);
  const label = asked && judgeUserinfo(asked, clues.subject);
  return label ?? accountLabel(clues.subject);
}

/** Pure. OpenID Connect Core section 5.3.2: claims of another subject than the ID token's must not be used. */
export function judgeUserinfo({ status, json }: Answer, subject: string | undefined): string | undefined {
  if (status !== 200) return undefined;
  const own = stringMember(json, 'sub');
  if (subject !== undefined && own !== undefined && own !== subject) return undefined;
  return claimedLabel(json) ?? accountLabel(own);
}

/** What may be shown of a foreign name: nothing that steers a terminal or turns the direction of the text. */
export function accountLabel(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const shown = value
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  // Not in the middle of a surrogate pair.
  return shown === '' ? undefined : [...shown].slice(0, maxLength).join('');
}

async function askUserinfo(
  { fetch }: { readonly fetch: FetchLike },
  { accessToken, dpop, signal }: Parameters<typeof findAccount>[1],
  endpoint: string,
): Promise<Answer | undefined> {
  const proving = dpop ? dpopFetch(fetch, dpop, accessToken) : fetch;
  const authorization = `${dpop ? 'DPoP' : 'Bearer'} ${accessToken}`;
  try {
    const bounded = boundedFetch(proving, { limitMs: userinfoLimitMs, signal });
    return await readAnswer(await bounded(endpoint, { headers: { accept: 'application/json', authorization } }));
  } catch {
    // The login is there without a name; where it was given up meanwhile, its next step says so.
    return undefined;
  }
}

function claimedLabel(claims: Members): string | undefined {
  return firstLabel(claimNames.map((name) => claims?.[name]));
}

function firstLabel(values: readonly unknown[]): string | undefined {
  return values.map(accountLabel).find((label) => label !== undefined);
}

function claimsOf(idToken: string | undefined): Members {
  const payload = idToken?.split('.')[1];
  return payload === undefined ? undefined : parseObject(Buffer.from(payload, 'base64url').toString('utf8'));
}

function memberAt(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
