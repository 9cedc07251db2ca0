// Owns the metadata of an authorization server (RFC 8414, OpenID Connect Discovery): where it may lie, and whether it can be used.
import type { AuthorizationServer } from 'oauth4webapi';
import type { GrantType } from '../config/server-entry.ts';
import type { Answer } from './answer.ts';
import { quoteForeign, stringMember, stringsMember } from './answer.ts';
import type { EndpointContext } from './endpoint-rule.ts';
import { judgeEndpoint, oddCharacters } from './endpoint-rule.ts';

export type MetadataVerdict =
  | { readonly kind: 'usable'; readonly as: AuthorizationServer }
  /** It names another issuer: it may be another server's metadata (RFC 8414 section 3.3, mix-up). */
  | { readonly kind: 'foreign'; readonly issuer: string }
  | { readonly kind: 'unusable'; readonly reason: number | string };

const oauthName = '.well-known/oauth-authorization-server';
const oidcName = '.well-known/openid-configuration';

/**
 * Where servers really publish, in order: RFC 8414 section 3.1 (inserted), OIDC inserted, OIDC Discovery section 4.1
 * (appended), RFC 8414 appended, and both at the root. oauth4webapi builds the first and the third only, so the list is ours.
 */
export function serverMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const urls = [
    `${origin}/${oauthName}${path}`,
    `${origin}/${oidcName}${path}`,
    `${origin}${path}/${oidcName}`,
    `${origin}${path}/${oauthName}`,
    `${origin}/${oauthName}`,
    `${origin}/${oidcName}`,
  ];
  return [...new Set(urls)];
}

export function judgeMetadataAnswer(
  answer: Answer,
  expected: { readonly issuer: string; readonly grantType: GrantType; readonly context: EndpointContext },
): MetadataVerdict {
  const { status, json } = answer;
  if (status !== 200) return { kind: 'unusable', reason: status };
  if (!json) return { kind: 'unusable', reason: `200, but no JSON object: ${quoteForeign(answer.text.slice(0, 80))}` };
  const issuer = stringMember(json, 'issuer');
  if (issuer === undefined) return { kind: 'unusable', reason: '200, but no issuer' };
  // As oauth4webapi compares: the same URL, where a bare origin may or may not end with a slash.
  if (!URL.canParse(issuer) || new URL(issuer).href !== new URL(expected.issuer).href)
    return { kind: 'foreign', issuer };
  if (oddCharacters.test(issuer)) return { kind: 'unusable', reason: '200, but its issuer is no URL as it stands' };
  const needed =
    expected.grantType === 'authorization_code' ? [...alwaysNeeded, 'authorization_endpoint'] : alwaysNeeded;
  for (const name of needed) {
    const verdict = judgeEndpoint(json[name], expected.context);
    if (verdict.kind === 'refused') {
      const value = stringMember(json, name);
      const shown = value === undefined ? name : `${name} ${quoteForeign(value)}`;
      return { kind: 'unusable', reason: `200, but its ${shown}: ${verdict.reason}` };
    }
  }
  return { kind: 'usable', as: pickMetadata(json, issuer, expected.context) };
}

/** The endpoints of MCP revision 2025-03-26 for a server that publishes no metadata. */
export function defaultMetadata(origin: string): AuthorizationServer {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    // Nothing is known, and the clients of that revision were public ones.
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
  };
}

const alwaysNeeded: readonly string[] = ['token_endpoint'];

const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
] as const;

const listNames = [
  'scopes_supported',
  'response_types_supported',
  'grant_types_supported',
  'token_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_methods_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'dpop_signing_alg_values_supported',
] as const;

const flagNames = [
  'authorization_response_iss_parameter_supported',
  'client_id_metadata_document_supported',
  'require_pushed_authorization_requests',
] as const;

/** The members this client uses, each of the type it must have; an optional endpoint that may not be asked counts as absent. */
function pickMetadata(
  json: Readonly<Record<string, unknown>>,
  issuer: string,
  context: EndpointContext,
): AuthorizationServer {
  const picked: Record<string, string | string[] | boolean> = {};
  for (const name of endpointNames) {
    const url = stringMember(json, name);
    if (url !== undefined && judgeEndpoint(url, context).kind === 'allowed') picked[name] = url;
  }
  for (const name of listNames) {
    const list = stringsMember(json, name);
    if (list) picked[name] = [...list];
  }
  for (const name of flagNames) {
    if (typeof json[name] === 'boolean') picked[name] = json[name];
  }
  return { ...picked, issuer };
}
