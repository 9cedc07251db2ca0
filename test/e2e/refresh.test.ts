// Logins that last: refreshed in time, once per expiry over all processes, and lost only when the authorization server
// says so.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, type TestContext, test } from 'vitest';
import type { AuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import { Stage } from '../helpers/stage.ts';

const whoami = { server: 'crm', tool: 'whoami' };

/** A stage for each test: they run side by side, since most of them wait. */
async function loggedIn({ onTestFinished }: TestContext, accessTokenSeconds = 3600) {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  const pair = await stage.protectedPair({ accessTokenSeconds });
  const home = stage.home({ servers: { crm: { url: pair.server.url } }, browser: 'approves' });
  expect(await stage.run(home, ['login', 'crm'])).toMatchObject({ code: 0 });
  return { ...pair, home, stage };
}

function refreshTokensUsed({ log }: AuthorizationServer): string[] {
  const refreshes = log.filter(({ path, form }) => path === '/token' && form?.['grant_type'] === 'refresh_token');
  return refreshes.map(({ form }) => form?.['refresh_token'] ?? '');
}

test.concurrent('A2: five gateways share 100 expiries of single-use refresh tokens with exactly one refresh each', async (context) => {
  const { as, home, stage } = await loggedIn(context);
  const gateways = await Promise.all(Array.from({ length: 5 }, () => stage.gateway(home)));
  const expiries = 100;
  for (let expiry = 1; expiry <= expiries; expiry++) {
    as.expireAccessTokens();
    const results = await Promise.all(gateways.map((gateway) => gateway.execute('crm', 'whoami')));
    expect(results.map(({ structuredContent }) => structuredContent.subject)).toEqual(gateways.map(() => 'alice'));
    expect(as.counts).toMatchObject({ refreshes: expiry, refusedRefreshes: 0, familyRevocations: 0 });
  }
  expect(new Set(refreshTokensUsed(as)).size).toBe(expiries);
  expect(as.counts.authorizations).toBe(1);
  expect(home.openings()).toHaveLength(1);
}, 90_000);

test.concurrent('A2: several calls of one process at an expiry refresh once', async (context) => {
  const { as, home, stage } = await loggedIn(context);
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  as.expireAccessTokens();
  await Promise.all(Array.from({ length: 10 }, () => gateway.execute('crm', 'whoami')));
  expect(as.counts).toMatchObject({ refreshes: 1, refusedRefreshes: 0 });
});

test.concurrent('A1: tokens of three seconds are replaced before they end, by whichever of five gateways comes first', async (context) => {
  const { as, home, server, stage } = await loggedIn(context, 3);
  const gateways = await Promise.all(Array.from({ length: 5 }, () => stage.gateway(home)));
  await Promise.all(gateways.map((gateway) => gateway.execute('crm', 'whoami')));
  server.log.length = 0;
  const [refreshesBefore, startedAt] = [as.counts.refreshes, Date.now()];
  let calls = 0;
  while (as.counts.refreshes < refreshesBefore + 2) {
    await Promise.all(gateways.map((gateway) => gateway.execute('crm', 'whoami')));
    calls += 5;
    // A pace at which the other tests have room; nothing depends on it.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const seconds = (Date.now() - startedAt) / 1000;
  expect(as.counts).toMatchObject({ refusedRefreshes: 0, familyRevocations: 0, authorizations: 1 });
  // Every refresh belongs to an expiry: a token is good for more than a second before it is due.
  expect(as.counts.refreshes - refreshesBefore).toBeLessThanOrEqual(seconds + 1);
  expect(calls).toBeGreaterThan(10);
  expect(server.log.filter(({ status }) => status === 401)).toEqual([]);
}, 60_000);

test.concurrent('A8: a gateway that starts with an expired token refreshes first, at the saved endpoint, and sees no 401', async (context) => {
  const { as, home, server, stage } = await loggedIn(context);
  const [file = ''] = home.loginFiles();
  const login = JSON.parse(readFileSync(file, 'utf8'));
  login.tokens.expires_at = 1_000_000_000;
  writeFileSync(file, JSON.stringify(login));
  as.log.length = 0;
  server.log.length = 0;
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  expect(as.log.map(({ method, path, form }) => [method, path, form?.['grant_type']])).toEqual([
    ['POST', '/token', 'refresh_token'],
  ]);
  expect(as.log[0]?.form).toMatchObject({ resource: server.url });
  expect(server.log.filter(({ status }) => status === 401)).toEqual([]);
});

test.concurrent('A8, A14: the login file holds everything a refresh needs, and moves to another machine by being copied', async (context) => {
  const { as, home, server, stage } = await loggedIn(context);
  const [login] = home.logins();
  expect(login).toEqual({
    version: 1,
    server_url: server.url,
    resource: server.url,
    issuer: as.issuer,
    token_endpoint: `${as.issuer}/token`,
    revocation_endpoint: `${as.issuer}/revoke`,
    client: expect.objectContaining({ client_id: expect.any(String), redirect_uri: expect.any(String) }),
    tokens: {
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: expect.stringMatching(/^bearer$/i),
      scope: 'tools offline_access',
      issued_at: expect.any(Number),
      expires_at: expect.any(Number),
    },
    updated_at: expect.any(Number),
  });
  const [file = ''] = home.loginFiles();
  const elsewhere = stage.home({ servers: { another_name: { url: server.url } } });
  elsewhere.write(`logins/${file.split('/').at(-1)}`, readFileSync(file, 'utf8'));
  as.expireAccessTokens();
  const gateway = await stage.gateway(elsewhere);
  expect((await gateway.execute('another_name', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(as.counts.authorizations).toBe(1);
});

test.concurrent.for(['503', 'html', 'drop'] as const)(
  'A4: an authorization server that answers a refresh with %s does not cost the login',
  async (fault, context) => {
    const { as, home, stage } = await loggedIn(context);
    const gateway = await stage.gateway(home);
    await gateway.execute('crm', 'whoami');
    as.expireAccessTokens();
    as.faults.token = fault;
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      server: 'crm',
      message: expect.stringContaining('unreachable'),
      hint: expect.stringContaining('The login is kept'),
    });
    expect(home.logins()).toMatchObject([{ tokens: { refresh_token: expect.any(String) } }]);
    delete as.faults.token;
    // Another process has not met the failure, so it need not wait.
    const other = await stage.gateway(home);
    expect((await other.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
    expect(as.counts.authorizations).toBe(1);
  },
);

test.concurrent('A4: a login that the authorization server has ended is not tried again, and the next call logs in anew', async (context) => {
  const { as, home, stage } = await loggedIn(context);
  const gateway = await stage.gateway(home, { env: { GATEWAY_BROWSER: 'none' } });
  await gateway.execute('crm', 'whoami');
  as.revokeLogins();
  expect(await gateway.failure('execute_tool', whoami)).toMatchObject({ code: 'AUTH_REQUIRED' });
  expect(await gateway.failure('execute_tool', whoami)).toMatchObject({ code: 'AUTH_PENDING' });
  expect(as.counts).toMatchObject({ refusedRefreshes: 1, familyRevocations: 0 });
});

test.concurrent('A3: an authorization server that forgot its clients is registered with again, without touching files', async (context) => {
  const { as, home, stage } = await loggedIn(context);
  as.forgetClients();
  as.expireAccessTokens();
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(as.counts).toMatchObject({ registrations: 2, authorizations: 2 });
});

test.concurrent('a killed gateway in the middle of a refresh leaves a login that others can use', async (context) => {
  const { as, home, stage } = await loggedIn(context);
  const killed = stage.start(home);
  await killed.initialize();
  await killed.execute('crm', 'whoami');
  as.expireAccessTokens();
  as.faults.token = ['hang'];
  const call = killed.callTool('execute_tool', whoami);
  call.catch(() => undefined);
  while (refreshTokensUsed(as).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  killed.signal('SIGKILL');
  await killed.exited;
  const other = await stage.gateway(home);
  expect((await other.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
}, 40_000);
