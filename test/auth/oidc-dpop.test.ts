// Tokens that are bound to a key (RFC 9449), at an authorization server and a resource server that check every proof.
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { OidcProviderOptions } from '../../fixtures/http/oidc-provider-server.mjs';
import type { ProofOptions } from '../../fixtures/http/protected-server/proof-of-possession.mjs';
import { createDpopKey, dpopFetch } from '../../src/auth/dpop.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';
import type { OidcScene } from './oidc-scene.ts';
import { startOidcScene } from './oidc-scene.ts';

let scene: OidcScene;

afterEach(() => scene.close());

async function begin(options: OidcProviderOptions = {}, proofOfPossession: ProofOptions = {}) {
  scene = await startOidcScene({ dpop: true, ...options, protectedServer: { proofOfPossession } });
  return { ...scene, gateway: scene.process(), entry: scene.entry() };
}

const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
const json = { 'content-type': 'application/json' };

/** What the MCP server refused, from now on. */
function refusalsFromNow(): () => readonly (number | undefined)[] {
  const before = scene.server.log.length;
  return () =>
    scene.server.log
      .slice(before)
      .filter(({ method, status }) => method === 'POST' && status >= 400)
      .map(({ status }) => status);
}

describe.each(['opaque', 'jwt'] as const)('with %s tokens', (accessTokenFormat) => {
  test('a server that demands them gets bound tokens without any setting: login, call, refresh', async () => {
    const { gateway, entry, provider } = await begin({ accessTokenFormat });
    await logIn(gateway, entry);
    const saved = await scene.saved();
    expect(saved).toMatchObject({ tokens: { token_type: 'DPoP' }, dpop_key: { alg: 'ES256', d: expect.any(String) } });
    const refusals = refusalsFromNow();
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(refusals()).toEqual([]);

    provider.expireAccessTokens();
    // Another process has the key from the file alone.
    const later = scene.process();
    expect((await callTool(later, entry)).status).toBe(200);
    expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, refreshes: 1, grantErrors: [] });
    const after = await scene.saved();
    expect(after.tokens?.access_token).not.toBe(saved.tokens?.access_token);
    expect(after).toMatchObject({ tokens: { token_type: 'DPoP' }, dpop_key: saved.dpop_key });
    expect(await later.logout(entry)).toBe('revoked');
  });

  test('its token is worth nothing as a bearer token, nor with another key, nor to refresh without the key', async () => {
    const { gateway, entry, provider } = await begin({ accessTokenFormat });
    await logIn(gateway, entry);
    const { tokens, client } = await scene.saved();
    const token = tokens?.access_token ?? '';
    const send = async (authorization: string, by: typeof fetch | ReturnType<typeof dpopFetch> = fetch) =>
      (await by(entry.url, { method: 'POST', headers: { ...json, authorization }, body: initialize })).status;
    const stranger = await createDpopKey('crm', { issuer: provider.issuer }, Date.now);
    expect(await send(`Bearer ${token}`)).toBe(401);
    expect(await send(`DPoP ${token}`)).toBe(401);
    expect(await send(`DPoP ${token}`, dpopFetch(fetch, stranger, token))).toBe(401);
    expect((await callTool(gateway, entry)).status).toBe(200);

    const form = {
      grant_type: 'refresh_token',
      refresh_token: tokens?.refresh_token ?? '',
      client_id: client.client_id,
      resource: entry.url,
    };
    for (const by of [fetch, dpopFetch(fetch, stranger)]) {
      const body = new URLSearchParams(form).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const refused = await by(`${provider.issuer}/token`, { method: 'POST', headers, body });
      expect(await refused.json()).toMatchObject({ error: 'invalid_grant' });
    }
    provider.expireAccessTokens();
    expect((await callTool(gateway, entry)).status).toBe(200);
  });
});

test.each([
  ['the metadata alone says so', { listed: true }],
  ['the challenge alone says so', { listed: false }],
])('bound tokens are asked for where %s, by a login of hand too', async (_what, options) => {
  const { gateway, entry } = await begin({}, options);
  const refused = await failureOf(callTool(gateway, entry));
  expect(refused).toMatchObject({ code: 'AUTH_REQUIRED', challenge: { dpop: true } });
  // No challenge is handed on here: the login finds out by itself.
  await logIn(gateway, entry);
  expect((await callTool(gateway, entry)).status).toBe(200);
});

test('the authorization request is bound to the key as well, and every login has a key of its own', async () => {
  const { gateway, entry } = await begin();
  const thumbprints: (string | null)[] = [];
  for (const restart of [false, true]) {
    const attempt = await gateway.login(entry, { openBrowser: false, restart });
    thumbprints.push(new URL(urlOf(attempt)).searchParams.get('dpop_jkt'));
    await approve(urlOf(attempt));
    await attempt.done;
  }
  expect(thumbprints[0]).toMatch(/^[\w-]{43}$/);
  expect(new Set(thumbprints).size).toBe(2);
  expect((await callTool(gateway, entry)).status).toBe(200);
});

