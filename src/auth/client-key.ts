// Owns the key pair that a registration makes for itself, where a server takes nothing but `private_key_jwt` (RFC 7523);
// asks nobody and saves nothing.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { AuthorizationServer } from 'oauth4webapi';
import { GatewayError } from '../errors.ts';
import { commonAlgorithm } from './signing-algorithms.ts';
import type { SavedKey } from './token-store.ts';

export interface NewClientKey {
  /** A JWS algorithm; for `token_endpoint_auth_signing_alg`. */
  readonly alg: string;
  /** For the `jwks` of a registration. */
  readonly shown: SavedKey;
  /** Belongs into the login file and nowhere else. */
  readonly saved: SavedKey;
}

/** @throws GatewayError AUTH_FAILED where the authorization server takes no algorithm that this client has */
export async function createClientKey(server: string, as: AuthorizationServer): Promise<NewClientKey> {
  const listed = as.token_endpoint_auth_signing_alg_values_supported;
  const alg = commonAlgorithm(listed);
  if (alg === undefined) {
    throw new GatewayError(
      'AUTH_FAILED',
      `server '${server}': the authorization server ${as.issuer} takes client assertions of none of the algorithms this client has`,
      {
        server,
        hint: `It lists ${(listed ?? []).join(', ').slice(0, 100) || 'none'}. Set oauth.clientId and oauth.privateKey.`,
      },
    );
  }
  const pair = await generateKeyPair(alg, { extractable: true });
  const shown = await exportJWK(pair.publicKey);
  const marks = { kid: await calculateJwkThumbprint(shown), alg, use: 'sig' };
  return { alg, shown: { ...shown, ...marks }, saved: { ...(await exportJWK(pair.privateKey)), ...marks } };
}
