// Owns what is written into `.mcp.json` for a scenario: its URL, and what a human would have been given beforehand.
// Pure; must not say how a login is to run where the server itself says it.

/** What the suite's clients name where a server takes a Client ID Metadata Document. Nothing is served there. */
const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';

/** The first revision without a handshake. */
const modern = '2026-07-28';

/** @typedef {Readonly<Record<string, string>>} Context what the suite hands to the client besides the URL */

/** @type {Readonly<Record<string, (context: Context) => object>>} */
const given = {
  'auth/pre-registration': clientOf,
  'auth/client-credentials-basic': (context) => ({ ...clientOf(context), grantType: 'client_credentials' }),
  'auth/client-credentials-jwt': ({ client_id, private_key_pem, signing_algorithm }) => ({
    clientId: client_id,
    grantType: 'client_credentials',
    privateKey: private_key_pem,
    ...(signing_algorithm !== undefined && { signingAlg: signing_algorithm }),
    tokenEndpointAuthMethod: 'private_key_jwt',
  }),
  'auth/wif-jwt-bearer': ({ client_id, valid_jwt }) => ({
    clientId: client_id,
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: valid_jwt,
  }),
  'auth/enterprise-managed-authorization': (context) => ({
    ...clientOf(context),
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    idp: {
      clientId: context['idp_client_id'],
      idToken: context['idp_id_token'],
      tokenEndpoint: context['idp_token_endpoint'],
    },
  }),
};

/** @param {Context} context */
function clientOf({ client_id, client_secret }) {
  return { clientId: client_id, clientSecret: client_secret };
}

/** @param {{ scenario: string, revision: string, url: string, context: Context }} asked */
export function serverEntry({ scenario, revision, url, context }) {
  const oauth = given[scenario]?.(context) ?? { clientMetadataUrl };
  if (scenario.startsWith('auth/')) return { type: 'http', url, oauth };
  // These judge each request, the first included; finding out what the server speaks would begin with `initialize`.
  return { type: 'http', url, ...(revision === modern && { protocol: modern }) };
}
