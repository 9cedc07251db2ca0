// Owns the exchange of a user's ID token for an assertion, at the identity provider of their company (RFC 8693).
import { genericTokenEndpointRequest, None } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { readAnswer, stringMember } from './answer.ts';
import { requestOptions } from './client-auth.ts';
import type { Discovery } from './discover.ts';
import { judgeEndpoint } from './endpoint-rule.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

interface IdentityInput {
  readonly server: string;
  readonly idp: NonNullable<OAuthSettings['idp']>;
  /** Of the authorization server that the assertion is for. */
  readonly discovery: Discovery;
  readonly scope: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The first half of the enterprise-managed flow: the identity provider turns the user's ID token into an assertion for
 * this authorization server (RFC 8693 section 2.1, draft-ietf-oauth-identity-assertion-authz-grant section 4.3).
 * @throws GatewayError AUTH_FAILED, CONFIG_INVALID
 */
export async function identityAssertion(deps: { readonly fetch: FetchLike }, input: IdentityInput): Promise<string> {
  const { server, idp, discovery, scope, signal } = input;
  const { clientId, tokenEndpoint } = idp;
  const subject = idp.idToken.reveal();
  const failure = {
    server,
    step: `the exchange of oauth.idp.idToken at ${tokenEndpoint}`,
    secrets: [subject],
    hint: 'Is oauth.idp.idToken still valid, and is oauth.idp.clientId its audience?',
  };
  const endpoint = judgeEndpoint(tokenEndpoint, { serverUrl: tokenEndpoint });
  if (endpoint.kind === 'refused') {
    throw new GatewayError(
      'CONFIG_INVALID',
      `server '${server}': oauth.idp.tokenEndpoint: ${endpoint.reason}`,
      failure,
    );
  }
  const parameters = {
    requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
    audience: discovery.issuer,
    ...(discovery.resource !== undefined && { resource: discovery.resource }),
    ...(scope !== undefined && { scope }),
    subject_token: subject,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  };
  let answer: Answer;
  try {
    const response = await genericTokenEndpointRequest(
      { issuer: tokenEndpoint, token_endpoint: tokenEndpoint },
      { client_id: clientId },
      None(),
      tokenExchange,
      parameters,
      requestOptions(deps.fetch, tokenEndpoint, signal),
    );
    answer = await readAnswer(response);
  } catch (error) {
    throw translateOAuthError(error, failure, signal);
  }
  // RFC 8693 section 2.2.1: the assertion is called `access_token` whatever it is.
  const assertion = answer.status === 200 ? stringMember(answer.json, 'access_token') : undefined;
  if (assertion === undefined) throw refusedBy(answer, failure);
  return assertion;
}
