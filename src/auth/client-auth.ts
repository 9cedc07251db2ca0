// Owns how a saved client is presented to oauth4webapi; exactly one method per request.
import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  modifyAssertion,
  None,
  PrivateKeyJwt,
} from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { isPlainLoopback } from './endpoint-rule.ts';
import { readSigningKey } from './signing-key.ts';
import type { SavedClient, TokenEndpointAuthMethod } from './token-store.ts';

/** The key of a configured client; that of a registered one is saved with it. */
export type ClientKey = Pick<OAuthSettings, 'privateKey' | 'signingAlg'>;

/** @throws GatewayError AUTH_FAILED where the secret or key of the method is missing; CONFIG_INVALID where a key cannot be used */
export async function clientAuthOf(server: string, client: SavedClient, key: ClientKey = {}): Promise<ClientAuth> {
  const { token_endpoint_auth_method: method, client_secret: secret, private_key: saved } = client;
  if (method === 'none') return None();
  if (method === 'client_secret_basic' && secret !== undefined) return basicAuth(secret);
  if (method === 'client_secret_post' && secret !== undefined) return ClientSecretPost(secret);
  const source = saved ? JSON.stringify(saved) : key.privateKey?.reveal();
  if (method === 'private_key_jwt' && source !== undefined) {
    const signing = await readSigningKey(server, source, saved ? undefined : key.signingAlg);
    // oauth4webapi writes the name of RFC 9864, and servers that list the older `EdDSA` compare names.
    return PrivateKeyJwt(signing, {
      [modifyAssertion]: (header) => {
        if (signing.alg === 'EdDSA') header['alg'] = signing.alg;
      },
    });
  }
  const [what, hint] =
    method === 'private_key_jwt'
      ? ['a private key', 'Set oauth.privateKey, or another oauth.tokenEndpointAuthMethod.']
      : ['a client secret', 'Set oauth.clientSecret, or another oauth.tokenEndpointAuthMethod.'];
  throw new GatewayError('AUTH_FAILED', `server '${server}': the client authentication '${method}' needs ${what}`, {
    server,
    hint,
  });
}

/**
 * RFC 6749 section 2.3.1, with the encoding of forms as the URL standard has it: it leaves `-`, `.` and `_` alone, which
 * oauth4webapi does not, and which servers that forget to decode compare as they come.
 */
function basicAuth(secret: string): ClientAuth {
  const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return (_as, client, _body, headers) => {
    const credentials = `${encoded(client.client_id)}:${encoded(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
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
