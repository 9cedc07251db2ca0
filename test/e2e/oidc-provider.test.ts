// The whole road at an authorization server that nobody here wrote: the npm package oidc-provider.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { startOidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import type { HomeOptions } from '../helpers/home.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

type ProviderOptions = NonNullable<Parameters<typeof startOidcProviderServer>[0]>;

async function scene(options: ProviderOptions = {}, oauth?: object, homeOptions: HomeOptions = {}) {
  const provider = await startOidcProviderServer(options);
  stage.own(() => provider.close());
  const servers = { crm: { url: provider.url, ...(oauth && { oauth }) } };
  const home = stage.home({ servers, browser: 'approves', ...homeOptions });
  return { provider, home };
}

const plain = { registrations: 1, codeExchanges: 1, refreshes: 0, otherGrants: 0, grantErrors: [] };

test.each([
  { accessTokenFormat: 'opaque', offlineAccessOnly: false },
  { accessTokenFormat: 'jwt', offlineAccessOnly: false },
  { accessTokenFormat: 'opaque', offlineAccessOnly: true },
] as const)('registers, logs in, calls and refreshes with %o', async (options) => {
  const { provider, home } = await scene(options);
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toEqual(plain);

  // The server refuses every token it has seen: a refresh is what is left.
  provider.protectedServer.revokeAll();
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toEqual({ ...plain, refreshes: 1 });
  expect(home.openings()).toHaveLength(1);
});

test('three gateways share its rotating refresh tokens', async () => {
  const { provider, home } = await scene();
  const gateways = await Promise.all([1, 2, 3].map(() => stage.gateway(home)));
  await gateways[0]?.execute('crm', 'whoami');
  for (let expiry = 1; expiry <= 10; expiry++) {
    provider.protectedServer.revokeAll();
    await Promise.all(gateways.map((gateway) => gateway.execute('crm', 'whoami')));
    expect(provider.counts).toMatchObject({ refreshes: expiry, grantErrors: [] });
  }
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1 });
});

test('A13: logout revokes there, and the next call logs in again with the registration gone', async () => {
  const { provider, home } = await scene();
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  const logout = await stage.run(home, ['logout', 'crm', '--json']);
  expect(logout.json()).toEqual({ servers: [{ server: 'crm', outcome: 'revoked' }] });
  expect(provider.log.filter(({ path }) => path === '/token/revocation').map(({ status }) => status)).toContain(200);
  await gateway.execute('crm', 'whoami');
  expect(provider.counts).toMatchObject({ registrations: 2, codeExchanges: 2, grantErrors: [] });
});

test('A3, A10: a client that was forgotten registers anew, and a tool that needs more scope gets it', async () => {
  const { provider, home } = await scene();
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  provider.forgetClients();
  provider.expireAccessTokens();
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toMatchObject({ registrations: 2, codeExchanges: 2, grantErrors: ['invalid_client'] });
  expect((await gateway.execute('crm', 'admin')).content).toEqual([{ type: 'text', text: 'the admin was here' }]);
  expect(provider.counts).toMatchObject({ registrations: 2, codeExchanges: 3 });
});

test('tokens bound to a key, with nonces on both sides: login, call, restart, call, refresh', async () => {
  const protectedServer = { proofOfPossession: { nonces: true } };
  const { provider, home } = await scene({ dpop: true, dpopNonces: true, protectedServer });
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  const [saved] = home.logins() as { tokens: { access_token: string; token_type: string } }[];
  expect(saved?.tokens.token_type).toBe('DPoP');
  const bare = { method: 'POST', headers: { authorization: `Bearer ${saved?.tokens.access_token}` } };
  expect((await fetch(provider.url, bare)).status).toBe(401);
  expect(await gateway.stop()).toBe(0);

  const later = await stage.gateway(home);
  const calls = await Promise.all([1, 2, 3].map(() => later.execute('crm', 'whoami')));
  expect(calls.map(({ structuredContent }) => structuredContent.subject)).toEqual(['alice', 'alice', 'alice']);
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, refreshes: 0 });
  provider.expireAccessTokens();
  expect((await later.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, refreshes: 1 });
  expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['use_dpop_nonce']));
  expect(home.openings()).toHaveLength(1);
});

const machine = {
  client_id: 'machine',
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
};

test('a machine account with a secret: calls before and after an expiry, over two gateways, and no window', async () => {
  const client = { ...machine, client_secret: 'canary-secret', token_endpoint_auth_method: 'client_secret_basic' };
  const oauth = { grantType: 'client_credentials', clientId: 'machine', clientSecret: `\${CRM_SECRET}` };
  const env = { CRM_SECRET: 'canary-secret' };
  const { provider, home } = await scene({ clientCredentials: true, clients: [client] }, oauth, { env });
  const gateways = await Promise.all([1, 2].map(() => stage.gateway(home)));
  for (const grants of [1, 2]) {
    for (const gateway of gateways) {
      expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'machine' });
    }
    expect(provider.counts).toMatchObject({ otherGrants: grants, grantErrors: [] });
    provider.expireAccessTokens();
  }
  expect(home.openings()).toEqual([]);
  expect(await stage.run(home, ['login', 'crm', '--json'])).toMatchObject({ code: 0 });
});

test('a machine account with a key in a file', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] };
  const client = { ...machine, jwks, token_endpoint_auth_method: 'private_key_jwt' };
  const { provider, home } = await scene({ clientCredentials: true, clients: [client] });
  const key = home.write('machine.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const oauth = { grantType: 'client_credentials', clientId: 'machine', privateKey: key };
  home.writeServers({ crm: { url: provider.url, oauth } });
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'machine' });
  expect(provider.counts).toMatchObject({ registrations: 0, otherGrants: 1, grantErrors: [] });
});

test('without a browser the login goes by a code, and the call works after it', async () => {
  const { provider, home } = await scene({ deviceLogin: true }, undefined, { browser: 'none' });
  const gateway = await stage.gateway(home);
  const required = await gateway.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  expect(required).toMatchObject({ code: 'AUTH_REQUIRED', user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) });
  expect((await approve(required.login_url, { user: 'bob' })).body).toContain('Sign-in Success');
  // A command in another process waits for the login that the gateway holds open.
  expect(await stage.run(home, ['login', 'crm', '--json'])).toMatchObject({ code: 0 });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'bob' });
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 0, otherGrants: 1 });
});
