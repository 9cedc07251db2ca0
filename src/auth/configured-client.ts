// Owns the client that the config names: one registered by hand, or a Client ID Metadata Document. Pure, registers nothing.
import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { listedSecretMethods } from './client-auth.ts';
import type { SavedClient, TokenEndpointAuthMethod } from './token-store.ts';

/** Undefined: one has to be registered. */
export function configuredClient(
  settings: OAuthSettings,
  { as }: { readonly as: AuthorizationServer },
  redirectUri: string,
): SavedClient | undefined {
  const { clientId, clientSecret, clientMetadataUrl, privateKey, tokenEndpointAuthMethod } = settings;
  const keyed = privateKey ? ('private_key_jwt' as const) : undefined;
  if (clientId !== undefined) {
    const secret = clientSecret?.reveal();
    const byItself = secret === undefined ? 'none' : (listedSecretMethods(as)[0] ?? 'client_secret_post');
    return {
      client_id: clientId,
      ...(secret !== undefined && { client_secret: secret }),
      token_endpoint_auth_method: asMethod(tokenEndpointAuthMethod) ?? keyed ?? byItself,
      redirect_uri: redirectUri,
    };
  }
  // A Client ID Metadata Document is its own identifier; only a server that says so fetches it. It can hold no secret,
  // so there is a public key in it or nothing (draft-ietf-oauth-client-id-metadata-document section 4.1).
  if (clientMetadataUrl !== undefined && takesDocuments(as)) {
    return { client_id: clientMetadataUrl, token_endpoint_auth_method: keyed ?? 'none', redirect_uri: redirectUri };
  }
  return undefined;
}

export function takesDocuments(as: AuthorizationServer): boolean {
  return as['client_id_metadata_document_supported'] === true;
}

/** Whether its identifier is the URL of a metadata document, which only the config can name. */
export function isDocumentClient({ client_id, registered_at }: SavedClient): boolean {
  return registered_at === undefined && client_id.startsWith('https://');
}

function asMethod(method: string | undefined): TokenEndpointAuthMethod | undefined {
  return (['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const).find(
    (one) => one === method,
  );
}
