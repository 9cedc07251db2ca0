// Owns the doctor's step "authorization": what a login would ask for, and where each part comes from. Pure.
import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuthSettings } from '../../config/server-entry.ts';
import type { AuthChallenge } from '../../errors.ts';
import { chooseScope } from '../authorize.ts';
import type { Discovery } from '../discover.ts';
import { isMachineGrant } from '../machine-grant.ts';
import type { DoctorStep, Finding } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, oauthLine } from './text.ts';

export interface AuthorizationTrace {
  readonly discovery: Discovery;
  readonly settings: OAuthSettings;
  readonly challenge: AuthChallenge;
  /** Whether the resource metadata named the resource. */
  readonly resourceIsPublished: boolean;
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export function judgeAuthorization(trace: AuthorizationTrace): DoctorStep {
  const { discovery, settings, challenge } = trace;
  const { as, scopesSupported, resource } = discovery;
  // `offline_access` is a matter of humans' logins: grants without one do not see the list.
  const { scopes_supported: _scopes, ...machineAs } = as;
  const scope = chooseScope({ settings, challenge, scopesSupported, as: isMachineGrant(settings) ? machineAs : as });
  const facts = {
    grant_type: settings.grantType,
    grant_types_supported: as.grant_types_supported ?? null,
    scope: scope ?? null,
    scope_from: scopeSource(trace),
    resource: resource ?? null,
    resource_from: resourceSource(trace),
    pkce: pkceOf(as),
    iss_parameter: as.authorization_response_iss_parameter_supported === true,
    pushed_authorization: pushedOf(as),
    device_authorization: as.device_authorization_endpoint !== undefined,
    dpop: dpopOf(trace),
    refresh_token: refreshOf(as),
    revocation: as.revocation_endpoint !== undefined,
    extra_parameters: Object.keys(settings.authorizationParams),
  };
  const asks = scope === undefined ? 'asks for no scope' : `asks for the scope ${foreign(scope)}`;
  const sends = resource === undefined ? 'sends no resource' : `resource ${foreign(resource)}`;
  return stepOf('authorization', { summary: `${asks}, ${sends}`, facts }, findings(trace, scope));
}

function scopeSource({ settings, challenge, discovery }: AuthorizationTrace): string {
  if (settings.scope !== undefined) return 'config';
  if (challenge.scope !== undefined) return 'challenge';
  return discovery.scopesSupported?.length ? 'resource metadata' : 'nowhere';
}

function resourceSource({ settings, discovery, resourceIsPublished }: AuthorizationTrace): string {
  if (settings.resource !== undefined) return 'config';
  if (discovery.resource === undefined) return 'nowhere';
  return resourceIsPublished ? 'resource metadata' : 'url of the config';
}

function pkceOf({ code_challenge_methods_supported: methods }: AuthorizationServer): string {
  if (methods === undefined) return 'S256 (the server lists no methods)';
  return methods.includes('S256') ? 'S256' : 'not with S256';
}

function pushedOf(as: AuthorizationServer): string {
  if (as.require_pushed_authorization_requests === true) return 'required';
  return as.pushed_authorization_request_endpoint === undefined ? 'no' : 'offered';
}

function dpopOf({ settings, challenge, discovery }: AuthorizationTrace): string {
  if (discovery.dpopRequired || challenge.dpop) return 'required';
  if (settings.dpop) return 'config';
  return discovery.as.dpop_signing_alg_values_supported === undefined ? 'no' : 'offered';
}

function refreshOf({ grant_types_supported: grants }: AuthorizationServer): string {
  if (grants === undefined) return 'the server does not say';
  return grants.includes('refresh_token') ? 'offered' : 'not listed';
}

function findings(trace: AuthorizationTrace, scope: string | undefined): readonly Finding[] {
  return [...grantFindings(trace), ...scopeFindings(trace, scope)];
}

function grantFindings({ discovery, settings }: AuthorizationTrace): readonly Finding[] {
  const { as } = discovery;
  const { grantType } = settings;
  const methods = as.code_challenge_methods_supported;
  const found: Finding[] = [];
  // The same rule as at the beginning of a login: no list at all says nothing.
  if (grantType === 'authorization_code' && methods && !methods.includes('S256')) {
    found.push({
      status: 'failed',
      summary: `the authorization server offers no PKCE with S256, only ${foreign(methods.join(', ') || 'none')}`,
      requirement: requirements.pkce,
      fix: { explanation: 'Its operator must switch S256 on. Until then, use a token in an Authorization header.' },
    });
  }
  const mustPush = as.require_pushed_authorization_requests === true;
  if (grantType === 'authorization_code' && mustPush && as.pushed_authorization_request_endpoint === undefined) {
    found.push({
      status: 'failed',
      summary: 'the server wants authorization requests pushed, and names no endpoint for that which may be asked',
      requirement: requirements.pushed,
      fix: { explanation: 'Its operator must publish pushed_authorization_request_endpoint with https.' },
    });
  }
  if (grantType === deviceGrant && as.device_authorization_endpoint === undefined) {
    found.push({
      status: 'failed',
      summary: 'the config asks for the device grant, and the server names no device_authorization_endpoint',
      requirement: requirements.deviceEndpoint,
      fix: { explanation: 'Take oauth.grantType away to log in with a browser.' },
    });
  }
  const listed = as.grant_types_supported;
  if (listed && !listed.includes(grantType)) {
    found.push({
      status: 'warning',
      summary: `the server does not list the grant ${grantType}`,
      requirement: requirements.grantTypes,
      fix: { explanation: `It lists ${foreign(listed.slice(0, 10).join(', '))}.` },
    });
  }
  return found;
}

function scopeFindings({ discovery, settings }: AuthorizationTrace, scope: string | undefined): readonly Finding[] {
  const { as, scopesSupported, resource } = discovery;
  const found: Finding[] = [];
  const known = [...(as.scopes_supported ?? []), ...(scopesSupported ?? [])];
  const unknown = (settings.scope ?? '').split(/\s+/).filter((word) => word !== '' && !known.includes(word));
  if (as.scopes_supported && unknown.length > 0) {
    found.push({
      status: 'warning',
      summary: `oauth.scope holds ${foreign(unknown.join(' '))}, which the server does not list`,
      requirement: requirements.scopes,
      fix: { explanation: `It lists ${foreign(known.slice(0, 20).join(' '))}. A list may be incomplete.` },
    });
  }
  const owner = ownerOf(scope);
  if (resource !== undefined && owner !== undefined && !sameOwner(owner, resource)) {
    found.push({
      status: 'warning',
      summary: `the scopes belong to ${foreign(owner)}, the resource sent is ${foreign(resource)}`,
      requirement: requirements.target,
      fix: {
        ...oauthLine({ resource: false }),
        explanation: `Servers such as Entra refuse that pair (AADSTS9010010). If the login page does, send none, or the owner of the scopes with oauth.resource.`,
      },
    });
  }
  return found;
}

/** `api://crm` of `api://crm/read`: scopes that are URIs name the API that they are for. */
function ownerOf(scope: string | undefined): string | undefined {
  const [first] = (scope?.split(' ') ?? []).filter((word) => /^(?:api|https):\/\/[^/]+\/.+/.test(word));
  return first?.slice(0, first.lastIndexOf('/'));
}

function sameOwner(owner: string, resource: string): boolean {
  return resource === owner || resource.startsWith(`${owner}/`) || hostOf(owner) === hostOf(resource);
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) && url.startsWith('https:') ? new URL(url).host : url;
}
