// A login by device code (RFC 8628): the human needs any browser anywhere, and the code; nothing comes back to this machine.
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { deviceGrant } from '../../src/auth/device-authorization.ts';
import type { Sleep } from '../../src/lib/sleep.ts';
import type { Scene, SceneOptions } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';

let scene: Scene;

afterEach(async () => {
  await scene.close();
});

const noBrowser = { env: { GATEWAY_BROWSER: 'none' } };
const aBrowser = { env: { DISPLAY: ':0' } };

/** The pauses between two questions, shortened. */
function shortPauses(): { sleep: Sleep; pauses: number[] } {
  const pauses: number[] = [];
  const sleep: Sleep = async (ms, signal) => {
    pauses.push(ms);
    await new Promise((resolve) => setTimeout(resolve, 5));
    signal.throwIfAborted();
  };
  return { sleep, pauses };
}

async function begin(options: SceneOptions = {}) {
  scene = await startScene({ ...options, authorization: { deviceLogin: true, ...options.authorization } });
  const { sleep, pauses } = shortPauses();
  const gateway = scene.process({ ...noBrowser, sleep });
  return { ...scene, gateway, pauses, sleep, entry: scene.entry() };
}

describe('where there is no browser and the server offers it', () => {
  test('C28: the login is one by device code, which a human finishes on any machine', async () => {
    const { gateway, entry, as, server } = await begin();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    const attempt = await gateway.login(entry, { openBrowser: true });
    expect(attempt).toMatchObject({ userCode: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/) });
    expect(attempt.loginUrl).toBe(`${as.origin}/device?user_code=${attempt.userCode}`);
    expect(await gateway.status(entry)).toMatchObject({
      kind: 'pending',
      loginUrl: attempt.loginUrl,
      userCode: attempt.userCode,
    });
    expect((await approve(urlOf(attempt), { user: 'ann' })).status).toBe(200);
    await attempt.done;
    expect((await callTool(gateway, entry)).status).toBe(200);
    const saved = await scene.saved();
    expect(saved).toMatchObject({ resource: server.url, tokens: { refresh_token: expect.any(String) } });
    expect(as.log.find(({ path }) => path === '/device_authorization')?.form).toMatchObject({
      client_id: saved.client.client_id,
      resource: server.url,
      scope: 'tools offline_access',
    });
    expect(as.clients.get(saved.client.client_id)?.grant_types).toContain(deviceGrant);
    expect(await scene.files()).toHaveLength(1);
  });

  test('the short URL is shown where the server has no other, and the human types the code', async () => {
    const { gateway, entry, as } = await begin({ authorization: { deviceCompleteUri: false } });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(attempt.loginUrl).toBe(`${as.origin}/device`);
    await approve(urlOf(attempt), { userCode: attempt.userCode ?? '' });
    await attempt.done;
  });

  test('a refresh and a later login use the same registration', async () => {
    const { gateway, entry, as } = await begin();
    await logIn(gateway, entry);
    as.expireAccessTokens();
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(as.counts.refreshes).toBe(1);
    as.revokeLogins();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(gateway, entry);
    expect(as.counts.registrations).toBe(1);
  });

  test('--no-browser says so on a machine that has one', async () => {
    const { entry, sleep } = await begin();
    const gateway = scene.process({ ...aBrowser, sleep });
    const attempt = await gateway.login(entry, { openBrowser: false, headless: true });
    expect(attempt.userCode).toBeDefined();
  });

  test('a callback URL is not taken, and the error names the code', async () => {
    const { gateway, entry } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(await failureOf(gateway.finish(entry, 'code=a&state=b'))).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      hint: expect.stringContaining(attempt.userCode ?? 'nothing'),
    });
    expect(await gateway.status(entry)).toMatchObject({ kind: 'pending' });
  });

  test('the open login is ended by close, and asks no more', async () => {
    const { gateway, entry, as } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    await gateway.close();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    const { devicePolls } = as.counts;
    await new Promise((resolve) => setImmediate(resolve));
    expect(as.counts.devicePolls).toBe(devicePolls);
  });
});

