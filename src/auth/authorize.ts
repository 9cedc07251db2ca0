// Owns the authorization code grant with PKCE: the URL, the judgement of the callback, the exchange of the code.
import type { AuthorizationServer } from 'oauth4webapi';
import {
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  validateAuthResponse,
} from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { quoteForeign, readAnswer } from './answer.ts';
import { clientAuthOf, clientOf, listedSecretMethods, requestOptions } from './client-auth.ts';
import type { Discovery } from './discover.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';
import { accountOf, judgeTokenAnswer } from './token-response.ts';
import type { SavedClient, SavedTokens } from './token-store.ts';

/** What must be remembered between the URL and the callback; never saved with the credentials. */
export interface PendingAuthorization {
  /** What the human opens. */
  readonly url: string;
  readonly state: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly scope?: string;
}

/** Extra parameters without which an issuer gives no refresh token. An issuer, never the name of a server. */
const issuerParameters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'https://accounts.google.com': { access_type: 'offline', prompt: 'consent' },
};

/** config > challenge > `scopes_supported` of the resource > none, joined with what is already granted (a step-up must not lose it). */
export function chooseScope(input: {
  readonly settings: OAuthSettings;
  readonly challenge: AuthChallenge;
  readonly scopesSupported?: readonly string[] | undefined;
  readonly as: AuthorizationServer;
  readonly alreadyGranted?: string | undefined;
}): string | undefined {
  const { settings, challenge, scopesSupported, as, alreadyGranted } = input;
  // What a 403 asks for is asked for, whatever the config says: without it the call cannot succeed.
  const stepUp = challenge.error === 'insufficient_scope' ? words(challenge.scope) : [];
  const chosen = words(settings.scope ?? challenge.scope ?? scopesSupported?.join(' '));
  const scopes = new Set([...words(alreadyGranted), ...chosen, ...stepUp]);
  if (scopes.size === 0) return undefined;
  // Only where the server knows it: others refuse the whole request over it (`invalid_scope`).
  if (settings.scope === undefined && as.scopes_supported?.includes('offline_access')) scopes.add('offline_access');
  return [...scopes].join(' ');
}

function words(scope: string | undefined): readonly string[] {
  return scope?.split(/\s+/).filter((word) => word !== '') ?? [];
}

/** @throws GatewayError AUTH_FAILED where the authorization server rules out S256 */
export async function beginAuthorization(input: {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly redirectUri: string;
  readonly scope?: string | undefined;
  readonly settings: OAuthSettings;
}): Promise<PendingAuthorization> {
  const { server, discovery, client, redirectUri, scope, settings } = input;
  const { as } = discovery;
  const methods = as.code_challenge_methods_supported;
  // RFC 9700 section 2.1.1. No list at all says nothing: OpenID discovery documents of S256 servers often have none.
  if (as.authorization_endpoint === undefined || (methods && !methods.includes('S256'))) {
    throw new GatewayError(
      'AUTH_FAILED',
      `server '${server}': the authorization server ${discovery.issuer} offers no authorization code grant with PKCE S256`,
      { server, hint: 'Use a token in an Authorization header.' },
    );
  }
  const state = generateRandomState();
  const codeVerifier = generateRandomCodeVerifier();
  const url = new URL(as.authorization_endpoint);
  const extras = {
    // OpenID Connect Core section 11: offline_access is ignored unless consent is asked for.
    ...(words(scope).includes('offline_access') && { prompt: 'consent' }),
    ...issuerParameters[discovery.issuer],
    ...settings.authorizationParams,
  };
  const own = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(scope !== undefined && { scope }),
    ...(discovery.resource !== undefined && { resource: discovery.resource }),
  };
  // Ours last: no extra parameter may take the place of `state` or of the challenge.
  for (const [name, value] of Object.entries({ ...extras, ...own })) url.searchParams.set(name, value);
  // A blank as `+` is right in a query and yet misread by some servers; `%20` is read by all.
  url.search = url.search.replaceAll('+', '%20');
  return { url: url.href, state, codeVerifier, redirectUri, ...(scope !== undefined && { scope }) };
}

/**
 * Pure. The parameters to hand to `exchangeCode`.
 * @throws GatewayError AUTH_FAILED wrong or missing `state`, foreign `iss` (RFC 9207), an `error` answer, no `code`
 */
