// Owns how this client registers itself at an authorization server (RFC 7591); opens no port.
import type { Client } from 'oauth4webapi';
import { dynamicClientRegistrationRequest } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { quoteForeign, readAnswer, stringMember } from './answer.ts';
import { listedSecretMethods, requestOptions } from './client-auth.ts';
import { createClientKey } from './client-key.ts';
import { clientName, softwareId } from './client-name.ts';
import { noClientError } from './client-refusal.ts';
import type { Discovery } from './discover.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';
import type { AskedRegistration } from './registration-answer.ts';
import { judgeRegistration, wantsKey } from './registration-answer.ts';
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

/** `redirect_uri` of the result is what has to be sent, byte for byte. @throws GatewayError AUTH_FAILED */
export async function register(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: RegisterInput,
): Promise<SavedClient> {
  const { server, discovery, redirectUri } = input;
  const { as } = discovery;
  const endpoint = as.registration_endpoint;
  if (endpoint === undefined) throw noClientError(input);
  const step = `the registration of this client at ${endpoint}`;
  const { answer, asked } = await askWithOrWithoutScope(deps, input, endpoint);
  const verdict = judgeRegistration(answer, asked);
  if (verdict.kind === 'registered') return verdict.client;
  if (verdict.kind === 'refused') {
    const accepted = answer.status === 201 || answer.status === 200;
    throw refusedBy(answer, {
      server,
      step: accepted ? `${step} (an answer without client_id)` : step,
      hint: `This vendor may admit listed clients only: register an app there with the redirect URI ${redirectUri} and set oauth.clientId (and oauth.clientSecret), or use a token in an Authorization header.`,
    });
  }
  throw new GatewayError(
    'AUTH_FAILED',
    `server '${server}': ${endpoint} registered the redirect URIs ${quoteForeign(verdict.redirectUris.join(' '))} instead of ${redirectUri}`,
    { server, hint: 'Set oauth.callbackPort or oauth.redirectUri to what the authorization server admits.' },
  );
}

/**
 * RFC 7591 section 2: `scope` is what the client may ask for, and some servers want it named. Others know the scopes of
 * their resources in requests alone, and refuse a registration over them.
 */
async function askWithOrWithoutScope(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: RegisterInput,
  endpoint: string,
): Promise<{ readonly answer: Answer; readonly asked: AskedRegistration }> {
  const tried = await askInTurn(deps, input, endpoint);
  const { scope, ...settings } = input.settings;
  if (scope === undefined || !isRefusedValue(tried.answer)) return tried;
  return await askInTurn(deps, { ...input, settings }, endpoint);
}

/** RFC 7591 section 3.2.2: a value of ours is not accepted; which one is not said. */
function isRefusedValue({ status, json }: Answer): boolean {
  return status === 400 && stringMember(json, 'error') === 'invalid_client_metadata';
}

/** With the method that suits a native app best, then with the others that the server lists, until it takes one. */
async function askInTurn(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: RegisterInput,
  endpoint: string,
): Promise<{ readonly answer: Answer; readonly asked: AskedRegistration }> {
  const { server, discovery, redirectUri } = input;
  const plain = { redirectUri, grantTypes: grantTypesToAsk(input), now: deps.now() };
  const askWith = async (method: TokenEndpointAuthMethod): Promise<{ answer: Answer; asked: AskedRegistration }> => {
    const key = method === 'private_key_jwt' ? await createClientKey(server, discovery.as) : undefined;
    const asked = { ...plain, key };
    return { answer: await ask(deps.fetch, input, { ...asked, endpoint, method }), asked };
  };
  const [first = 'none', ...others] = methodsToAsk(discovery);
  let tried = await askWith(first);
  for (const method of others) {
    // The list of methods in the metadata is often wrong.
    if (!isRefusedValue(tried.answer)) break;
    tried = await askWith(method);
  }
  return tried.asked.key === undefined && wantsKey(tried.answer) ? await askWith('private_key_jwt') : tried;
}

async function ask(
  fetch: FetchLike,
  { server, discovery, redirectUri, settings, signal }: RegisterInput,
  asked: { readonly endpoint: string; readonly method: TokenEndpointAuthMethod } & Omit<AskedRegistration, 'now'>,
): Promise<Answer> {
  const { endpoint, method, grantTypes, key } = asked;
  const metadata = {
    client_name: clientName,
    software_id: softwareId,
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: [...grantTypes],
    response_types: ['code'],
    token_endpoint_auth_method: method,
    ...(key && { token_endpoint_auth_signing_alg: key.alg, jwks: { keys: [key.shown] } }),
    // Only if configured: Keycloak takes away its default scopes from a client that registers with some.
    ...(settings.scope !== undefined && { scope: settings.scope }),
  };
  try {
    const options = requestOptions(fetch, endpoint, signal);
    return await readAnswer(await dynamicClientRegistrationRequest(discovery.as, metadata as Partial<Client>, options));
  } catch (error) {
    throw translateOAuthError(error, { server, step: `the registration of this client at ${endpoint}` }, signal);
  }
}

function grantTypesToAsk({ discovery, grantTypes = [] }: RegisterInput): readonly string[] {
  const listed = discovery.as.grant_types_supported;
  const refresh = listed === undefined || listed.includes('refresh_token');
  return ['authorization_code', ...(refresh ? ['refresh_token'] : []), ...grantTypes];
}

/** A native app keeps no secret (RFC 8252 section 8.4), so `none` where the server does not rule it out; a key comes last. */
function methodsToAsk({ as }: Discovery): readonly TokenEndpointAuthMethod[] {
  const listed = as.token_endpoint_auth_methods_supported;
  const mayBePublic = listed === undefined || listed.includes('none');
  const mayHaveKey = listed?.includes('private_key_jwt') === true;
  const methods: readonly TokenEndpointAuthMethod[] = [
    ...(mayBePublic ? (['none'] as const) : []),
    ...listedSecretMethods(as),
    ...(mayHaveKey ? (['private_key_jwt'] as const) : []),
  ];
  // It lists only what this client has not (mTLS): a secret is what such servers give all the same.
  return methods.length > 0 ? methods : ['client_secret_post'];
}
