// The whole road at an authorization server that nobody here wrote: the npm package oidc-provider.
import { afterEach, expect, test } from 'vitest';
import { startOidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

type ProviderOptions = NonNullable<Parameters<typeof startOidcProviderServer>[0]>;

async function scene(options: ProviderOptions = {}) {
  const provider = await startOidcProviderServer(options);
  stage.own(() => provider.close());
  const home = stage.home({ servers: { crm: { url: provider.url } }, browser: 'approves' });
  return { provider, home };
}

test.each([
  { accessTokenFormat: 'opaque', offlineAccessOnly: false },
  { accessTokenFormat: 'jwt', offlineAccessOnly: false },
  { accessTokenFormat: 'opaque', offlineAccessOnly: true },
] as const)('registers, logs in, calls and refreshes with %o', async (options) => {
  const { provider, home } = await scene(options);
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toEqual({ registrations: 1, codeExchanges: 1, refreshes: 0, grantErrors: [] });

  // The server refuses every token it has seen: a refresh is what is left.
  provider.protectedServer.revokeAll();
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(provider.counts).toEqual({ registrations: 1, codeExchanges: 1, refreshes: 1, grantErrors: [] });
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

test('logout revokes there, and the next call logs in again with the registration gone', async () => {
  const { provider, home } = await scene();
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  const logout = await stage.run(home, ['logout', 'crm', '--json']);
  expect(logout.json()).toEqual({ servers: [{ server: 'crm', outcome: 'revoked' }] });
  expect(provider.log.filter(({ path }) => path === '/token/revocation').map(({ status }) => status)).toContain(200);
  await gateway.execute('crm', 'whoami');
  expect(provider.counts).toMatchObject({ registrations: 2, codeExchanges: 2, grantErrors: [] });
});
