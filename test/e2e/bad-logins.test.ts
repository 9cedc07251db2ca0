// Authorization servers that misbehave, and callbacks that are not ours: each ends in one clear error, no token goes
// anywhere, and the good server beside them answers.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { AuthorizationFaults } from '../../fixtures/http/authorization-server/authority.mjs';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const whoami = { server: 'crm', tool: 'whoami' };
type Scene = Awaited<ReturnType<typeof scene>>;

async function scene(stage: Stage) {
  const pair = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: pair.server.url }, good: fixtureServer('echo') } });
  const gateway = await stage.gateway(home);
  return { ...pair, home, gateway };
}

describe('before there is a login URL', () => {
  const shared = new Stage();
  let all: Scene;
  beforeAll(async () => {
    all = await scene(shared);
  });
  afterEach(() => {
    all.as.faults.metadataAs = undefined;
    all.as.faults.registration = undefined;
    all.server.faults.metadata = undefined;
  });
  afterAll(() => shared.close());

  test.each([
    { what: 'html', says: /200/ },
    { what: '503', says: /503/ },
    { what: '404', says: /404/ },
    { what: 'invalid-json', says: /./ },
    { what: 'redirect-elsewhere', says: /./ },
    { what: 'redirect-loop', says: /./ },
    { what: 'no-endpoints', says: /./ },
    { what: 'huge', says: /./ },
    { what: 'drop', says: /./ },
  ] as const)('B17: metadata that is $what: the error lists every URL that was tried', async ({ what, says }) => {
    const { gateway, as, home } = all;
    as.faults.metadataAs = what;
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', server: 'crm', hint: expect.any(String) });
    expect(failure.message).toContain(`${as.origin}/.well-known/oauth-authorization-server`);
    expect(failure.message).toContain(`${as.origin}/.well-known/openid-configuration`);
    expect(failure.message).toMatch(says);
    expect(failure.message.length).toBeLessThan(4000);
    expect(as.counts).toMatchObject({ registrations: 0, authorizations: 0 });
    expect(home.loginFiles()).toEqual([]);
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
  });

  test('B16: metadata of somebody else is refused, with both issuers', async () => {
    const { gateway, as } = all;
    all.as.faults.metadataAs = 'other-issuer';
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.issuer') });
    expect(failure.message).toContain('https://other-issuer.example');
    expect(failure.message).toContain(as.issuer);
    expect(as.counts).toMatchObject({ registrations: 0 });
  });

  test('a token endpoint on another host without TLS is refused', async () => {
    const { gateway, as } = all;
    all.as.faults.metadataAs = 'foreign-endpoints';
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure).toMatchObject({ code: 'AUTH_FAILED' });
    expect(failure.message).toContain('token_endpoint');
    expect(as.counts).toMatchObject({ registrations: 0 });
  });

  test('B16: a resource of somebody else is refused, with both values', async () => {
    const { gateway, as, server } = all;
    all.server.faults.metadata = 'other-resource';
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.resource') });
    expect(failure.message).toContain('https://other-resource.example/mcp');
    expect(failure.message).toContain(server.url);
    expect(as.counts).toMatchObject({ registrations: 0 });
  });

  test.each([
    { what: 'none', says: /regist/ },
    { what: '403-plain-text', says: /403.*Forbidden/ },
    { what: '400', says: /400.*may not register/ },
    { what: '503', says: /503/ },
    { what: 'html', says: /200|Sign in/ },
    { what: 'no-client-id', says: /201/ },
  ] as const)(
    'B20: registration that answers $what: the error says what to write into the config',
    async ({ what, says }) => {
      const { gateway } = all;
      all.as.faults.registration = what;
      const failure = await gateway.failure('execute_tool', whoami);
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', server: 'crm' });
      expect(failure.message).toMatch(says);
      if (what !== '503') expect(`${failure.message} ${failure.hint}`).toContain('clientId');
      if (what === 'none')
        expect(`${failure.message} ${failure.hint}`).toMatch(/http:\/\/127\.0\.0\.1:\d*\S*\/callback/);
    },
  );
});