describe('where both servers want nonces', () => {
  const nonces = { dpopNonces: true } as const;

  test('login, call and refresh go through, and a nonce that changed is learned without a refresh', async () => {
    const { gateway, entry, provider, server } = await begin(nonces, { nonces: true });
    await logIn(gateway, entry);
    expect((await callTool(gateway, entry)).status).toBe(200);
    server.rotateNonce();
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(provider.counts).toMatchObject({ codeExchanges: 1, refreshes: 0 });
    provider.expireAccessTokens();
    expect((await callTool(scene.process(), entry)).status).toBe(200);
    expect(provider.counts).toMatchObject({ codeExchanges: 1, refreshes: 1 });
    // Each was refused once for want of the nonce, and for nothing else.
    expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['use_dpop_nonce']));
  });

  test('calls at the same time, in a process that knows no nonce yet, need no refresh and no login', async () => {
    const { gateway, entry, provider } = await begin({ ...nonces, refreshTokens: false }, { nonces: true });
    await logIn(gateway, entry);
    const later = scene.process();
    const answers = await Promise.all(Array.from({ length: 8 }, () => callTool(later, entry)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(provider.counts).toMatchObject({ codeExchanges: 1, refreshes: 0 });
  });

  test('every proof is used once', async () => {
    const { gateway, entry, provider } = await begin(nonces, { nonces: true });
    await logIn(gateway, entry);
    provider.expireAccessTokens();
    await callTool(gateway, entry);
    const ids = provider.log.flatMap(({ dpop }) => (dpop === undefined ? [] : [decodeJwt(dpop).jti]));
    expect(ids.length).toBeGreaterThan(2);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a client that proves itself by a key of its own (RFC 7523), whose assertions are good for one request,', () => {
  test.each([false, true])(
    'logs in, refreshes and calls where nonces are wanted (pushed requests: %s)',
    async (requirePushed) => {
      const options = { dpopNonces: true, authMethods: ['private_key_jwt'], requirePushed };
      const { entry, provider } = await begin(options, { nonces: true });
      await logIn(scene.process({ env: { GATEWAY_BROWSER: 'none' } }), entry);
      expect((await scene.saved()).client.token_endpoint_auth_method).toBe('private_key_jwt');
      provider.expireAccessTokens();
      // A process that knows no nonce yet.
      expect((await callTool(scene.process(), entry)).status).toBe(200);
      expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, refreshes: 1 });
      expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['use_dpop_nonce']));
    },
  );
});

test('five processes share the rotating tokens of one key', async () => {
  const { gateway, entry, provider } = await begin({ dpopNonces: true }, { nonces: true });
  await logIn(gateway, entry);
  const all = [gateway, ...Array.from({ length: 4 }, () => scene.process())];
  for (let expiry = 1; expiry <= 3; expiry++) {
    provider.expireAccessTokens();
    const answers = await Promise.all(all.map((one) => callTool(one, entry)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(provider.counts).toMatchObject({ refreshes: expiry, codeExchanges: 1 });
  }
});

test.each<[string, OidcProviderOptions]>([
  ['pushed requests', { requirePushed: true }],
  ['device codes', { deviceLogin: true }],
])('bound tokens come by %s too', async (_what, options) => {
  const { entry, provider } = await begin({ ...options, dpopNonces: true }, { nonces: true });
  const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  const gateway = scene.process({ env: { GATEWAY_BROWSER: 'none' }, sleep });
  await logIn(gateway, entry);
  expect(await scene.saved()).toMatchObject({ tokens: { token_type: 'DPoP' } });
  provider.expireAccessTokens();
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect(provider.counts).toMatchObject({ registrations: 1, refreshes: 1 });
});

test('a step-up asks for the missing scope, and a redirect on the same origin is proven at its own URL', async () => {
  const { gateway, entry, server } = await begin({ dpopNonces: true }, { nonces: true });
  server.faults.redirect = 'same-origin';
  await logIn(gateway, entry);
  const refused = await failureOf(callTool(gateway, entry, 'admin'));
  if (!(refused instanceof LoginRequiredError)) throw refused;
  const attempt = await gateway.login(entry, { challenge: refused.challenge, openBrowser: false });
  await approve(urlOf(attempt));
  await attempt.done;
  expect((await callTool(gateway, entry, 'admin')).status).toBe(200);
});

test('a login in one process, with its new key, is used by the others', async () => {
  const { gateway, entry, provider } = await begin();
  const other = scene.process();
  await logIn(gateway, entry);
  expect((await callTool(other, entry)).status).toBe(200);
  provider.revokeLogins();
  expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
  await logIn(gateway, entry);
  expect((await callTool(other, entry)).status).toBe(200);
  expect(provider.counts).toMatchObject({ codeExchanges: 2, refreshes: 0 });
});

test('"dpop": true binds the tokens of a server that takes bound tokens and does not say so', async () => {
  const { gateway } = await begin({}, { listed: false });
  const entry = scene.entry({ dpop: true });
  await logIn(gateway, entry);
  expect(await scene.saved()).toMatchObject({ tokens: { token_type: 'DPoP' } });
  expect((await callTool(gateway, entry)).status).toBe(200);
});

test('an authorization server that gives no bound tokens fails the login of a server that demands them, and says so', async () => {
  const { gateway, entry } = await begin({ dpop: false });
  const attempt = await gateway.login(entry, { openBrowser: false });
  const failure = failureOf(attempt.done);
  expect((await approve(urlOf(attempt))).status).toBe(403);
  expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm' answered 401") });
});