describe('the browser is asked instead', () => {
  const isCodeLogin = { loginUrl: expect.stringContaining('/authorize?'), userCode: undefined };

  test('where there is one', async () => {
    const { entry } = await begin();
    const attempt = await scene.process(aBrowser).login(entry, { openBrowser: false });
    expect({ loginUrl: attempt.loginUrl, userCode: attempt.userCode }).toEqual(isCodeLogin);
  });

  test.each([
    ['the endpoint refuses every client', { device: 'unauthorized_client' }],
    ['the endpoint is in trouble', { device: '503' }],
    ['the endpoint answers a web page', { device: 'html' }],
    ['the token endpoint does not know the grant', { devicePoll: 'unsupported_grant_type' }],
    ['the token endpoint refuses the client for it', { devicePoll: 'unauthorized_client' }],
    ['the page to open is no web address', { device: 'script-uri' }],
    ['there is no page to open', { device: 'no-uri' }],
    ['the code would steer a terminal', { device: 'steering-code' }],
  ] as const)('where %s; the login then goes through by paste', async (_case, faults) => {
    const { gateway, entry, as } = await begin({ authorization: { faults } });
    const attempt = await gateway.login(entry, { openBrowser: true });
    expect({ loginUrl: attempt.loginUrl, userCode: attempt.userCode }).toEqual(isCodeLogin);
    const callback = await approve(urlOf(attempt), { visitCallback: false });
    await gateway.finish(entry, callback.url);
    await attempt.done;
    expect(as.counts.codeExchanges).toBe(1);
  });

  test('where the registered client may not use the grant, a new registration is tried first', async () => {
    const { gateway, entry, as, sleep } = await begin();
    // Registered by a login in a browser, without the grant.
    await logIn(scene.process({ ...aBrowser, sleep }), entry);
    as.revokeLogins();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(attempt.userCode).toBeDefined();
    expect(as.counts.registrations).toBe(2);
  });
});

test('a registration that the token endpoint has forgotten is replaced, and the device login goes on', async () => {
  const { gateway, entry, as } = await begin();
  await logIn(gateway, entry);
  as.revokeLogins();
  expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
  as.faults.devicePoll = ['unauthorized_client'];
  const attempt = await gateway.login(entry, { openBrowser: false });
  expect(attempt.userCode).toBeDefined();
  expect(as.counts.registrations).toBe(2);
});

describe('the end', () => {
  test('the human says no', async () => {
    const { gateway, entry } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    await approve(urlOf(attempt), { deny: true });
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('denied') });
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
  });

  test('the code runs out', async () => {
    const { entry, sleep } = await begin({ authorization: { deviceSeconds: 60 } });
    let now = Date.now();
    const skipping: Sleep = async (ms, signal) => {
      now += ms;
      await sleep(ms, signal);
    };
    const gateway = scene.process({ ...noBrowser, now: () => now, sleep: skipping });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(attempt.expiresAt - now).toBeLessThanOrEqual(60_000);
    expect(await failureOf(attempt.done)).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('not entered in time'),
    });
  });

  test('trouble on the way, a server that wants fewer questions, and errors with status 200 are waited through', async () => {
    const devicePoll = ['ok', '503', 'drop', 'slow_down', 'pending-in-200'] as const;
    const { gateway, entry, pauses } = await begin({ authorization: { faults: { devicePoll: [...devicePoll] } } });
    const attempt = await gateway.login(entry, { openBrowser: false });
    await approve(urlOf(attempt));
    await attempt.done;
    expect(pauses).toEqual([5000, 10_000, 20_000, 10_000, 10_000]);
  });
});

describe('between processes on one token directory', () => {
  test('one asks, the others show its URL and its code, and see it finish', async () => {
    const { gateway, entry, as } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const other = scene.process(noBrowser);
    const joined = await other.login(entry, { openBrowser: false });
    expect(joined).toMatchObject({ loginUrl: attempt.loginUrl, userCode: attempt.userCode });
    expect(await other.status(entry)).toMatchObject({ kind: 'pending', userCode: attempt.userCode });
    expect(await failureOf(other.finish(entry, 'code=a&state=b'))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await approve(urlOf(joined));
    await Promise.all([attempt.done, joined.done]);
    expect(as.counts).toMatchObject({ deviceAuthorizations: 1, codeExchanges: 1 });
    expect((await callTool(other, entry)).status).toBe(200);
  });
});

describe('oauth.grantType says so', () => {
  test('the device login is used although there is a browser, which is shown its page', async () => {
    const { sleep } = await begin();
    const entry = scene.entry({ grantType: deviceGrant });
    const gateway = scene.process({ ...aBrowser, sleep });
    const attempt = await gateway.login(entry, { openBrowser: true });
    expect(attempt.userCode).toBeDefined();
    expect(scene.opened).toEqual([attempt.loginUrl]);
  });

  test('a server that offers none is an error that says so', async () => {
    const { gateway } = await begin({ authorization: { deviceLogin: false } });
    const entry = scene.entry({ grantType: deviceGrant });
    expect(await failureOf(gateway.login(entry, { openBrowser: false }))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('no device login'),
      hint: expect.stringContaining('oauth.grantType'),
    });
  });

  test('a refusal is an error that quotes it', async () => {
    const { gateway } = await begin({ authorization: { faults: { device: 'invalid_scope' } } });
    const entry = scene.entry({ grantType: deviceGrant });
    expect(await failureOf(gateway.login(entry, { openBrowser: false }))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('invalid_scope: Fault switched on'),
    });
  });
});
