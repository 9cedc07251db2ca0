// Owns the Client ID Metadata Document that stands for this client (draft-ietf-oauth-client-id-metadata-document): what a
// human hosts, so that servers know the client without a registration. Hosts and fetches nothing.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import { redirectUriOf } from './callback-server.ts';
import { clientName, softwareId } from './client-name.ts';
import { readPublicKey } from './signing-key.ts';
import type { SavedKey } from './token-store.ts';

/** RFC 8252 section 7.3: registered without a port, any port may be sent. Servers that compare text need one with it. */
const loopbackUris = ['http://127.0.0.1/callback', 'http://localhost/callback'] as const;

export interface MetadataWishes {
  /** Where the document will be; its identifier, to the byte. */
  readonly url: string;
  /** Besides those of the config. */
  readonly redirectUris: readonly string[];
  /** The entries that use the document. */
  readonly entries: readonly HttpServerEntry[];
}

/** @throws GatewayError CONFIG_INVALID where the private key of an entry cannot be read */
export async function clientMetadata({ url, redirectUris, entries }: MetadataWishes): Promise<object> {
  const settings = entries.flatMap(({ oauth }) => (oauth === false ? [] : [oauth]));
  const keys = await publicKeys(entries);
  const grants = new Set(['authorization_code', 'refresh_token', ...settings.map(({ grantType }) => grantType)]);
  return {
    client_id: url,
    client_name: clientName,
    software_id: softwareId,
    application_type: 'native',
    redirect_uris: [...new Set([...loopbackUris, ...settings.flatMap(redirectUrisOf), ...redirectUris])],
    grant_types: [...grants],
    response_types: ['code'],
    token_endpoint_auth_method: keys.length > 0 ? 'private_key_jwt' : 'none',
    ...(keys.length > 0 && { jwks: { keys } }),
  };
}

/** What a login of this entry can send. */
function redirectUrisOf({ redirectUri, callbackHost, callbackPort }: OAuthSettings): readonly string[] {
  if (redirectUri !== undefined) return [redirectUri];
  const anyPort = new URL(redirectUriOf(callbackHost, 80)).href;
  return callbackPort === undefined ? [anyPort] : [anyPort, redirectUriOf(callbackHost, callbackPort)];
}

async function publicKeys(entries: readonly HttpServerEntry[]): Promise<readonly SavedKey[]> {
  const keys = new Map<string, SavedKey>();
  for (const { name, oauth } of entries) {
    if (oauth === false || oauth.privateKey === undefined) continue;
    const key = await readPublicKey(name, oauth.privateKey.reveal(), oauth.signingAlg);
    keys.set(JSON.stringify(key), key);
  }
  return [...keys.values()];
}
