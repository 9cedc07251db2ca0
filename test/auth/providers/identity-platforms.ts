// Owns the rows of platforms that are the authorization server of other people's MCP servers.
import { expect } from 'vitest';
import { noRegistration, type ProviderRow, type ProviderShape } from './provider-row.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const bigQuery = 'https://www.googleapis.com/auth/bigquery';

/** Scopes name the resource, the metadata says nothing of PKCE, and `resource` is no parameter of this platform. */
function entra(change: NonNullable<ProviderShape['authorization']> = {}): ProviderShape {
  const base = 'https://login.microsoftonline.com';
  return {
    url: 'https://crm.contoso.example/mcp',
    issuer: `${base}/${tenant}/v2.0`,
    authorization: {
      endpointPaths: { authorize: `/${tenant}/oauth2/v2.0/authorize`, token: `/${tenant}/oauth2/v2.0/token` },
      authMethods: ['client_secret_post', 'client_secret_basic'],
      metadataPlaces: ['openid-appended'],
      pkceListed: false,
      issParameter: false,
      resourceRule: 'scope',
      offlineAccessOnly: true,
      scopesSupported: ['openid', 'profile', 'email', 'offline_access', 'api://crm/tools.read'],
      scopesListed: ['openid', 'profile', 'email', 'offline_access'],
      faults: { registration: 'none' },
      ...change,
    },
    resource: { scopesSupported: ['api://crm/tools.read'], audience: { is: 'api://crm' } },
  };
}

const entraWire = {
  registrations: 0,
  method: 'client_secret_basic',
  scope: 'api://crm/tools.read offline_access',
} as const;

/** One login per realm; `scope` in a registration takes the realm's defaults away from the client. */
const keycloak: ProviderShape = {
  url: 'https://mcp.acme.example/mcp',
  issuer: 'https://sso.acme.example/realms/acme',
  authorization: {
    endpointPaths: {
      authorize: '/realms/acme/protocol/openid-connect/auth',
      token: '/realms/acme/protocol/openid-connect/token',
      register: '/realms/acme/clients-registrations/openid-connect',
    },
    metadataPlaces: ['openid-appended'],
    registrationScopes: 'binding',
    resourceRule: 'ignored',
  },
  resource: { audience: 'any' },
};

