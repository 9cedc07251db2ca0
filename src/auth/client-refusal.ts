// Owns what to do about a client that an authorization server cannot be entered with; pure, a sentence and nothing else.
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { isDocumentClient, takesDocuments } from './configured-client.ts';
import type { Discovery } from './discover.ts';
import type { SavedClient } from './token-store.ts';

/** RFC 6749 sections 4.1.2.1 and 5.2: what servers say of a client, the last because many mean a missing secret by it. */
const clientErrors: readonly string[] = ['invalid_client', 'unauthorized_client', 'invalid_request'];

/** Errors about anything but the client, whoever it is. */
const otherErrors: readonly string[] = [
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'unsupported_grant_type',
  'unsupported_response_type',
  'server_error',
  'temporarily_unavailable',
];

/** The next thing to do after a refusal in the browser or at the token endpoint; undefined: log in again. */
export function hintForRefusedClient(
  error: string | undefined,
  { discovery, client }: { readonly discovery: Discovery; readonly client: SavedClient },
): string | undefined {
  if (error === undefined || client.registered_at !== undefined) return undefined;
  if (isDocumentClient(client)) {
    if (!clientErrors.includes(error)) return undefined;
    return discovery.as.registration_endpoint === undefined
      ? 'The server did not take the client ID metadata document, and lets nobody register: check that the document can be fetched and names itself (portico client-metadata prints it), or set oauth.clientId to an app registered with that vendor.'
      : 'The server did not take the client ID metadata document. The next login registers this client instead: log in again.';
  }
  // Vendors have words of their own for it: incorrect_client_credentials, bad_client_secret.
  if (otherErrors.includes(error)) return undefined;
  if (client.client_secret === undefined && client.token_endpoint_auth_method === 'none') {
    return 'The vendor wants the secret of this app: set oauth.clientSecret beside oauth.clientId.';
  }
  return 'Check oauth.clientId and its secret or key; where both are right, set oauth.tokenEndpointAuthMethod to the method the vendor names.';
}

/** There is no client to log in with. The error names what the server lacks, the redirect URI and the keys. */
export function noClientError(input: {
  readonly server: string;
  readonly discovery: Discovery;
  /** As it has to be registered, to the byte. */
  readonly redirectUri: string;
  readonly settings: OAuthSettings;
}): GatewayError {
  const { server, discovery, redirectUri, settings } = input;
  const { as, issuer } = discovery;
  const noDocuments =
    settings.clientMetadataUrl !== undefined && !takesDocuments(as)
      ? ' and takes no client ID metadata documents (oauth.clientMetadataUrl)'
      : '';
  const listed = as.token_endpoint_auth_methods_supported;
  const secret =
    listed === undefined || listed.includes('none')
      ? 'oauth.clientId (and oauth.clientSecret, if it gives one)'
      : 'oauth.clientId and oauth.clientSecret (this vendor takes no app without a secret)';
  const port = settings.redirectUri === undefined && settings.callbackPort === undefined && portOf(redirectUri);
  const keepPort = port ? `, and oauth.callbackPort to ${port}, so that the redirect URI stays the same` : '';
  const document =
    settings.clientMetadataUrl === undefined && takesDocuments(as)
      ? ' Or host a client ID metadata document, which this vendor takes, and set oauth.clientMetadataUrl.'
      : '';
  return new GatewayError(
    'AUTH_FAILED',
    `server '${server}': the authorization server ${issuer} does not let clients register themselves${noDocuments}`,
    {
      server,
      hint: `Register an app with that vendor, with the redirect URI ${redirectUri}, and set ${secret}${keepPort}.${document}`,
    },
  );
}

function portOf(redirectUri: string): string {
  return URL.canParse(redirectUri) ? new URL(redirectUri).port : '';
}
