// Owns the road of the device code (RFC 8628): a code and a URL for the human, who needs no way back to this machine.
import { randomInt } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { redirectUriOf } from './callback-server.ts';
import { chooseClient } from './choose-client.ts';
import type { DeviceAuthorization } from './device-authorization.ts';
import { askForDeviceCode, deviceGrant, deviceStep, judgeDeviceAuthorization } from './device-authorization.ts';
import type { PollingInput, PollVerdict } from './device-polling.ts';
import { endOf, pollForTokens, pollOnce } from './device-polling.ts';
import { exchangedOf } from './exchange-code.ts';
import { noCallbackError } from './joined-login.ts';
import type { Departure, LoginDeps, LoginInput, LoginRoad } from './login-road.ts';
import { refusedBy } from './oauth-errors.ts';
import type { SavedClient } from './token-store.ts';

/** The client may not use this grant, or is not known any more: another registration may do better. */
const clientErrors: readonly (string | undefined)[] = [
  'unauthorized_client',
  'invalid_client',
  'unsupported_grant_type',
];

type Opening =
  | {
      readonly kind: 'open';
      readonly authorization: DeviceAuthorization;
      readonly polling: PollingInput;
      readonly first: PollVerdict;
    }
  | { readonly kind: 'client_refused'; readonly error: GatewayError };

/** Goes as far as the code, and knows by then that the token endpoint takes this client for it. @throws GatewayError AUTH_FAILED */
export async function openDeviceRoad(deps: LoginDeps, input: LoginInput, from: Departure): Promise<LoginRoad> {
  const { discovery, saved } = from;
  const server = input.entry.name;
  if (discovery.as.device_authorization_endpoint === undefined) throw noEndpointError(server, discovery.issuer);
  const wishes = { discovery, saved, redirectUri: redirectUriToRegister(input, from), grantTypes: [deviceGrant] };
  let client = await chooseClient(deps, input, wishes);
  let opening = await open(deps, input, from, client);
  // Registered for another grant, or long ago; or a metadata document that this server does not take.
  const isOld = client.registered_at !== undefined && client.client_id === saved?.client.client_id;
  const isDocument = client.registered_at === undefined && input.settings.clientId === undefined;
  const mayRegister = discovery.as.registration_endpoint !== undefined;
  if (opening.kind === 'client_refused' && (isOld || (isDocument && mayRegister))) {
    client = await chooseClient(deps, { ...input, freshClient: true, distrustedClientId: client.client_id }, wishes);
    opening = await open(deps, input, from, client);
  }
  if (opening.kind === 'client_refused') throw opening.error;
  const { authorization, polling, first } = opening;
  return {
    loginUrl: authorization.url,
    userCode: authorization.userCode,
    client,
    expiresAt: polling.expiresAt,
    deliver: () => {
      throw noCallbackError(server, authorization.userCode);
    },
    async obtain() {
      const verdict = await pollForTokens(deps, polling, first);
      return await exchangedOf(deps, { verdict, client, discovery, dpop: from.dpop, signal: input.signal });
    },
    clientIsKnown: () => true,
    answer: async () => undefined,
    release: async () => undefined,
  };
}

async function open(deps: LoginDeps, input: LoginInput, from: Departure, client: SavedClient): Promise<Opening> {
  const { entry, settings, signal } = input;
  const { discovery, scope, dpop } = from;
  const server = entry.name;
  const askedAt = deps.now();
  const answer = await askForDeviceCode(deps.fetch, { server, discovery, client, scope, settings, signal });
  const verdict = judgeDeviceAuthorization(answer, { serverUrl: entry.url, issuer: settings.issuer });
  const failure = {
    server,
    step: deviceStep(discovery),
    hint: `portico login ${server}`,
    secrets: [client.client_secret],
  };
  if (verdict.kind === 'refused') {
    const error = refusedBy(answer, failure);
    if (clientErrors.includes(verdict.error)) return { kind: 'client_refused', error };
    throw error;
  }
  if (verdict.kind === 'unusable') {
    // The text holds a device code where it is half understood: it is not quoted.
    throw new GatewayError('AUTH_FAILED', `server '${server}': ${failure.step} failed: ${verdict.reason}`, failure);
  }
  const { authorization } = verdict;
  const expiresAt = Math.min(input.expiresAt, askedAt + authorization.expiresInMs);
  const polling = { server, discovery, client, authorization, scope, dpop, settings, expiresAt, signal };
  // Once before anything is shown: some servers give a code to clients whose token requests they refuse.
  const first = await pollOnce(deps, polling);
  if (first.kind === 'refused') {
    const error = endOf(first, polling);
    if (clientErrors.includes(first.error)) return { kind: 'client_refused', error };
    throw error;
  }
  return { kind: 'open', authorization, polling, first };
}

/**
 * No callback comes, and yet a registration is for both roads: the one that is there, or a port that a later login in a
 * browser tries first.
 */
function redirectUriToRegister({ settings }: LoginInput, { discovery, saved }: Departure): string {
  if (settings.redirectUri !== undefined) return settings.redirectUri;
  const registered = saved?.issuer === discovery.issuer ? saved.client.redirect_uri : undefined;
  if (settings.callbackPort === undefined && registered !== undefined) return registered;
  // RFC 6335 section 6: the dynamic ports.
  return redirectUriOf(settings.callbackHost, settings.callbackPort ?? randomInt(49_152, 65_536));
}

function noEndpointError(server: string, issuer: string): GatewayError {
  return new GatewayError(
    'AUTH_FAILED',
    `server '${server}': the authorization server ${issuer} offers no device login`,
    {
      server,
      hint: 'Leave out oauth.grantType: the login in a browser can be finished by pasting its callback URL.',
    },
  );
}