export const identityPlatforms: readonly ProviderRow[] = [
  {
    provider: 'Google',
    proves: 'A9, B15, B22',
    quirk:
      'publishes OpenID discovery only, wants a secret beside PKCE, and gives refresh tokens for access_type=offline',
    url: 'https://bigquery.googleapis.com/mcp',
    issuer: 'https://accounts.google.com',
    authorization: {
      endpointPaths: { authorize: '/o/oauth2/v2/auth', token: '/token' },
      metadataPlaces: ['openid-appended'],
      authMethods: ['client_secret_post', 'client_secret_basic'],
      accessTypeOnly: true,
      rotateRefreshTokens: false,
      resourceRule: 'ignored',
      scopesSupported: ['openid', 'email', 'profile', bigQuery],
      scopesListed: ['openid', 'email', 'profile'],
      faults: { registration: 'none' },
    },
    // The first 401 comes at the first call of a tool.
    resource: { scopesSupported: [bigQuery], audience: 'any', faults: { lazyAuth: true } },
    refused: [noRegistration, { configured: 'client id', at: 'end', message: [/invalid_client/], hint: [/./] }],
    app: 'client_secret_basic',
    wire: {
      registrations: 0,
      method: 'client_secret_basic',
      resource: 'https://bigquery.googleapis.com/mcp',
      // offline_access would be invalid_scope here.
      scope: bigQuery,
      authorize: { access_type: 'offline', prompt: 'consent' },
    },
  },
  {
    provider: 'Entra',
    proves: 'A9, B16',
    quirk: 'has no registration, lists no PKCE, refuses the resource (AADSTS9010010), and wants offline_access',
    ...entra(),
    refused: [
      noRegistration,
      {
        configured: 'app',
        at: 'end',
        message: [/invalid_target.*doesn't match with the requested scopes/],
        hint: [/oauth\.resource.*false/],
      },
    ],
    app: 'client_secret_basic',
    oauth: { resource: false },
    wire: { ...entraWire, resource: undefined, authorize: { access_type: undefined } },
  },
  {
    provider: 'Entra with the App ID URI',
    proves: 'B16',
    quirk: 'takes the resource that its scopes name',
    ...entra(),
    refused: [noRegistration],
    app: 'client_secret_basic',
    oauth: { resource: 'api://crm' },
    wire: { ...entraWire, resource: 'api://crm' },
  },
  {
    provider: 'Entra for any tenant',
    proves: 'B16',
    quirk: 'writes a placeholder into its issuer',
    ...entra({ statedIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
    refused: [
      {
        at: 'start',
        message: [/issuer "https:\/\/login\.microsoftonline\.com\/\{tenantid\}\/v2\.0" instead of/],
        hint: [/oauth\.issuer.*\{tenantid\}/],
      },
    ],
    app: 'client_secret_basic',
    oauth: { resource: false, issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' },
    wire: { ...entraWire, resource: undefined },
  },
  {
    provider: 'Okta',
    proves: 'B15, B17, B20',
    quirk: 'has issuers with paths, their metadata appended, and registers nobody without an initial token',
    url: 'https://mcp.acme.example/mcp',
    issuer: 'https://acme.okta.com/oauth2/default',
    authorization: {
      endpointPaths: {
        authorize: '/oauth2/default/v1/authorize',
        token: '/oauth2/default/v1/token',
        register: '/oauth2/v1/clients',
      },
      metadataPlaces: ['oauth-appended', 'openid-appended'],
      resourceRule: 'ignored',
      offlineAccessOnly: true,
      faults: { registration: '401-initial-token' },
    },
    resource: { audience: 'any' },
    refused: [{ at: 'start', message: [/status 401.*initial access token/], hint: [/oauth\.clientId/] }],
    app: 'none',
    wire: {
      registrations: 0,
      method: 'none',
      resource: 'https://mcp.acme.example/mcp',
      scope: 'tools offline_access',
    },
  },
  {
    provider: 'Auth0',
    proves: 'A2, B16',
    quirk: 'wants an audience, ignores the resource, ends its issuer with a slash, and rotates without leeway',
    url: 'https://mcp.acme.example/mcp',
    issuer: 'https://acme.eu.auth0.com',
    authorization: { statedIssuer: 'https://acme.eu.auth0.com/', resourceRule: 'audience' },
    resource: { audience: { is: 'https://crm-api' } },
    refused: [
      {
        at: 'end',
        message: [/answered 401 to the token it had just been given.*The token is for nobody/],
        hint: [/audience/],
      },
    ],
    oauth: { authorizationParams: { audience: 'https://crm-api' } },
    wire: {
      registrations: 1,
      method: 'none',
      resource: 'https://mcp.acme.example/mcp',
      scope: 'tools offline_access',
      authorize: { audience: 'https://crm-api' },
    },
    async after(stage) {
      // It says that a refresh token is spent with status 403.
      stage.as.faults.token = '403-invalid_grant';
      stage.expire();
      const entry = await stage.entry({ authorizationParams: { audience: 'https://crm-api' } });
      await stage.challengeOf(stage.process(), entry);
    },
  },
  {
    provider: 'Keycloak with trusted hosts',
    proves: 'B20',
    quirk: 'refuses registrations of unknown hosts',
    ...keycloak,
    authorization: { ...keycloak.authorization, faults: { registration: '403-json' } },
    refused: [{ at: 'start', message: [/status 403.*Trusted Hosts/], hint: [/oauth\.clientId/] }],
    app: 'none',
    wire: { registrations: 0, method: 'none', resource: keycloak.url, scope: 'tools offline_access' },
  },
  {
    provider: 'Keycloak',
    proves: 'B20',
    quirk: 'keeps a client to the scopes that it registered with',
    ...keycloak,
    wire: { registrations: 1, method: 'none', resource: keycloak.url, scope: 'tools offline_access' },
    async after(stage) {
      expect(stage.asked('register')[0]?.json).not.toHaveProperty('scope');
    },
  },
  {
    provider: 'Cognito',
    proves: 'B17',
    quirk: 'answers 400 on unknown paths, lists no PKCE, does not rotate, and knows no resource',
    url: 'https://mcp.acme.example/mcp',
    issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example',
    authorization: {
      metadataPlaces: ['openid-appended'],
      pkceListed: false,
      rotateRefreshTokens: false,
      resourceRule: 'ignored',
      scopesSupported: ['tools'],
      faults: { registration: 'none', unknownPaths: '400' },
    },
    resource: { audience: 'any', faults: { challenge: 'none', metadata: 'root' } },
    refused: [noRegistration],
    app: 'client_secret_basic',
    wire: {
      registrations: 0,
      method: 'client_secret_basic',
      resource: 'https://mcp.acme.example/mcp',
      scope: 'tools',
    },
  },
];
