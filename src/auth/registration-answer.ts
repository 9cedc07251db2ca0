// Owns the judgement of the answer to a registration (RFC 7591 section 3.2); pure, asks nothing.
import type { Answer } from './answer.ts';
import { numberMember, stringMember, stringsMember } from './answer.ts';
import type { NewClientKey } from './client-key.ts';
import { isLoopbackHost } from './loopback.ts';
import type { SavedClient, TokenEndpointAuthMethod } from './token-store.ts';

export interface AskedRegistration {
  readonly redirectUri: string;
  readonly grantTypes: readonly string[];
  /** What was shown to the server for `private_key_jwt`. */
  readonly key?: NewClientKey | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type RegistrationVerdict =
  | { readonly kind: 'registered'; readonly client: SavedClient }
  | { readonly kind: 'other_redirect'; readonly redirectUris: readonly string[] }
  | { readonly kind: 'refused' };

/**
 * Pure. What counts is the answer, not what was asked for (RFC 7591 section 3.2.1). More lenient than oauth4webapi where
 * servers in the field are: status 200, no `client_secret_expires_at`, an empty `client_secret`.
 */
export function judgeRegistration(answer: Answer, asked: AskedRegistration): RegistrationVerdict {
  const { status, json } = answer;
  const { redirectUri, key } = asked;
  const clientId = stringMember(json, 'client_id');
  // RFC 6749 appendix A.1: what is no such text would be shown in a terminal, and no server would take it.
  const isUsable = clientId !== undefined && /^[\x20-\x7e]+$/.test(clientId);
  if ((status !== 201 && status !== 200) || !isUsable) return { kind: 'refused' };
  const redirectUris = stringsMember(json, 'redirect_uris') ?? [];
  const registered = registeredRedirect(redirectUri, redirectUris);
  if (registered === undefined) return { kind: 'other_redirect', redirectUris };
  const secret = stringMember(json, 'client_secret');
  const expiresAt = numberMember(json, 'client_secret_expires_at');
  const method = answeredMethod(stringMember(json, 'token_endpoint_auth_method'), { secret, key });
  return {
    kind: 'registered',
    client: {
      client_id: clientId,
      ...(secret !== undefined && { client_secret: secret }),
      ...(expiresAt !== undefined && { client_secret_expires_at: expiresAt }),
      token_endpoint_auth_method: method,
      ...(method === 'private_key_jwt' && key && { private_key: key.saved }),
      redirect_uri: registered,
      registered_at: Math.floor(asked.now / 1000),
      grant_types: stringsMember(json, 'grant_types') ?? asked.grantTypes,
    },
  };
}

/**
 * Whether the server means `private_key_jwt` for a client that showed it no key. That client would be of no use: it has
 * to be registered once more, with one.
 */
export function wantsKey({ status, json }: Answer): boolean {
  const isKeyed = stringMember(json, 'token_endpoint_auth_method') === 'private_key_jwt';
  return (status === 201 || status === 200) && isKeyed && stringMember(json, 'client_secret') === undefined;
}

/**
 * A key that was registered is what is used, unless the answer says another method that can be. Without key and secret
 * there is nothing to prove; a secret without a method goes into the body, as the servers that forget it expect.
 */
function answeredMethod(
  method: string | undefined,
  { secret, key }: { readonly secret: string | undefined; readonly key: NewClientKey | undefined },
): TokenEndpointAuthMethod {
  if (method === 'none') return 'none';
  if (key && (method === 'private_key_jwt' || secret === undefined)) return 'private_key_jwt';
  if (secret === undefined) return 'none';
  return method === 'client_secret_basic' ? method : 'client_secret_post';
}

/** The URI to send: ours, or the registered one that still leads to our listener. Many servers compare the string. */
function registeredRedirect(ours: string, registered: readonly string[]): string | undefined {
  if (registered.length === 0 || registered.includes(ours)) return ours;
  const wanted = new URL(ours);
  if (!isLoopbackHost(wanted.hostname)) return undefined;
  for (const uri of registered) {
    if (!URL.canParse(uri)) continue;
    const { protocol, hostname, port, pathname } = new URL(uri);
    if (protocol !== 'http:' || !isLoopbackHost(hostname) || pathname !== wanted.pathname) continue;
    // RFC 8252 section 7.3: registered without a port, any port may be sent.
    if (port === '') return ours;
    if (port === wanted.port) return uri;
  }
  return undefined;
}
