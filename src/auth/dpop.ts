// Owns proofs of possession (RFC 9449): the key of a login, the proof of one request, the nonces that servers hand out.
// Knows nothing of which login it is for.
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { AuthorizationServer } from 'oauth4webapi';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { parseObject, stringMember } from './answer.ts';
import { bearerChallenge } from './challenge.ts';
import { commonAlgorithm } from './signing-algorithms.ts';
import type { SavedKey } from './token-store.ts';

export interface ProvenRequest {
  readonly url: string;
  readonly method: string;
  /** The one that is sent with it (RFC 9449 section 7). */
  readonly accessToken?: string;
  /** What its proof holds. */
  readonly nonce?: string | undefined;
}

/** The key that one login is bound to, and the last nonce of each server that wants one. */
export interface DpopKey {
  /** Private; belongs into the login file and nowhere else. */
  readonly saved: SavedKey;
  /** RFC 7638; `dpop_jkt` of the authorization request (RFC 9449 section 10). */
  thumbprint(): Promise<string>;
  /** The last nonce of the server that the request goes to. */
  nonceFor(request: ProvenRequest): string | undefined;
  /** A `DPoP` header for one request. */
  prove(request: ProvenRequest): Promise<string>;
  /** Takes the nonce of an answer; true where the answer says that the request failed for want of it. */
  learn(response: Response, request: ProvenRequest): Promise<boolean>;
}

/** @throws GatewayError AUTH_FAILED where the authorization server takes no algorithm that this client has */
export async function createDpopKey(server: string, as: AuthorizationServer, now: () => number): Promise<DpopKey> {
  const listed = as.dpop_signing_alg_values_supported;
  const alg = commonAlgorithm(listed);
  if (alg === undefined) {
    throw new GatewayError(
      'AUTH_FAILED',
      `server '${server}': the authorization server ${as.issuer} takes DPoP proofs of none of the algorithms this client has`,
      { server, hint: `It lists ${(listed ?? []).join(', ').slice(0, 100) || 'none'}.` },
    );
  }
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return openDpopKey({ ...(await exportJWK(privateKey)), alg }, now);
}

/** The key of a saved login. */
export function openDpopKey(saved: SavedKey, now: () => number): DpopKey {
  const nonces = new Map<string, string>();
  const alg = stringMember(saved, 'alg') ?? 'ES256';
  const jwk = publicPart(saved);
  let imported: ReturnType<typeof importJWK> | undefined;
  return {
    saved,
    thumbprint: () => calculateJwkThumbprint(jwk),
    nonceFor: ({ url, accessToken }) => nonces.get(placeOf(url, accessToken)),
    async prove({ url, method, accessToken, nonce }) {
      imported ??= importJWK(saved, alg);
      const claims = {
        htm: method,
        htu: withoutQuery(url),
        jti: randomUUID(),
        ...(nonce !== undefined && { nonce }),
        ...(accessToken !== undefined && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      };
      return await new SignJWT(claims)
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
        .setIssuedAt(Math.floor(now() / 1000))
        .sign(await imported);
    },
    async learn(response, { url, accessToken, nonce: sent }) {
      const nonce = response.headers.get('dpop-nonce');
      if (nonce === null) return false;
      nonces.set(placeOf(url, accessToken), nonce);
      // Other requests may have learned it in the meantime: what counts is what this one was sent with.
      return sent !== nonce && (await wantsNonce(response));
    },
  };
}

/** A `fetch` whose requests carry a fresh proof, sent once more where the server asks for its nonce (RFC 9449 section 9). */
export function dpopFetch(fetch: FetchLike, key: DpopKey, accessToken?: string): FetchLike {
  const send = sendProven(fetch, key, accessToken);
  return async (url, init = {}) => {
    const first = await send(url, init);
    if (!first.wantsNonce) return first.response;
    await first.response.body?.cancel();
    return (await send(url, init)).response;
  };
}

/**
 * A request to an authorization server, with a proof where there is a key, and made anew where the server asks for its
 * nonce (RFC 9449 section 8): a client assertion is good for one request (RFC 7523 section 3), so none is sent again.
 */
export async function withProof(
  fetch: FetchLike,
  key: DpopKey | undefined,
  request: (fetch: FetchLike) => Promise<Response>,
): Promise<Response> {
  if (!key) return await request(fetch);
  const send = sendProven(fetch, key);
  let isRefused = false;
  const proving: FetchLike = async (url, init = {}) => {
    const { response, wantsNonce } = await send(url, init);
    isRefused = wantsNonce;
    return response;
  };
  const first = await request(proving);
  if (!isRefused) return first;
  await first.body?.cancel();
  return await request(proving);
}

type SendProven = (
  url: string | URL,
  init: RequestInit,
) => Promise<{ readonly response: Response; readonly wantsNonce: boolean }>;

function sendProven(fetch: FetchLike, key: DpopKey, accessToken?: string): SendProven {
  return async (url, init) => {
    const asked = {
      url: new URL(url).href,
      method: init.method ?? 'GET',
      ...(accessToken !== undefined && { accessToken }),
    };
    const request = { ...asked, nonce: key.nonceFor(asked) };
    const headers = new Headers(init.headers);
    headers.set('dpop', await key.prove(request));
    const response = await fetch(url, { ...init, headers: Object.fromEntries(headers) });
    return { response, wantsNonce: await key.learn(response, request) };
  };
}

/** RFC 9449 section 8: a 400 with the error in its body; section 9: a 401 with the error in its challenge. */
async function wantsNonce(response: Response): Promise<boolean> {
  if (response.status !== 400 && response.status !== 401) return false;
  if (bearerChallenge(response).error === 'use_dpop_nonce') return true;
  const body = parseObject(await response.clone().text());
  return stringMember(body, 'error') === 'use_dpop_nonce';
}

/** Nonces of an authorization server and of a resource server differ, also where both are at one origin (RFC 9449 section 9). */
function placeOf(url: string, accessToken: string | undefined): string {
  return `${new URL(url).origin} ${accessToken === undefined ? 'authorization' : 'resource'}`;
}

/** RFC 9449 section 4.2: `htu` is the URL without query and fragment. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** RFC 7638 section 3.2 and RFC 8037 section 2: the members that make a public key. */
function publicPart(saved: SavedKey): Record<string, string> {
  const names = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] };
  const members = names[stringMember(saved, 'kty') as keyof typeof names] ?? [];
  return Object.fromEntries(members.map((name) => [name, stringMember(saved, name) ?? '']));
}
