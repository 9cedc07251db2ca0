// The front door in one process: who starts a login, who joins it, how it ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';
import { takePort } from './taken-port.ts';

let scene: Scene;
let gateway: Authenticator;
let entry: HttpServerEntry;

beforeEach(async () => {
  scene = await startScene();
  gateway = scene.process();
  entry = scene.entry();
});

afterEach(async () => {
  await scene.close();
});

describe('in one process', () => {
  test('A5: five logins at the same time are one login, in one browser window', async () => {
    const attempts = await Promise.all(
      Array.from({ length: 5 }, () => gateway.login(entry, { challenge: {}, openBrowser: true })),
    );
    expect(new Set(attempts.map(({ loginUrl }) => loginUrl)).size).toBe(1);
    expect(attempts.every(({ browserOpened }) => browserOpened)).toBe(true);
    expect(scene.opened).toHaveLength(1);
    await approve(urlOf(await gateway.login(entry, { openBrowser: true })));
    await Promise.all(attempts.map(({ done }) => done));
    expect(scene.opened).toHaveLength(1);
    expect(scene.as.counts.codeExchanges).toBe(1);
  });

  test('a login asked for after it has finished is already there', async () => {
    await logIn(gateway, entry);
    for (const challenge of [undefined, {}]) {
      const attempt = await gateway.login(entry, { challenge, openBrowser: true });
      expect(attempt).not.toHaveProperty('loginUrl');
      await attempt.done;
    }
    expect(scene.opened).toEqual([]);
  });

  test('a login that nobody showed yet is shown when somebody asks for the browser', async () => {
    const quiet = await gateway.login(entry, { openBrowser: false });
    expect(quiet.browserOpened).toBe(false);
    const shown = await gateway.login(entry, { openBrowser: true });
    expect(shown).toMatchObject({ loginUrl: quiet.loginUrl, browserOpened: true });
    expect(scene.opened).toEqual([quiet.loginUrl]);
  });

  test('two logins of two accounts share the listener and are not mixed up', async () => {
    const work = scene.entry({}, { name: 'work', profile: 'work' });
    const [mine, theirs] = [
      await gateway.login(entry, { openBrowser: false }),
      await gateway.login(work, { openBrowser: false }),
    ];
    await approve(urlOf(theirs), { user: 'bob' });
    await theirs.done;
    await approve(urlOf(mine), { user: 'alice' });
    await mine.done;
    expect(await (await callTool(gateway, entry)).text()).toContain('alice');
    expect(await (await callTool(gateway, work)).text()).toContain('bob');
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
});

describe('a login', () => {
  test('a restart drops the open login, and its URL is worth nothing any more', async () => {
    const first = await gateway.login(entry, { openBrowser: false });
    const dropped = failureOf(first.done);
    const second = await gateway.login(entry, { openBrowser: false, restart: true });
    expect(await dropped).toMatchObject({ code: 'CANCELLED' });
    expect(second.loginUrl).not.toBe(first.loginUrl);
    const { url } = await approve(urlOf(first), { visitCallback: false });
    expect(await failureOf(gateway.finish(entry, url))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await approve(urlOf(second));
    await second.done;
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
});

describe('A10: a step-up', () => {
  test('asks for what is granted and what is missing, and the call then works', async () => {
    await logIn(gateway, entry);
    const granted = (await scene.saved()).tokens?.scope?.split(' ') ?? [];
    expect(granted).not.toContain('admin');
    const refused = await failureOf(callTool(gateway, entry, 'admin'));
    if (!(refused instanceof LoginRequiredError)) throw refused;
    expect(refused.challenge).toMatchObject({ error: 'insufficient_scope', scope: 'admin' });

    const attempt = await gateway.login(entry, { challenge: refused.challenge, openBrowser: false });
    const asked = new URL(urlOf(attempt)).searchParams.get('scope')?.split(' ');
    expect(asked).toEqual(expect.arrayContaining([...granted, 'admin']));
    await approve(urlOf(attempt));
    await attempt.done;
    expect((await callTool(gateway, entry, 'admin')).status).toBe(200);

    const again = await gateway.login(entry, { challenge: refused.challenge, openBrowser: true });
    expect(again).not.toHaveProperty('loginUrl');
  });
});

describe('A13: logout', () => {
  test('revokes at the authorization server, and deletes that login alone', async () => {
    const work = scene.entry({}, { name: 'work', profile: 'work' });
    await logIn(gateway, entry);
    await logIn(gateway, work);
    expect(await gateway.logout(entry)).toBe('revoked');
    expect(scene.as.counts.revocations).toBeGreaterThan(0);
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    expect((await callTool(gateway, work)).status).toBe(200);
  });

  test.each(['none', '503'] as const)('deletes where the revocation endpoint answers %s', async (fault) => {
    scene.as.faults.revocation = fault;
    await logIn(gateway, entry);
    expect(await gateway.logout(entry)).toBe('deleted');
    expect(await scene.files()).toEqual([]);
  });

  test('has nothing to do where there is no login', async () => {
    expect(await gateway.logout(entry)).toBe('nothing');
  });

  test('drops a login that is open', async () => {
    const attempt = await gateway.login(entry, { openBrowser: false });
    const dropped = failureOf(attempt.done);
    expect(await gateway.logout(entry)).toBe('nothing');
    expect(await dropped).toMatchObject({ code: 'CANCELLED' });
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
  });
});

describe('close', () => {
  test('ends open logins, frees the port, and refuses new ones', async () => {
    const attempt = await gateway.login(entry, { openBrowser: false });
    const ended = failureOf(attempt.done);
    const callback = new URL(urlOf(attempt)).searchParams.get('redirect_uri') ?? '';
    await gateway.close();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
    await expect(fetch(callback)).rejects.toThrow('fetch failed');
    expect(await failureOf(gateway.login(entry, { openBrowser: true }))).toMatchObject({ code: 'CANCELLED' });
  });

  test('ends a login that is still on its way to a URL', async () => {
    scene.as.faults.registration = 'hang';
    const starting = failureOf(gateway.login(entry, { openBrowser: true }));
    while (!scene.as.log.some(({ path }) => path === '/register')) await new Promise(setImmediate);
    await gateway.close();
    expect(await starting).toMatchObject({ code: 'CANCELLED' });
  });
});