export function judgeCallback(input: {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly state: string;
  readonly parameters: URLSearchParams;
}): URLSearchParams {
  const { server, discovery, client, state, parameters } = input;
  const failure = {
    server,
    step: 'the login in the browser',
    hint: `portico login ${server}`,
    secrets: secretsOf(client),
  };
  let accepted: URLSearchParams;
  try {
    accepted = validateAuthResponse(discovery.as, clientOf(client), parameters, state);
  } catch (error) {
    const iss = parameters.get('iss');
    if (iss === null || iss === discovery.issuer) throw translateOAuthError(error, failure);
    // RFC 9207 section 2.4: nothing else that a foreign server sends is shown.
    throw new GatewayError(
      'AUTH_FAILED',
      `server '${server}': the browser came back from the issuer ${quoteForeign(iss)} instead of ${discovery.issuer}`,
      { server, hint: failure.hint },
    );
  }
  const codes = accepted.getAll('code');
  // RFC 6749 section 3.1: a parameter comes once.
  if (codes.length !== 1 || codes[0] === '') {
    const what = codes.length > 1 ? 'with more than one code' : 'without a code';
    throw new GatewayError('AUTH_FAILED', `server '${server}': the browser came back ${what}`, {
      server,
      hint: failure.hint,
    });
  }
  return accepted;
}

export interface Exchanged {
  readonly tokens: SavedTokens;
  /** The client as it has to be saved: the authentication method may have been corrected. */
  readonly client: SavedClient;
  /** A label for humans out of the ID token; proves nothing. */
  readonly account?: string;
}

export interface ExchangeInput {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly pending: PendingAuthorization;
  /** Out of `judgeCallback`. */
  readonly parameters: URLSearchParams;
  readonly signal?: AbortSignal | undefined;
}

/** @throws GatewayError AUTH_FAILED */
export async function exchangeCode(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: ExchangeInput,
): Promise<Exchanged> {
  const { server, discovery, pending, parameters } = input;
  const now = deps.now();
  let client = input.client;
  let answer = await askForTokens(deps.fetch, { ...input, client });
  let verdict = judgeTokenAnswer(answer, { now, requested: pending.scope });
  const other =
    verdict.kind === 'error' && verdict.error === 'invalid_client' ? otherMethod(discovery, client) : undefined;
  if (other) {
    // A registration is seconds old and unknown already: the server advertises a method that it does not implement.
    client = other;
    answer = await askForTokens(deps.fetch, { ...input, client });
    verdict = judgeTokenAnswer(answer, { now, requested: pending.scope });
  }
  if (verdict.kind === 'tokens') {
    const account = accountOf(verdict.idToken);
    return { tokens: verdict.tokens, client, ...(account !== undefined && { account }) };
  }
  const secrets = [...secretsOf(client), pending.codeVerifier, parameters.get('code') ?? undefined];
  const failure = { server, step: exchangeStep(discovery), hint: `portico login ${server}`, secrets };
  if (verdict.kind === 'unusable' && answer.status < 300) {
    // The text may hold tokens in a form that was not understood: it is not quoted.
    throw new GatewayError('AUTH_FAILED', `server '${server}': ${failure.step} failed: ${verdict.reason}`, failure);
  }
  throw refusedBy(answer, failure);
}

async function askForTokens(
  fetch: FetchLike,
  { server, discovery, client, pending, parameters, signal }: ExchangeInput,
): Promise<Answer> {
  const { as, resource } = discovery;
  const auth = clientAuthOf(server, client);
  try {
    const response = await authorizationCodeGrantRequest(
      as,
      clientOf(client),
      auth,
      parameters,
      pending.redirectUri,
      pending.codeVerifier,
      {
        ...requestOptions(fetch, as.token_endpoint ?? discovery.issuer, signal),
        ...(resource !== undefined && { additionalParameters: { resource } }),
      },
    );
    return await readAnswer(response);
  } catch (error) {
    const failure = { server, step: exchangeStep(discovery), secrets: [...secretsOf(client), pending.codeVerifier] };
    throw translateOAuthError(error, failure, signal);
  }
}

/** The same client with the other secret method that is listed; only for a registration of our own. */
function otherMethod({ as }: Discovery, client: SavedClient): SavedClient | undefined {
  if (client.registered_at === undefined || client.client_secret === undefined) return undefined;
  const other = listedSecretMethods(as).find((method) => method !== client.token_endpoint_auth_method);
  return other && { ...client, token_endpoint_auth_method: other };
}

function exchangeStep({ as }: Discovery): string {
  return `the exchange of the code at ${as.token_endpoint ?? 'the token endpoint'}`;
}

function secretsOf({ client_secret }: SavedClient): readonly (string | undefined)[] {
  return [client_secret];
}
