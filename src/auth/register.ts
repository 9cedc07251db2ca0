// Owns how this client becomes known to an authorization server: configured, or registered (RFC 7591); opens no port.
import { dynamicClientRegistrationRequest } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { numberMember, quoteForeign, readAnswer, stringMember, stringsMember } from './answer.ts';
import { listedSecretMethods, requestOptions } from './client-auth.ts';
import type { Discovery } from './discover.ts';
import { isLoopbackHost } from './loopback.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';
import type { SavedClient, TokenEndpointAuthMethod } from './token-store.ts';

export interface RegisterInput {
  readonly server: string;
  readonly discovery: Discovery;
  readonly redirectUri: string;
  readonly settings: OAuthSettings;
  /** Grants besides the authorization code and its refresh that the client will ask for. */
  readonly grantTypes?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The client that the config names; undefined: one has to be registered. */
export function configuredClient(
  settings: OAuthSettings,
  { as }: Pick<Discovery, 'as'>,
  redirectUri: string,
): SavedClient | undefined {
  const { clientId, clientSecret, clientMetadataUrl, privateKey, tokenEndpointAuthMethod } = settings;
  if (clientId !== undefined) {
    const secret = clientSecret?.reveal();
    const preferred = listedSecretMethods(as)[0] ?? 'client_secret_post';
    const method = privateKey
      ? 'private_key_jwt'
      : secret === undefined
        ? 'none'
        : (asMethod(tokenEndpointAuthMethod) ?? preferred);
    return {
      client_id: clientId,
      ...(secret !== undefined && { client_secret: secret }),
      token_endpoint_auth_method: method,
      redirect_uri: redirectUri,
    };
  }
  // A Client ID Metadata Document is its own identifier; only a server that says so fetches it.
  if (clientMetadataUrl !== undefined && as['client_id_metadata_document_supported'] === true) {
    return { client_id: clientMetadataUrl, token_endpoint_auth_method: 'none', redirect_uri: redirectUri };
  }
  return undefined;
}

/** `redirect_uri` of the result is what has to be sent, byte for byte. @throws GatewayError AUTH_FAILED */
export async function register(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: RegisterInput,
): Promise<SavedClient> {
  const { server, discovery, redirectUri } = input;
  const { as } = discovery;
  const endpoint = as.registration_endpoint;
  if (endpoint === undefined) throw noRegistration(input);
  const failure = {
    server,
    step: `the registration of this client at ${endpoint}`,
    hint: 'This vendor may admit listed clients only: set oauth.clientId (and oauth.clientSecret), or use a token in an Authorization header.',
  };
  const [first, ...others] = methodsToAsk(discovery);
  let answer = await ask(deps.fetch, input, endpoint, first);
  for (const method of others) {
    // RFC 7591 section 3.2.2: a value of ours is not accepted. The list of methods in the metadata is often wrong.
    if (answer.status !== 400 || stringMember(answer.json, 'error') !== 'invalid_client_metadata') break;
    answer = await ask(deps.fetch, input, endpoint, method);
  }
  const verdict = judgeRegistration(answer, { redirectUri, now: deps.now() });
  if (verdict.kind === 'registered') return verdict.client;
  if (verdict.kind === 'refused') {
    const accepted = answer.status === 201 || answer.status === 200;
    throw refusedBy(answer, accepted ? { ...failure, step: `${failure.step} (an answer without client_id)` } : failure);
  }
  throw new GatewayError(
    'AUTH_FAILED',
    `server '${server}': ${endpoint} registered the redirect URIs ${quoteForeign(verdict.redirectUris.join(' '))} instead of ${redirectUri}`,
    { server, hint: 'Set oauth.callbackPort or oauth.redirectUri to what the authorization server admits.' },
  );
}

export type RegistrationVerdict =
  | { readonly kind: 'registered'; readonly client: SavedClient }
  | { readonly kind: 'other_redirect'; readonly redirectUris: readonly string[] }
  | { readonly kind: 'refused' };

/**
 * Pure. What counts is the answer, not what was asked for (RFC 7591 section 3.2.1). More lenient than oauth4webapi where
 * servers in the field are: status 200, no `client_secret_expires_at`, an empty `client_secret`.
 */
export function judgeRegistration(
  answer: Answer,
  { redirectUri, now }: { readonly redirectUri: string; readonly now: number },
): RegistrationVerdict {
  const { status, json } = answer;
  const clientId = stringMember(json, 'client_id');
  if ((status !== 201 && status !== 200) || clientId === undefined) return { kind: 'refused' };
  const redirectUris = stringsMember(json, 'redirect_uris') ?? [];
  const registered = registeredRedirect(redirectUri, redirectUris);
  if (registered === undefined) return { kind: 'other_redirect', redirectUris };
  const secret = stringMember(json, 'client_secret');
  const expiresAt = numberMember(json, 'client_secret_expires_at');
  return {
    kind: 'registered',
    client: {
      client_id: clientId,
      ...(secret !== undefined && { client_secret: secret }),
      ...(expiresAt !== undefined && { client_secret_expires_at: expiresAt }),
      token_endpoint_auth_method: answeredMethod(stringMember(json, 'token_endpoint_auth_method'), secret),
      redirect_uri: registered,
      registered_at: Math.floor(now / 1000),
    },
  };
}

/** Without a secret there is nothing to prove; a secret without a method goes into the body, as the servers that forget it expect. */
function answeredMethod(method: string | undefined, secret: string | undefined): TokenEndpointAuthMethod {
  if (secret === undefined || method === 'none') return 'none';
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

async function ask(
  fetch: FetchLike,
  { server, discovery, redirectUri, settings, grantTypes = [], signal }: RegisterInput,
  endpoint: string,
  method: TokenEndpointAuthMethod,
): Promise<Answer> {
  const { as } = discovery;
  const grants = as.grant_types_supported;
  const refresh = grants === undefined || grants.includes('refresh_token');
  const metadata = {
    client_name: 'Portico',
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', ...(refresh ? ['refresh_token'] : []), ...grantTypes],
    response_types: ['code'],
    token_endpoint_auth_method: method,
    // Only if configured: Keycloak takes away its default scopes from a client that registers with some.
    ...(settings.scope !== undefined && { scope: settings.scope }),
  };
  try {
    const response = await dynamicClientRegistrationRequest(as, metadata, requestOptions(fetch, endpoint, signal));
    return await readAnswer(response);
  } catch (error) {
    throw translateOAuthError(error, { server, step: `the registration of this client at ${endpoint}` }, signal);
  }
}

/** A native app keeps no secret (RFC 8252 section 8.4), so `none` where the server does not rule it out. */
function methodsToAsk(discovery: Discovery): readonly [TokenEndpointAuthMethod, ...TokenEndpointAuthMethod[]] {
  const listed = discovery.as.token_endpoint_auth_methods_supported;
  const secret = listedSecretMethods(discovery.as);
  if (listed === undefined || listed.includes('none')) return ['none', ...secret];
  const [first = 'client_secret_post', ...others] = secret;
  return [first, ...others];
}

function asMethod(method: string | undefined): TokenEndpointAuthMethod | undefined {
  return (['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const).find(
    (one) => one === method,
  );
}

function noRegistration({ server, discovery, redirectUri }: RegisterInput): GatewayError {
  return new GatewayError(
    'AUTH_FAILED',
    `server '${server}': the authorization server ${discovery.issuer} does not let clients register themselves`,
    {
      server,
      hint: `Register an app with that vendor, with the redirect URI ${redirectUri}, and set oauth.clientId (and oauth.clientSecret, if it gives one); set oauth.callbackPort where the redirect URI must stay the same.`,
    },
  );
}
