// Owns the authorization code grant with PKCE up to its code: the URL, and the judgement of the callback.
import type { AuthorizationServer } from 'oauth4webapi';
import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  validateAuthResponse,
} from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError } from '../errors.ts';
import { quoteForeign } from './answer.ts';
import { clientOf } from './client-auth.ts';
import { hintForRefusedClient } from './client-refusal.ts';
import type { Discovery } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { translateOAuthError } from './oauth-errors.ts';
import { scopeWords } from './scope-words.ts';
import type { SavedClient } from './token-store.ts';

/** What must be remembered between the URL and the callback; never saved with the credentials. */
export interface PendingAuthorization {
  /** What the human opens. */
  readonly url: string;
  /** What the URL says; for a request that is pushed instead (RFC 9126). */
  readonly parameters: Readonly<Record<string, string>>;
  readonly state: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly scope?: string;
  /** The key that the tokens will be bound to (RFC 9449); absent: bearer tokens. */
  readonly dpop?: DpopKey;
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
  const stepUp = challenge.error === 'insufficient_scope' ? scopeWords(challenge.scope) : [];
  const chosen = scopeWords(settings.scope ?? challenge.scope ?? scopesSupported?.join(' '));
  const scopes = new Set([...scopeWords(alreadyGranted), ...chosen, ...stepUp]);
  if (scopes.size === 0) return undefined;
  // Only where the server knows it: others refuse the whole request over it (`invalid_scope`).
  if (settings.scope === undefined && as.scopes_supported?.includes('offline_access')) scopes.add('offline_access');
  return [...scopes].join(' ');
}

/** @throws GatewayError AUTH_FAILED where the authorization server rules out S256 */
export async function beginAuthorization(input: {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly redirectUri: string;
  readonly scope?: string | undefined;
  readonly settings: OAuthSettings;
  readonly dpop?: DpopKey | undefined;
}): Promise<PendingAuthorization> {
  const { server, discovery, client, redirectUri, scope, settings, dpop } = input;
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
  // RFC 6749 section 3.1: the endpoint has none.
  url.hash = '';
  const extras = {
    // OpenID Connect Core section 11: offline_access is ignored unless consent is asked for.
    ...(scopeWords(scope).includes('offline_access') && { prompt: 'consent' }),
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
    // RFC 9449 section 10: the code is bound to the key as well.
    ...(dpop && { dpop_jkt: await dpop.thumbprint() }),
  };
  // Ours last: no extra parameter may take the place of `state` or of the challenge.
  const parameters = { ...extras, ...own };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  // A blank as `+` is right in a query and yet misread by some servers; `%20` is read by all.
  url.search = url.search.replaceAll('+', '%20');
  return {
    url: url.href,
    parameters,
    state,
    codeVerifier,
    redirectUri,
    ...(scope !== undefined && { scope }),
    ...(dpop && { dpop }),
  };
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
  const again = `portico login ${server}`;
  const failure = {
    server,
    step: 'the login in the browser',
    hint: hintForRefusedClient(parameters.get('error') ?? undefined, { discovery, client }) ?? again,
    secrets: [client.client_secret],
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
      { server, hint: again },
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
