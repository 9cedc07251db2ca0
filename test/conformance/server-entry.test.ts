// What the gateway is told about a scenario's server: as little as a human would have to know.
import { describe, expect, it } from 'vitest';
import { serverEntry } from '../../conformance/server-entry.mjs';

const url = 'http://localhost:4000/mcp';
const client = { client_id: 'c', client_secret: 's' };
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const idp = {
  idp_client_id: 'i',
  idp_id_token: 'j',
  idp_issuer: 'https://idp',
  idp_token_endpoint: 'https://idp/token',
};

describe('the entry of a scenario’s server', () => {
  it.each([
    ['auth/metadata-default', {}, { clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' }],
    ['auth/pre-registration', client, { clientId: 'c', clientSecret: 's' }],
    ['auth/client-credentials-basic', client, { clientId: 'c', clientSecret: 's', grantType: 'client_credentials' }],
    [
      'auth/client-credentials-jwt',
      { client_id: 'c', private_key_pem: 'pem', signing_algorithm: 'ES256' },
      {
        clientId: 'c',
        grantType: 'client_credentials',
        privateKey: 'pem',
        signingAlg: 'ES256',
        tokenEndpointAuthMethod: 'private_key_jwt',
      },
    ],
    [
      'auth/wif-jwt-bearer',
      { client_id: 'c', valid_jwt: 'jwt', wrong_audience_jwt: 'w', expired_jwt: 'e' },
      { clientId: 'c', grantType: jwtBearer, assertion: 'jwt' },
    ],
    [
      'auth/enterprise-managed-authorization',
      { ...client, ...idp },
      {
        clientId: 'c',
        clientSecret: 's',
        grantType: jwtBearer,
        idp: { clientId: 'i', idToken: 'j', tokenEndpoint: 'https://idp/token' },
      },
    ],
  ])('of %s holds what its context gives', (scenario, context, oauth) => {
    const entry = serverEntry({ scenario, revision: '2026-07-28', url, context });
    expect(entry).toEqual({ type: 'http', url, oauth });
  });

  it('never says that tokens are bound to keys: the server’s challenge has to be enough', () => {
    expect(
      JSON.stringify(serverEntry({ scenario: 'auth/dpop', revision: '2026-07-28', url, context: {} })),
    ).not.toContain('dpop');
  });

  it('pins the revision only where each request is judged, and only the one without a handshake', () => {
    const entryOf = (scenario: string, revision: string) => serverEntry({ scenario, revision, url, context: {} });
    expect(entryOf('tools_call', '2025-11-25')).toEqual({ type: 'http', url });
    expect(entryOf('request-metadata', '2026-07-28')).toEqual({ type: 'http', url, protocol: '2026-07-28' });
  });
});
