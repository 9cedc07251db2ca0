// Owns the doctor's step "client": how this client would become known to the authorization server, without registering. Pure.
import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuthSettings } from '../../config/server-entry.ts';
import { redirectUriOf } from '../callback-server.ts';
import { belongsElsewhere } from '../client-binding.ts';
import { configuredClient } from '../configured-client.ts';
import { isMachineGrant } from '../machine-grant.ts';
import type { LoginRecord, SavedClient } from '../token-store.ts';
import type { DoctorStep, Finding } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, oauthLine, showUrl } from './text.ts';

export interface ClientTrace {
  readonly as: AuthorizationServer;
  readonly settings: OAuthSettings;
  readonly saved: LoginRecord | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The client of the last login, which nobody finished: the next one does not use it again. */
  readonly distrustedClientId?: string | undefined;
}

/** The port that the doctor proposes where one must be registered. Any free one will do. */
const proposedPort = 33_418;

export function judgeClient(trace: ClientTrace): DoctorStep {
  const { as, settings } = trace;
  const redirectUri = redirectToRegister(settings);
  const configured = configuredClient(settings, { as }, redirectUri);
  const registered = savedRegistration(trace);
  const way = wayOf(trace, configured, registered);
  const saved = way === 'registered_before' ? registered : undefined;
  const methods = as.token_endpoint_auth_methods_supported;
  const client = saved ?? configured;
  const suspected = way === 'configured' ? undefined : suspectedClientId(trace, configured);
  const facts = {
    way,
    client_id: client?.client_id ?? null,
    redirect_uri: way === 'none' ? redirectUri : (saved?.redirect_uri ?? anyPort(redirectUri, settings)),
    redirect_port_is_fixed: settings.callbackPort !== undefined || settings.redirectUri !== undefined,
    auth_method: client?.token_endpoint_auth_method ?? null,
    auth_methods_supported: methods ?? null,
    suspected_client_id: suspected ?? null,
    metadata_document_supported: as['client_id_metadata_document_supported'] === true,
    registration_endpoint: as.registration_endpoint === undefined ? null : showUrl(as.registration_endpoint),
  };
  const summary = suspected === undefined ? summaries[way] : `${summaries[way]}; ${suspicion(suspected)}`;
  return stepOf('client', { summary, facts }, findings(trace, way, configured, redirectUri));
}

const summaries = {
  configured: 'the client of the config',
  metadata_document: 'the client ID metadata document of the config',
  registered_before: 'the client that was registered before',
  dynamic_registration: 'registers itself (not tried here: that would leave a client behind)',
  none: 'there is no way in',
} as const;

type Way = keyof typeof summaries;

function wayOf(trace: ClientTrace, configured: SavedClient | undefined, saved: SavedClient | undefined): Way {
  const { as, settings } = trace;
  if (settings.clientId !== undefined) return 'configured';
  if (configured && !isRefused(configured, saved, trace)) return 'metadata_document';
  // There is no human to approve a client that nobody knows yet.
  if (isMachineGrant(settings)) return 'none';
  if (saved) return 'registered_before';
  return as.registration_endpoint === undefined ? 'none' : 'dynamic_registration';
}

/** As choose-client.ts has it: registration is the other way in, where the metadata document was not taken. */
function isRefused(
  { client_id: document }: SavedClient,
  saved: SavedClient | undefined,
  { as, distrustedClientId }: ClientTrace,
): boolean {
  if (saved?.refused_document === document) return true;
  return document === distrustedClientId && as.registration_endpoint !== undefined;
}

function savedRegistration({ as, saved, now, distrustedClientId }: ClientTrace): SavedClient | undefined {
  if (saved?.issuer !== as.issuer || saved.client.registered_at === undefined) return undefined;
  if (saved.client.client_id === distrustedClientId) return undefined;
  // RFC 7591 section 3.2.1: 0 means never.
  const secretEndsAt = (saved.client.client_secret_expires_at ?? 0) * 1000;
  return secretEndsAt !== 0 && secretEndsAt <= now ? undefined : saved.client;
}