describe('at the callback', () => {
  /** A login that a human has approved, up to the callback. */
  async function approved(fault?: AuthorizationFaults['authorize']) {
    const all = await scene(stage);
    all.as.faults.authorize = fault;
    const { login_url } = await all.gateway.value('login_server', { server: 'crm' });
    return { ...all, loginUrl: String(login_url) };
  }

  test.each(['wrong-state', 'no-state'] as const)('%s leaves the login open and untouched', async (fault) => {
    const { gateway, as, loginUrl } = await approved([fault] as never);
    const page = await approve(loginUrl);
    expect(page.status).toBe(400);
    expect(as.counts.codeExchanges).toBe(0);
    expect(await gateway.listed('crm')).toMatchObject({ state: 'login_pending' });
    expect((await approve(loginUrl)).status).toBe(200);
    expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  });

  test.each([
    { fault: 'error-with-markup', says: /script/ },
    { fault: 'access_denied', says: /access_denied.*The user said no/ },
    { fault: 'no-code', says: /code/ },
    { fault: 'wrong-iss', says: /iss.*issuer/ },
    { fault: 'missing-iss', says: /iss/ },
  ] as const)('$fault fails the login, the page says why, and the next try works', async ({ fault, says }) => {
    const { gateway, as, home, loginUrl } = await approved(fault);
    const page = await approve(loginUrl);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.body).not.toMatch(/<script>alert|<img/);
    expect(page.body).toMatch(says);
    expect(as.counts.codeExchanges).toBe(0);
    expect(home.loginFiles()).toEqual([]);
    delete as.faults.authorize;
    const next = await gateway.failure('execute_tool', whoami);
    expect(next).toMatchObject({ code: 'AUTH_REQUIRED' });
    expect(next.login_url).not.toBe(loginUrl);
    expect((await approve(next.login_url)).status).toBe(200);
    expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
  });

  test.each([
    { title: 'another address', callback: 'https://elsewhere.example/?a=b', code: 'INVALID_ARGUMENTS' },
    { title: 'no address at all', callback: 'I pressed yes', code: 'INVALID_ARGUMENTS' },
    { title: 'a state nobody sent', callback: 'http://127.0.0.1:1/callback?code=x&state=y', code: 'INVALID_ARGUMENTS' },
  ])('pasting $title leaves the login open', async ({ callback, code }) => {
    const { gateway, loginUrl } = await approved();
    const failure = await gateway.failure('login_server', { server: 'crm', callback_url: callback });
    expect(failure).toMatchObject({ code, server: 'crm', hint: expect.any(String) });
    expect(await gateway.listed('crm')).toMatchObject({ state: 'login_pending' });
    expect((await approve(loginUrl)).status).toBe(200);
    await gateway.execute('crm', 'whoami');
  });

  test('requests that are no callback get nothing and change nothing', async () => {
    const { gateway, loginUrl } = await approved();
    const { origin } = new URL(new URL(loginUrl).searchParams.get('redirect_uri') ?? '');
    for (const [path, init] of [
      ['/', {}],
      ['/callback', {}],
      ['/callback?state=x&code=y', {}],
      ['/callback?state=x', { method: 'POST' }],
      ['/%2e%2e/etc/passwd', {}],
    ] as const) {
      expect((await fetch(`${origin}${path}`, init)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await gateway.listed('crm')).toMatchObject({ state: 'login_pending' });
    expect((await approve(loginUrl)).status).toBe(200);
  });
});

describe('at the token endpoint', () => {
  test.each([
    { fault: '503', says: /503/ },
    { fault: 'html', says: /./ },
    { fault: 'invalid_grant', says: /invalid_grant/ },
    { fault: 'error-in-200', says: /./ },
    { fault: 'drop', says: /./ },
  ] as const)('$fault fails the login, says so in the browser, and the next try works', async ({ fault, says }) => {
    const { gateway, as, home } = await scene(stage);
    // The exchange may be tried once more; every try of this login fails.
    as.faults.token = fault;
    const { login_url } = await gateway.failure('execute_tool', whoami);
    const page = await approve(login_url);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.body).toMatch(says);
    expect(home.logins().some((login) => login['tokens'] !== undefined)).toBe(false);
    delete as.faults.token;
    const again = await gateway.failure('execute_tool', whoami);
    expect(again).toMatchObject({ code: 'AUTH_REQUIRED' });
    expect((await approve(again.login_url)).status).toBe(200);
    expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  });
});

test('A5: a callback port that is taken fails that login with the port and the key, and nothing else', async () => {
  const { server } = await stage.protectedPair();
  const { port } = new URL(server.url);
  const servers = { crm: { url: server.url, oauth: { callbackPort: Number(port) } }, good: fixtureServer('echo') };
  const gateway = await stage.gateway(stage.home({ servers }));
  const failure = await gateway.failure('execute_tool', whoami);
  expect(failure).toMatchObject({ code: 'AUTH_FAILED', server: 'crm' });
  expect(failure.message).toContain(port);
  expect(`${failure.message} ${failure.hint}`).toContain('oauth.callbackPort');
  expect(await gateway.executeText('good', 'echo', {})).toBe('{}');
});
