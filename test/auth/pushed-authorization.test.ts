// Pushed authorization requests (RFC 9126): used where the server insists, and openable as late as a human is.
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Answer } from '../../src/auth/answer.ts';
import { judgePushedAnswer } from '../../src/auth/pushed-authorization.ts';
import { until } from '../helpers/stage.ts';
import type { Scene, SceneOptions } from './login-scene.ts';
import { callTool, failureOf, startScene, urlOf } from './login-scene.ts';

let scene: Scene | undefined;

afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

const noBrowser = { env: { GATEWAY_BROWSER: 'none' } };
const aBrowser = { env: { DISPLAY: ':0' } };

async function begin(
  authorization: SceneOptions['authorization'] = {},
  where: typeof noBrowser | typeof aBrowser = noBrowser,
) {
  scene = await startScene({ authorization: { pushedRequests: 'required', ...authorization } });
  return { ...scene, gateway: scene.process(where), entry: scene.entry() };
}

describe('an answer', () => {
  const good = { request_uri: 'urn:x', expires_in: 90 };
  const judge = (status: number, json?: object) =>
    judgePushedAnswer({ status, text: '', ...(json && { json }) } as Answer);

  test.each([201, 200])('with status %i', (status) => {
    expect(judge(status, good)).toEqual({ kind: 'pushed', requestUri: 'urn:x', expiresInMs: 90_000 });
  });

  test('that names no end gets a short one', () => {
    expect(judge(201, { request_uri: 'urn:x' })).toMatchObject({ expiresInMs: 60_000 });
  });

  test('that lives for years is pushed again no sooner than a login lasts', () => {
    expect(judge(201, { ...good, expires_in: 1e12 })).toMatchObject({ expiresInMs: 600_000 });
  });

  test.each([
    ['an error', 400, { error: 'invalid_request' }, 'invalid_request'],
    ['no reference', 201, {}, undefined],
    ['a web page', 200, undefined, undefined],
    ['another status', 204, good, undefined],
  ])('that is %s is a refusal', (_case, status, json, error) => {
    expect(judge(status, json)).toEqual({ kind: 'refused', error });
  });
});

describe('where the server insists', () => {
  test('the browser carries the client and a reference alone, and the login goes through by paste', async () => {
    const { gateway, entry, as, server } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const url = new URL(urlOf(attempt));
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    expect(attempt.urlHoldsMs).toBe(60_000);
    expect(as.log.find(({ path }) => path === '/par')?.form).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      resource: server.url,
      state: expect.any(String),
    });
    const callback = await approve(url.href, { visitCallback: false });
    await gateway.finish(entry, callback.url);
    await attempt.done;
    expect((await callTool(gateway, entry)).status).toBe(200);
  });

  test('and the client has a secret, it proves itself there', async () => {
    const { gateway, entry, as } = await begin({ authMethods: ['client_secret_basic'] });
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(as.log.find(({ path }) => path === '/par')).toMatchObject({
      status: 201,
      authorization: expect.stringMatching(/^Basic /),
    });
    await approve(urlOf(attempt));
    await attempt.done;
  });

  test('a fresh registration whose method is refused tries the other one once, and goes on with it', async () => {
    const { gateway, entry, as } = await begin({ faults: { registration: 'says-basic-takes-post' } });
    const attempt = await gateway.login(entry, { openBrowser: false });
    await approve(urlOf(attempt));
    await attempt.done;
    const statuses = as.log.filter(({ path }) => path === '/par' || path === '/token').map(({ status }) => status);
    expect(statuses).toEqual([401, 201, 200]);
  });

  test('a refusal is quoted, before anything is shown', async () => {
    const { gateway, entry } = await begin({ faults: { pushed: 'invalid_request' } });
    expect(await failureOf(gateway.login(entry, { openBrowser: true }))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(/pushing .*\/par failed: status 400 "invalid_request: Fault switched on"/),
    });
    expect(scene?.opened).toEqual([]);
  });
});

describe('a human who is slower than the reference lives', () => {
  test('with a browser here, gets a new one whenever the URL is opened', async () => {
    let late = 0;
    const { gateway, entry, as } = await begin({ now: () => Date.now() + late }, aBrowser);
    const attempt = await gateway.login(entry, { openBrowser: true });
    expect(urlOf(attempt)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\?login=/);
    expect(attempt.urlHoldsMs).toBeUndefined();
    expect(scene?.opened).toEqual([attempt.loginUrl]);
    expect((await fetch(urlOf(attempt), { redirect: 'manual' })).headers.get('location')).toContain('request_uri=');
    late = 10 * 60_000;
    expect((await approve(urlOf(attempt))).status).toBe(200);
    await attempt.done;
    expect(as.counts.pushedRequests).toBe(2);
    expect((await fetch(urlOf(attempt)).catch(() => undefined))?.status).toBeUndefined();
  });

  test('with a browser here, is not sent to one that is about to die', async () => {
    let late = 0;
    const { as, entry } = await begin();
    const now = (): number => Date.now() + late;
    const attempt = await scene?.process({ ...aBrowser, now }).login(entry, { openBrowser: false });
    late = 31_000;
    expect(as.counts.pushedRequests).toBe(1);
    await fetch(attempt?.loginUrl ?? '', { redirect: 'manual' });
    expect(as.counts.pushedRequests).toBe(2);
  });

  test('sees on a page that the server does not answer, and can try again', async () => {
    const { gateway, entry, as } = await begin({ faults: { pushed: ['ok', '503'] } }, aBrowser);
    const attempt = await gateway.login(entry, { openBrowser: false });
    await fetch(urlOf(attempt), { redirect: 'manual' });
    const page = await fetch(urlOf(attempt), { redirect: 'manual' });
    expect([page.status, await page.text()]).toEqual([502, expect.stringContaining('reload this page')]);
    expect((await approve(urlOf(attempt))).status).toBe(200);
    await attempt.done;
    expect(as.counts.codeExchanges).toBe(1);
  });

  test('with a browser elsewhere, is shown a URL that is replaced before it dies, in every process', async () => {
    const { gateway, entry } = await begin({ pushedSeconds: 3 });
    const attempt = await gateway.login(entry, { openBrowser: false });
    const other = scene?.process(noBrowser);
    const fresh = await until(async () => {
      const status = await other?.status(entry);
      return status?.kind === 'pending' && status.loginUrl !== attempt.loginUrl ? status.loginUrl : undefined;
    });
    expect(await gateway.status(entry)).toMatchObject({
      kind: 'pending',
      loginUrl: expect.stringContaining('request_uri='),
    });
    const callback = await approve(fresh, { visitCallback: false });
    await gateway.finish(entry, callback.url);
    await attempt.done;
  });
});

test('where the server offers it and does not insist, the URL says everything', async () => {
  const { gateway, entry, as } = await begin({ pushedRequests: 'offered' });
  const attempt = await gateway.login(entry, { openBrowser: false });
  expect(new URL(urlOf(attempt)).searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
  expect(as.counts.pushedRequests).toBe(0);
});
