// Owns pushing the parameters of an authorization request (RFC 9126), so that the browser carries a reference alone.
import type { AuthorizationServer } from 'oauth4webapi';
import { pushedAuthorizationRequest } from 'oauth4webapi';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { numberMember, readAnswer, stringMember } from './answer.ts';
import type { ClientKey } from './client-auth.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import type { Discovery } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { withProof } from './dpop.ts';
import { otherMethod } from './exchange-code.ts';
import { refusedBy, translateOAuthError } from './oauth-errors.ts';
import type { SavedClient } from './token-store.ts';

export interface PushInput {
  readonly server: string;
  readonly discovery: Discovery;
  readonly client: SavedClient;
  /** Of the authorization request; `client_id` among them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly dpop?: DpopKey | undefined;
  readonly key?: ClientKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PushedAuthorization {
  /** The authorization endpoint with the reference: what the human opens. */
  readonly url: string;
  /** How long that URL can be opened. */
  readonly expiresInMs: number;
  /** The client as it has to go on: the authentication method may have been corrected. */
  readonly client: SavedClient;
}

export type PushVerdict =
  | { readonly kind: 'pushed'; readonly requestUri: string; readonly expiresInMs: number }
  | { readonly kind: 'refused'; readonly error: string | undefined };

/** REQUIRED by the RFC; where it is missing all the same, a short one of those its section 2.2 speaks of. */
const defaultLifetimeMs = 60_000;
/** As long as a login may take: what lives longer need not be pushed again, and no timer waits for more than weeks. */
const maxLifetimeMs = 10 * 60_000;

/** RFC 9126 section 5. A server that offers it and does not insist gets the parameters in the URL, like all others. */
export function requiresPush({ require_pushed_authorization_requests }: AuthorizationServer): boolean {
  return require_pushed_authorization_requests === true;
}

/** Pure. Section 2.2 wants 201; 200 is common. */
export function judgePushedAnswer({ status, json }: Answer): PushVerdict {
  const requestUri = stringMember(json, 'request_uri');
  if ((status !== 201 && status !== 200) || requestUri === undefined) {
    return { kind: 'refused', error: stringMember(json, 'error') };
  }
  const seconds = numberMember(json, 'expires_in');
  const lifetimeMs = seconds === undefined ? defaultLifetimeMs : seconds * 1000;
  return { kind: 'pushed', requestUri, expiresInMs: Math.min(lifetimeMs, maxLifetimeMs) };
}

/** @throws GatewayError AUTH_FAILED */
export async function pushAuthorization(
  deps: { readonly fetch: FetchLike },
  input: PushInput,
): Promise<PushedAuthorization> {
  const { server, discovery } = input;
  const { as, issuer } = discovery;
  const endpoint = as.pushed_authorization_request_endpoint;
  if (endpoint === undefined) {
    const what = `the authorization server ${issuer} wants its requests pushed (RFC 9126) and names no endpoint for that`;
    const hint = 'Its pushed_authorization_request_endpoint is missing, or is no https URL; tell its operator.';
    throw new GatewayError('AUTH_FAILED', `server '${server}': ${what}`, { server, hint });
  }
  let { client } = input;
  let answer = await ask(deps.fetch, input, client, endpoint);
  let verdict = judgePushedAnswer(answer);
  const other =
    verdict.kind === 'refused' && verdict.error === 'invalid_client' ? otherMethod(discovery, client) : undefined;
  if (other) {
    client = other;
    answer = await ask(deps.fetch, input, client, endpoint);
    verdict = judgePushedAnswer(answer);
  }
  if (verdict.kind === 'refused') {
    const secrets = [client.client_secret];
    throw refusedBy(answer, { server, step: pushStep(endpoint), hint: `portico login ${server}`, secrets });
  }
  const url = new URL(as.authorization_endpoint ?? issuer);
  url.searchParams.set('client_id', client.client_id);
  url.searchParams.set('request_uri', verdict.requestUri);
  return { url: url.href, expiresInMs: verdict.expiresInMs, client };
}

async function ask(
  fetch: FetchLike,
  { server, discovery, parameters, dpop, key, signal }: PushInput,
  client: SavedClient,
  endpoint: string,
): Promise<Answer> {
  const auth = await clientAuthOf(server, client, key);
  try {
    const response = await withProof(fetch, dpop, (proving) => {
      const options = requestOptions(proving, endpoint, signal);
      return pushedAuthorizationRequest(discovery.as, clientOf(client), auth, parameters, options);
    });
    return await readAnswer(response);
  } catch (error) {
    throw translateOAuthError(error, { server, step: pushStep(endpoint), secrets: [client.client_secret] }, signal);
  }
}

function pushStep(endpoint: string): string {
  return `pushing the authorization request to ${endpoint}`;
}
