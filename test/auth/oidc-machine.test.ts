// Machine accounts at an authorization server that nobody here wrote: client credentials, however the client proves itself.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { OidcProviderOptions } from '../../fixtures/http/oidc-provider-server.mjs';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { callTool, failureOf } from './login-scene.ts';
import type { OidcScene } from './oidc-scene.ts';
import { startOidcScene } from './oidc-scene.ts';

let scene: OidcScene;

afterEach(() => scene.close());

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pemOf = ({ privateKey }: typeof ec) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwksOf = ({ publicKey }: typeof ec, alg: string) => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), alg }] });
const secret = 'canary secret+/=&:%';

interface Proof {
  readonly name: string;
  readonly registered: object;
  readonly oauth: Partial<OAuthSettings>;
}

const secrets = (['client_secret_basic', 'client_secret_post'] as const).map((method) => ({
  name: method,
  registered: { token_endpoint_auth_method: method, client_secret: secret },
  oauth: { clientSecret: new Secret(secret), tokenEndpointAuthMethod: method },
}));

const keyed = (name: string, pair: typeof ec, alg: string): Proof => ({
  name,
  registered: {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: alg,
    jwks: jwksOf(pair, alg),
  },
  oauth: { privateKey: new Secret(pemOf(pair)), signingAlg: alg },
});

const basic = secrets[0] as Proof;
const proofs: readonly Proof[] = [
  ...secrets,
  keyed('private_key_jwt (ES256)', ec, 'ES256'),
  keyed('private_key_jwt (EdDSA)', ed, 'EdDSA'),
  keyed('private_key_jwt (PS256)', rsa, 'PS256'),
];

async function begin({ registered, oauth }: Proof, options: OidcProviderOptions = {}) {
  const grants = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };
  const clients = [{ client_id: 'machine', ...grants, ...registered }];
  scene = await startOidcScene({ clientCredentials: true, registration: false, clients, ...options });
  const entry = scene.entry({ grantType: 'client_credentials', clientId: 'machine', ...oauth });
  return { ...scene, gateway: scene.process(), entry };
}

test.each(proofs)('a client that proves itself by $name calls, and calls again after the expiry', async (proof) => {
  const { gateway, entry, provider } = await begin(proof);
  const called = await callTool(gateway, entry);
  expect(await called.text()).toContain('"subject":"machine"');
  const [request] = scene.authority.tokenRequests();
  expect(request?.form).toMatchObject({ grant_type: 'client_credentials', resource: provider.url, scope: 'tools' });

  provider.expireAccessTokens();
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect(provider.counts).toMatchObject({ otherGrants: 2, refreshes: 0, grantErrors: [] });
  expect(scene.opened).toEqual([]);
  // Neither the secret nor the key is ours to keep.
  expect((await scene.saved()).client).not.toHaveProperty('private_key');
  expect(await gateway.status(entry)).toMatchObject({ kind: 'logged_in' });
  expect(await gateway.logout(entry)).toBe('revoked');
});

test('five processes share one token for each expiry', async () => {
  const { entry, provider } = await begin(basic);
  const all = Array.from({ length: 5 }, () => scene.process());
  for (let expiry = 0; expiry < 3; expiry++) {
    const answers = await Promise.all(all.map((one) => callTool(one, entry)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(provider.counts).toMatchObject({ otherGrants: expiry + 1, grantErrors: [] });
    provider.expireAccessTokens();
  }
});

test('A10: a tool that needs more scope gets it without a human', async () => {
  const { gateway, entry } = await begin(basic);
  await callTool(gateway, entry);
  const refused = await failureOf(callTool(gateway, entry, 'admin'));
  if (!(refused instanceof LoginRequiredError)) throw refused;
  const attempt = await gateway.login(entry, { challenge: refused.challenge, openBrowser: true });
  expect(attempt).not.toHaveProperty('loginUrl');
  expect((await callTool(gateway, entry, 'admin')).status).toBe(200);
  expect((await callTool(gateway, entry)).status).toBe(200);
});

test('a refused secret is said with its reason, without the secret, and not sent again by every call', async () => {
  const { gateway, provider } = await begin(basic);
  const clientSecret = new Secret('canary-wrong');
  const wrong = scene.entry({ grantType: 'client_credentials', clientId: 'machine', clientSecret });
  const error = (await failureOf(callTool(gateway, wrong))) as Error;
  expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('invalid_client') });
  expect(JSON.stringify([error.message, error])).not.toContain('canary-wrong');
  expect(await failureOf(callTool(gateway, wrong))).toMatchObject({ code: 'AUTH_FAILED' });
  expect(provider.counts.grantErrors).toHaveLength(1);
});

test('what the server grants is saved, where it is less than what its metadata names', async () => {
  const { gateway, entry } = await begin(basic, { protectedServer: { scopesSupported: ['tools', 'unheard-of'] } });
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect((await scene.saved()).tokens?.scope).toBe('tools');
});

test.each([basic, keyed('private_key_jwt', ec, 'ES256')])(
  'tokens of a client that proves itself by $name are bound to a key where the server demands it, nonces included',
  async (proof) => {
    const protectedServer = { proofOfPossession: { nonces: true } };
    const { gateway, entry, provider } = await begin(proof, { dpop: true, dpopNonces: true, protectedServer });
    expect((await callTool(gateway, entry)).status).toBe(200);
    const { tokens, dpop_key: key } = await scene.saved();
    expect([tokens?.token_type, key]).toEqual(['DPoP', expect.objectContaining({ alg: 'ES256' })]);
    const bare = await fetch(entry.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens?.access_token}` },
    });
    expect(bare.status).toBe(401);
    provider.expireAccessTokens();
    expect((await callTool(scene.process(), entry)).status).toBe(200);
    expect(provider.counts).toMatchObject({ otherGrants: 2 });
    expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['use_dpop_nonce']));
  },
);