/** As choose-client.ts has it: what the last login used, which nobody finished, is passed over where there is another way. */
function suspectedClientId(
  { as, saved, distrustedClientId }: ClientTrace,
  configured: SavedClient | undefined,
): string | undefined {
  if (distrustedClientId === undefined) return undefined;
  const isRegistered = saved?.issuer === as.issuer && saved.client.registered_at !== undefined;
  const known = [isRegistered ? saved.client.client_id : undefined, configured?.client_id];
  const isPassedOver = as.registration_endpoint !== undefined || distrustedClientId === known[0];
  return isPassedOver && known.includes(distrustedClientId) ? distrustedClientId : undefined;
}

function suspicion(clientId: string): string {
  return `${foreign(clientId)} is not used again, since the last login with it was not finished`;
}

function redirectToRegister({ redirectUri, callbackHost, callbackPort }: OAuthSettings): string {
  return redirectUri ?? redirectUriOf(callbackHost, callbackPort ?? proposedPort);
}

/** `*` where the port is whichever is free at the login. */
function anyPort(redirectUri: string, { callbackPort, redirectUri: configured }: OAuthSettings): string {
  const isFixed = callbackPort !== undefined || configured !== undefined;
  return isFixed ? redirectUri : redirectUri.replace(`:${proposedPort}/`, ':*/');
}

function findings(
  { as, settings, saved }: ClientTrace,
  way: Way,
  configured: SavedClient | undefined,
  redirectUri: string,
): readonly Finding[] {
  if (way === 'none') return [noWayIn(as, settings, redirectUri)];
  if (way !== 'configured' || !configured) return [];
  if (belongsElsewhere({ settings, issuer: as.issuer, saved })) return [otherIssuer(as.issuer)];
  const listed = as.token_endpoint_auth_methods_supported;
  const method = configured.token_endpoint_auth_method;
  if (listed === undefined || listed.includes(method)) return [];
  if (method === 'none') {
    const explanation = 'The server wants a secret even with PKCE: write the one that belongs to oauth.clientId.';
    return [
      {
        status: 'warning',
        summary: 'the config has no client secret, and the server lists no client without one',
        requirement: requirements.authMethods,
        fix: { ...oauthLine({ clientSecret: `\${CLIENT_SECRET}` }), explanation },
      },
    ];
  }
  const [other] = listed.filter((one) => one === 'client_secret_basic' || one === 'client_secret_post');
  return [
    {
      status: 'warning',
      summary: `the client would authenticate by ${method}, which the server does not list`,
      requirement: requirements.authMethods,
      fix: {
        ...(other !== undefined && oauthLine({ tokenEndpointAuthMethod: other })),
        explanation: `It lists ${listed.slice(0, 10).join(', ')}.`,
      },
    },
  ];
}

function otherIssuer(issuer: string): Finding {
  return {
    status: 'failed',
    summary: 'the client of the config was used at another authorization server than the one that is named now',
    requirement: requirements.clientBinding,
    fix: {
      ...oauthLine({ issuer }),
      explanation: 'Only where you trust the new one, and the app is registered there.',
    },
  };
}

const noMachineClient: Finding = {
  status: 'failed',
  summary: 'oauth.grantType needs a client that is registered, and the config names none',
  requirement: requirements.registration,
  fix: {
    ...oauthLine({ clientId: '…', clientSecret: `\${CLIENT_SECRET}` }),
    explanation:
      'Register a client for machines with that vendor, and write its id, and its secret or oauth.privateKey.',
  },
};

function noWayIn(as: AuthorizationServer, settings: OAuthSettings, redirectUri: string): Finding {
  const listed = as.token_endpoint_auth_methods_supported;
  const mayBePublic = listed === undefined || listed.includes('none');
  const fixedPort = settings.redirectUri === undefined ? { callbackPort: settings.callbackPort ?? proposedPort } : {};
  const members = {
    clientId: '…',
    ...(!mayBePublic && { clientSecret: `\${CLIENT_SECRET}` }),
    ...fixedPort,
  };
  const secret = mayBePublic ? ' (and oauth.clientSecret, if it gives one)' : '';
  if (isMachineGrant(settings)) return noMachineClient;
  const document =
    as['client_id_metadata_document_supported'] === true
      ? ' Or host a client ID metadata document and name it with oauth.clientMetadataUrl: this server takes those.'
      : '';
  return {
    status: 'failed',
    summary: 'the authorization server does not let clients register themselves, and the config names none',
    requirement: requirements.registration,
    fix: {
      ...oauthLine(members),
      explanation: `Register an app with that vendor, with the redirect URI ${redirectUri}, and write its id${secret}.${document}`,
    },
  };
}
