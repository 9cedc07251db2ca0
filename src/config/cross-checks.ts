// Owns the rules between several keys of one entry; knows nothing of single values.
import { isAuthorization } from './entry-defaults.ts';
import type { IssueList } from './issue-list.ts';
import type { RawOAuth } from './oauth-schema.ts';

/** Parameters of the authorization request that the login itself sets: another value would break or weaken it. */
const ownParams: Readonly<Record<string, string>> = {
  response_type: '',
  client_id: 'write oauth.clientId',
  redirect_uri: 'write oauth.redirectUri or oauth.callbackPort',
  state: '',
  code_challenge: '',
  code_challenge_method: '',
  scope: 'write oauth.scope',
  resource: 'write oauth.resource',
};

/** Whether there is a static Authorization header; with an `oauth` block it is dropped, and that is said. */
export function checkHeaders(headers: Readonly<Record<string, string>>, hasOAuth: boolean, issues: IssueList): boolean {
  const seen = new Set<string>();
  let authorization: string | undefined;
  for (const name of Object.keys(headers)) {
    if (seen.has(name.toLowerCase())) {
      const hint = 'names of headers are the same in every case: keep one';
      issues.error({ path: ['headers', name], message: `headers.${name} stands there twice`, hint, atKey: true });
    }
    seen.add(name.toLowerCase());
    if (isAuthorization(name)) authorization = name;
  }
  if (authorization !== undefined && hasOAuth) {
    issues.warning({
      path: ['headers', authorization],
      message: `headers.${authorization} is not sent, because oauth is given`,
      hint: 'remove the header, or remove oauth',
      atKey: true,
    });
  }
  return authorization !== undefined;
}

export function checkOAuth(oauth: RawOAuth, issues: IssueList): void {
  checkClient(oauth, issues);
  checkGrant(oauth, issues);
  for (const name of Object.keys(oauth.authorizationParams ?? {})) {
    if (!Object.hasOwn(ownParams, name)) continue;
    const hint = ownParams[name] || 'leave it out';
    const message = `oauth.authorizationParams.${name} is set by the login itself`;
    issues.error({ path: ['oauth', 'authorizationParams', name], message, hint, atKey: true });
  }
}

function checkClient(oauth: RawOAuth, issues: IssueList): void {
  if (oauth.clientSecret !== undefined && oauth.clientId === undefined) {
    const hint = 'write the oauth.clientId that the secret belongs to';
    issues.error({
      path: ['oauth', 'clientSecret'],
      message: 'oauth.clientSecret is given without oauth.clientId',
      hint,
    });
  }
  const method = oauth.tokenEndpointAuthMethod;
  const needsSecret = method === 'client_secret_basic' || method === 'client_secret_post';
  if (needsSecret && oauth.clientSecret === undefined) {
    const message = `oauth.tokenEndpointAuthMethod "${method}" needs oauth.clientSecret`;
    issues.error({ path: ['oauth', 'tokenEndpointAuthMethod'], message, hint: `write oauth.clientSecret: "\${VAR}"` });
  }
  if (method === 'private_key_jwt' && oauth.privateKey === undefined) {
    const message = 'oauth.tokenEndpointAuthMethod "private_key_jwt" needs oauth.privateKey';
    issues.error({ path: ['oauth', 'tokenEndpointAuthMethod'], message, hint: 'write oauth.privateKey' });
  }
}

function checkGrant(oauth: RawOAuth, issues: IssueList): void {
  const path = ['oauth', 'grantType'];
  const jwtBearer = oauth.grantType === 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  if (
    oauth.grantType === 'client_credentials' &&
    oauth.clientId === undefined &&
    oauth.clientMetadataUrl === undefined
  ) {
    const message = 'oauth.grantType "client_credentials" needs oauth.clientId';
    issues.error({ path, message, hint: 'write oauth.clientId, and oauth.clientSecret or oauth.privateKey' });
  }
  if (jwtBearer && oauth.assertion === undefined && oauth.idp === undefined) {
    const message = 'oauth.grantType jwt-bearer needs oauth.assertion or oauth.idp';
    issues.error({ path, message, hint: 'write oauth.assertion or oauth.idp' });
  }
  for (const key of ['assertion', 'idp'] as const) {
    if (oauth[key] === undefined || jwtBearer) continue;
    const message = `oauth.${key} has no effect without oauth.grantType jwt-bearer`;
    issues.warning({ path: ['oauth', key], message, atKey: true });
  }
}
