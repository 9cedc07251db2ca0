// Owns how a saved client is presented to oauth4webapi; exactly one method per request.
import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import { allowInsecureRequests, ClientSecretBasic, ClientSecretPost, customFetch, None } from 'oauth4webapi';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { isPlainLoopback } from './endpoint-rule.ts';
import type { SavedClient, TokenEndpointAuthMethod } from './token-store.ts';

/** @throws GatewayError AUTH_FAILED for a method that this version does not speak */
export function clientAuthOf(server: string, client: SavedClient): ClientAuth {
  const { token_endpoint_auth_method: method, client_secret: secret } = client;
  if (method === 'none') return None();
  if (method === 'client_secret_basic' && secret !== undefined) return ClientSecretBasic(secret);
  if (method === 'client_secret_post' && secret !== undefined) return ClientSecretPost(secret);
  const what = secret === undefined && method !== 'private_key_jwt' ? 'needs a client secret' : 'is not supported yet';
  throw new GatewayError('AUTH_FAILED', `server '${server}': the client authentication '${method}' ${what}`, {
    server,
    hint: 'Set oauth.clientSecret, or another oauth.tokenEndpointAuthMethod.',
  });
}

export function clientOf({ client_id }: SavedClient): Client {
  return { client_id };
}

/** What every request to an endpoint of the authorization server needs; plain http only where `judgeEndpoint` let it pass. */
export function requestOptions(fetch: FetchLike, endpoint: string, signal: AbortSignal | undefined) {
  const bounded = boundedFetch(fetch, { signal });
  return {
    [customFetch]: (url: string, init: object) => bounded(url, init),
    [allowInsecureRequests]: isPlainLoopback(endpoint),
  };
}

/** The secret methods that a server lists; RFC 8414 section 2: without a list it is `client_secret_basic`. */
export function listedSecretMethods(as: AuthorizationServer): readonly TokenEndpointAuthMethod[] {
  const listed = as.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return (['client_secret_basic', 'client_secret_post'] as const).filter((method) => listed.includes(method));
}
