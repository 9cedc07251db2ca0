// Owns the exchange of an authorization code for tokens (RFC 6749 section 4.1.3); knows nothing of browsers or callbacks.
import { authorizationCodeGrantRequest } from 'oauth4webapi';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { findAccount } from './account.ts';
import type { Answer } from './answer.ts';
import { readAnswer, stringMember } from './answer.ts';
import type { PendingAuthorization } from './authorize.ts';
import type { ClientKey } from './client-auth.ts';
import { clientAuthOf, clientOf, listedSecretMethods, requestOptions } from './client-auth.ts';
import { hintForRefusedClient } from './client-refusal.ts';
import type { Discovery } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { withProof } from './dpop.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';
import type { TokenVerdict } from './token-response.ts';
import { isDpopType, judgeTokenAnswer } from './token-response.ts';
import type { SavedClient, SavedTokens } from './token-store.ts';

export interface Exchanged {
  readonly tokens: SavedTokens;
  /** The client as it has to be saved: the authentication method may have been corrected. */
  readonly client: SavedClient;
  /** The key that the tokens are bound to; absent: bearer tokens. */
  readonly dpop?: DpopKey;
  /** A label for humans; proves nothing. */
  readonly account?: string;
}

export interface ExchangeInput {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly pending: PendingAuthorization;
  /** Out of `judgeCallback`. */
  readonly parameters: URLSearchParams;
  readonly key?: ClientKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws GatewayError AUTH_FAILED */
export async function exchangeCode(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: ExchangeInput,
): Promise<Exchanged> {
  const { server, discovery, pending, parameters } = input;
  const now = deps.now();
  const expected = { now, requested: pending.scope, dpop: pending.dpop !== undefined };
  let client = input.client;
  let answer = await askForTokens(deps.fetch, { ...input, client });
  let verdict = judgeTokenAnswer(answer, expected);
  const other =
    verdict.kind === 'error' && verdict.error === 'invalid_client' ? otherMethod(discovery, client) : undefined;
  if (other) {
    // A registration is seconds old and unknown already: the server advertises a method that it does not implement.
    client = other;
    answer = await askForTokens(deps.fetch, { ...input, client });
    verdict = judgeTokenAnswer(answer, expected);
  }
  if (verdict.kind === 'tokens') {
    return await exchangedOf(deps, { verdict, client, discovery, dpop: pending.dpop, signal: input.signal });
  }
  const secrets = [client.client_secret, pending.codeVerifier, parameters.get('code') ?? undefined];
  const refused = hintForRefusedClient(stringMember(answer.json, 'error'), { discovery, client });
  const failure = { server, step: exchangeStep(discovery), hint: refused ?? `portico login ${server}`, secrets };
  if (verdict.kind === 'unusable' && answer.status < 300) {
    // The text may hold tokens in a form that was not understood: it is not quoted.
    throw new GatewayError('AUTH_FAILED', `server '${server}': ${failure.step} failed: ${verdict.reason}`, failure);
  }
  throw refusedBy(answer, failure);
}

/** What a login has when the tokens are there, whichever grant gave them. */
export async function exchangedOf(
  deps: { readonly fetch: FetchLike },
  given: {
    readonly verdict: Extract<TokenVerdict, { kind: 'tokens' }>;
    readonly client: SavedClient;
    readonly discovery: Discovery;
    /** The key that the tokens were asked for with. */
    readonly dpop?: DpopKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Exchanged> {
  const { tokens, clues } = given.verdict;
  // RFC 9449 section 5: a server may answer with a bearer token all the same.
  const dpop = isDpopType(tokens.token_type) ? given.dpop : undefined;
  const asked = { clues, as: given.discovery.as, accessToken: tokens.access_token, dpop, signal: given.signal };
  const account = await findAccount(deps, asked);
  return { tokens, client: given.client, ...(dpop && { dpop }), ...(account !== undefined && { account }) };
}

async function askForTokens(
  fetch: FetchLike,
  { server, discovery, client, pending, parameters, key, signal }: ExchangeInput,
): Promise<Answer> {
  const { as, resource } = discovery;
  const auth = await clientAuthOf(server, client, key);
  try {
    const { redirectUri, codeVerifier, dpop } = pending;
    const response = await withProof(fetch, dpop, (proving) =>
      authorizationCodeGrantRequest(as, clientOf(client), auth, parameters, redirectUri, codeVerifier, {
        ...requestOptions(proving, as.token_endpoint ?? discovery.issuer, signal),
        ...(resource !== undefined && { additionalParameters: { resource } }),
      }),
    );
    return await readAnswer(response);
  } catch (error) {
    const failure = { server, step: exchangeStep(discovery), secrets: [client.client_secret, pending.codeVerifier] };
    throw translateOAuthError(error, failure, signal);
  }
}

/** The same client with the other secret method that is listed; only for a registration of our own. */
export function otherMethod({ as }: Discovery, client: SavedClient): SavedClient | undefined {
  if (client.registered_at === undefined || client.client_secret === undefined) return undefined;
  const other = listedSecretMethods(as).find((method) => method !== client.token_endpoint_auth_method);
  return other && { ...client, token_endpoint_auth_method: other };
}

function exchangeStep({ as }: Discovery): string {
  return `the exchange of the code at ${as.token_endpoint ?? 'the token endpoint'}`;
}
