// The front door in one process: at our own authorization server, and what no other has a part in.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { describeFrontDoor } from './authenticator.suite.ts';
import type { Scene } from './login-scene.ts';
import { failureOf, logIn, startCommonScene, startScene, urlOf } from './login-scene.ts';
import { takePort } from './taken-port.ts';

describe('at our own authorization server', () => describeFrontDoor(startCommonScene));

describe('the front door', () => {
  let scene: Scene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;

  beforeEach(async () => {
    scene = await startScene();
    gateway = scene.process();
    entry = scene.entry();
  });

  afterEach(() => scene.close());

  test('a login that nobody showed yet is shown when somebody asks for the browser', async () => {
    const quiet = await gateway.login(entry, { openBrowser: false });
    expect(quiet.browserOpened).toBe(false);
    const shown = await gateway.login(entry, { openBrowser: true });
    expect(shown).toMatchObject({ loginUrl: quiet.loginUrl, browserOpened: true });
    expect(scene.opened).toEqual([quiet.loginUrl]);
  });

  test('C26: an opener that throws is not the end of the login', async () => {
    const broken = scene.process({
      openBrowser: () => {
        throw new Error('no browser today');
      },
    });
    const attempt = await broken.login(entry, { openBrowser: true });
    expect(attempt.browserOpened).toBe(false);
    expect(scene.warnings).toContain('the browser could not be opened');
    await approve(urlOf(attempt));
    await attempt.done;
  });

  test('a caller that goes away takes nobody’s login with it', async () => {
    const gone = new AbortController();
    const waiting = gateway.login(entry, { openBrowser: false, signal: gone.signal });
    const staying = gateway.login(entry, { openBrowser: false });
    gone.abort(new Error('went away'));
    expect(await failureOf(waiting)).toMatchObject({ message: 'went away' });
    await approve(urlOf(await staying));
    await (await staying).done;
  });

  test('A5: a fixed callback port that is busy fails that login, with the port and the setting', async () => {
    const taken = await takePort();
    const fixed = scene.entry({ callbackPort: taken.port });
    expect(await failureOf(gateway.login(fixed, { openBrowser: true }))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining(String(taken.port)),
      hint: expect.stringContaining('oauth.callbackPort'),
    });
    await taken.free();
    await logIn(gateway, fixed);
  });

  test('a hostile authorization endpoint is neither opened nor shown', async () => {
    scene.as.mount(({ path }) =>
      path === '/.well-known/oauth-authorization-server'
        ? {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              issuer: scene.as.issuer,
              authorization_endpoint: 'javascript:alert(1)//',
              token_endpoint: `${scene.as.origin}/token`,
              registration_endpoint: `${scene.as.origin}/register`,
              response_types_supported: ['code'],
            }),
          }
        : undefined,
    );
    const failure = await failureOf(gateway.login(entry, { openBrowser: true }));
    expect(failure).toMatchObject({ code: 'AUTH_FAILED' });
    expect(failure).not.toHaveProperty('loginUrl', expect.any(String));
    expect(scene.opened).toEqual([]);
  });

  test('a server without OAuth has no login', async () => {
    const off = scene.entry({}, { oauth: false });
    expect(await gateway.status(off)).toEqual({ kind: 'off' });
    expect(await failureOf(gateway.login(off, { openBrowser: true }))).toMatchObject({ code: 'AUTH_FAILED' });
  });

  test('A13: logout deletes where the server has no revocation endpoint', async () => {
    scene.as.faults.revocation = 'none';
    await logIn(gateway, entry);
    expect(await gateway.logout(entry)).toBe('deleted');
    expect(await scene.files()).toEqual([]);
  });

  test('A13: logout has nothing to do where there is no login', async () => {
    expect(await gateway.logout(entry)).toBe('nothing');
  });

  test('close ends open logins, frees the port, and refuses new ones', async () => {
    const attempt = await gateway.login(entry, { openBrowser: false });
    const ended = failureOf(attempt.done);
    const callback = new URL(urlOf(attempt)).searchParams.get('redirect_uri') ?? '';
    await gateway.close();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
    await expect(fetch(callback)).rejects.toThrow('fetch failed');
    expect(await failureOf(gateway.login(entry, { openBrowser: true }))).toMatchObject({ code: 'CANCELLED' });
  });

  test('close ends a login that is still on its way to a URL', async () => {
    scene.as.faults.registration = 'hang';
    const starting = failureOf(gateway.login(entry, { openBrowser: true }));
    while (!scene.as.log.some(({ path }) => path === '/register')) await new Promise(setImmediate);
    await gateway.close();
    expect(await starting).toMatchObject({ code: 'CANCELLED' });
  });
});
