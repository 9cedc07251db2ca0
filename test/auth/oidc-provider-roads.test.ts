// Pushed requests and device codes at an authorization server that nobody here wrote: the npm package oidc-provider.
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { OidcProviderOptions } from '../../fixtures/http/oidc-provider-server.mjs';
import { LoginRequiredError } from '../../src/errors.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';
import type { OidcScene } from './oidc-scene.ts';
import { startOidcScene } from './oidc-scene.ts';

let scene: OidcScene;

afterEach(() => scene.close());

const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

async function begin(options: OidcProviderOptions, browser = 'none') {
  scene = await startOidcScene(options);
  const gateway = scene.process({ env: { GATEWAY_BROWSER: browser }, sleep });
  return { ...scene, gateway, entry: scene.entry() };
}

describe('a pushed request (RFC 9126)', () => {
  test('a login without a browser goes through, and its URL holds nothing but the reference', async () => {
    const { provider, gateway, entry } = await begin({ requirePushed: true });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect([...new URL(urlOf(attempt)).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    expect((await approve(urlOf(attempt))).status).toBe(200);
    await attempt.done;
    expect((await callTool(gateway, entry)).status).toBe(200);
    const pushed = provider.log.filter(({ path }) => path === '/request').map(({ form }) => form);
    expect(pushed).toEqual([expect.objectContaining({ code_challenge_method: 'S256', resource: provider.url })]);
    expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, grantErrors: [] });
  });

  test('a browser on this machine is sent on from a page of the gateway, and can come back later', async () => {
    const { provider, gateway, entry } = await begin({ requirePushed: true }, 'approves');
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(new URL(urlOf(attempt)).hostname).toBe('127.0.0.1');
    expect(urlOf(attempt)).not.toContain(provider.issuer);
    // Opened twice, as by a human who closed the window at first.
    const left = await fetch(urlOf(attempt), { redirect: 'manual' });
    expect(left.headers.get('location')).toContain('request_uri=');
    expect((await approve(urlOf(attempt))).status).toBe(200);
    await attempt.done;
    expect((await callTool(gateway, entry)).status).toBe(200);
  });

  test('a human who says no ends the login', async () => {
    const { gateway, entry } = await begin({ requirePushed: true });
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    await approve(urlOf(attempt), { deny: true });
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('The user said no') });
  });

  test.each(['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const)(
    'is proven by a client that registered with %s',
    async (method) => {
      const { provider, gateway, entry } = await begin({ requirePushed: true, authMethods: [method] });
      await logIn(gateway, entry);
      expect((await scene.saved()).client.token_endpoint_auth_method).toBe(method);
      expect(provider.log.filter(({ path }) => path === '/request').map(({ status }) => status)).toEqual([201]);
    },
  );
});

describe('a device code (RFC 8628)', () => {
  test('a login goes through, and a refresh after it', async () => {
    const { provider, gateway, entry } = await begin({ deviceLogin: true });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(attempt.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    const arrival = await approve(urlOf(attempt), { user: 'bob' });
    expect(arrival.body).toContain('Sign-in Success');
    await attempt.done;
    expect(await (await callTool(gateway, entry)).text()).toContain('bob');
    expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 0, otherGrants: 1 });
    expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['authorization_pending']));

    provider.expireAccessTokens();
    expect(await (await callTool(scene.process(), entry)).text()).toContain('bob');
    expect(provider.counts).toMatchObject({ registrations: 1, refreshes: 1 });
    expect(await gateway.logout(entry)).toBe('revoked');
  });

  test('a human who says no ends the login', async () => {
    const { gateway, entry } = await begin({ deviceLogin: true });
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    await approve(urlOf(attempt), { deny: true });
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED' });
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    await logIn(gateway, entry);
  });

  test('the next login in a browser uses the same registration, and the other way round a new one is made', async () => {
    const { provider, gateway, entry } = await begin({ deviceLogin: true });
    const local = scene.process({ env: { GATEWAY_BROWSER: 'approves' } });
    await logIn(gateway, entry);
    provider.revokeLogins();
    expect(await failureOf(callTool(local, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(local, entry);
    expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, otherGrants: 1 });

    await gateway.logout(entry);
    await logIn(local, entry);
    provider.revokeLogins();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(gateway, entry);
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(provider.counts).toMatchObject({ registrations: 3, codeExchanges: 2, otherGrants: 2 });
  });

  test('A10: a step-up asks for the missing scope', async () => {
    const { gateway, entry } = await begin({ deviceLogin: true });
    await logIn(gateway, entry);
    const refused = await failureOf(callTool(gateway, entry, 'admin'));
    if (!(refused instanceof LoginRequiredError)) throw refused;
    const attempt = await gateway.login(entry, { challenge: refused.challenge, openBrowser: false });
    await approve(urlOf(attempt));
    await attempt.done;
    expect((await callTool(gateway, entry, 'admin')).status).toBe(200);
  });
});

test.each<[string, OidcProviderOptions]>([
  ['pushed requests', { requirePushed: true }],
  ['device codes', { deviceLogin: true }],
])('a refresh token comes by %s, where it takes offline_access and a consent', async (_what, options) => {
  const { gateway, entry, provider } = await begin({ ...options, offlineAccessOnly: true });
  await logIn(gateway, entry);
  expect(await gateway.status(entry)).toMatchObject({ kind: 'logged_in', canRefresh: true });
  provider.expireAccessTokens();
  expect((await callTool(gateway, entry)).status).toBe(200);
});
