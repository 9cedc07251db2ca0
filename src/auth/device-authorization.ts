// Owns the request for a device code and the judgement of its answer (RFC 8628 sections 3.1 and 3.2); waits for nobody.
import type { AuthorizationServer } from 'oauth4webapi';
import { deviceAuthorizationRequest } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { numberMember, quoteForeign, readAnswer, stringMember } from './answer.ts';
import { requireOpenableUrl } from './browser.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import type { Discovery } from './discover.ts';
import type { EndpointContext } from './endpoint-rule.ts';
import { judgeEndpoint } from './endpoint-rule.ts';
import { translateOAuthError } from './oauth-errors.ts';
import type { SavedClient } from './token-store.ts';

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export interface DeviceAuthorization {
  /** A secret between us and the token endpoint. */
  readonly deviceCode: string;
  /** What the human compares or types in. */
  readonly userCode: string;
  /** What the human opens: the one that holds the code already, where there is one. */
  readonly url: string;
  readonly expiresInMs: number;
  readonly intervalMs: number;
}

export type DeviceVerdict =
  | { readonly kind: 'granted'; readonly authorization: DeviceAuthorization }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unusable'; readonly reason: string };

const defaultIntervalMs = 5000;
/** A server that names a shorter pause, or none, is asked no more often than this. */
const leastIntervalMs = 1000;
/** REQUIRED by the RFC, and missing in the field. */
const defaultLifetimeMs = 10 * 60_000;
/** RFC 8628 section 6.1 wants few letters; what a terminal could not show as it is, is no code. */
const userCodeForm = /^[\x21-\x7e](?:[\x20-\x7e]{0,30}[\x21-\x7e])?$/;

/** Whether the server lets this grant be used. No list of grants says nothing (its default of RFC 8414 is older than this grant). */
export function offersDeviceLogin({
  device_authorization_endpoint,
  grant_types_supported,
}: AuthorizationServer): boolean {
  if (device_authorization_endpoint === undefined) return false;
  return grant_types_supported === undefined || grant_types_supported.includes(deviceGrant);
}

/** Pure. The URLs go to a human's browser, so they obey the rule for endpoints and the one for what is opened. */
export function judgeDeviceAuthorization({ status, json }: Answer, context: EndpointContext): DeviceVerdict {
  // Some servers give an error with status 200, or with one of their own.
  const error = stringMember(json, 'error');
  if (error !== undefined) return { kind: 'refused', error };
  if (status !== 200 && status !== 201) return { kind: 'unusable', reason: `status ${status}` };
  const deviceCode = stringMember(json, 'device_code');
  const userCode = stringMember(json, 'user_code')?.trim();
  // `verification_url` is the name of the draft that Google's servers still answer by.
  const plain = stringMember(json, 'verification_uri') ?? stringMember(json, 'verification_url');
  const missing = { device_code: deviceCode, user_code: userCode, verification_uri: plain };
  const absent = Object.entries(missing).find(([, value]) => value === undefined)?.[0];
  if (deviceCode === undefined || userCode === undefined || plain === undefined) {
    return { kind: 'unusable', reason: `the answer holds no ${absent}` };
  }
  if (!userCodeForm.test(userCode)) return { kind: 'unusable', reason: 'the user_code cannot be shown' };
  const refused = refusalOf(plain, context);
  if (refused !== undefined) {
    return { kind: 'unusable', reason: `the verification_uri ${quoteForeign(plain)} ${refused}` };
  }
  const complete = stringMember(json, 'verification_uri_complete');
  const lifetime = numberMember(json, 'expires_in');
  const interval = numberMember(json, 'interval');
  return {
    kind: 'granted',
    authorization: {
      deviceCode,
      userCode,
      url: complete !== undefined && refusalOf(complete, context) === undefined ? complete : plain,
      expiresInMs: lifetime === undefined ? defaultLifetimeMs : lifetime * 1000,
      intervalMs: interval === undefined ? defaultIntervalMs : Math.max(interval * 1000, leastIntervalMs),
    },
  };
}

/** Why no human is sent there; undefined: one may be. */
function refusalOf(url: string, context: EndpointContext): string | undefined {
  const verdict = judgeEndpoint(url, context);
  if (verdict.kind === 'refused') return `is not opened: ${verdict.reason}`;
  try {
    requireOpenableUrl(url);
    return undefined;
  } catch {
    // Which of its rules was broken is of no use to anybody here.
    return 'is no URL that a browser may be sent to';
  }
}

/** @throws GatewayError AUTH_FAILED where no answer comes */
export async function askForDeviceCode(
  fetch: FetchLike,
  input: {
    readonly server: string;
    readonly discovery: Discovery;
    readonly client: SavedClient;
    readonly scope?: string | undefined;
    readonly settings: OAuthSettings;
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const { server, discovery, client, scope, settings, signal } = input;
  const { as, resource } = discovery;
  const endpoint = as.device_authorization_endpoint ?? discovery.issuer;
  const auth = await clientAuthOf(server, client, settings);
  const parameters = {
    ...settings.authorizationParams,
    ...(scope !== undefined && { scope }),
    ...(resource !== undefined && { resource }),
  };
  try {
    const options = requestOptions(fetch, endpoint, signal);
    return await readAnswer(await deviceAuthorizationRequest(as, clientOf(client), auth, parameters, options));
  } catch (error) {
    throw translateOAuthError(error, { server, step: deviceStep(discovery), secrets: [client.client_secret] }, signal);
  }
}

export function deviceStep({ as, issuer }: Discovery): string {
  return `the device login at ${as.device_authorization_endpoint ?? issuer}`;
}
