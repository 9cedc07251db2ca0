// Owns one login over several processes on one token directory, at any authorization server.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { LoginScene, StartLoginScene } from './login-scene.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';

export function describeJoinedLogins(start: StartLoginScene): void {
  let scene: LoginScene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;

  beforeEach(async () => {
    scene = await start();
    gateway = scene.process();
    entry = scene.entry();
  });

  afterEach(() => scene.close());

  describe('between processes on one token directory', () => {
    test('C26: a second one joins the open login, shows its URL and sees it finish', async () => {
      const other = scene.process();
      const held = await gateway.login(entry, { openBrowser: true });
      const joined = await other.login(entry, { openBrowser: true });
      expect(joined).toMatchObject({ loginUrl: held.loginUrl, browserOpened: true });
      expect(await scene.process().status(entry)).toMatchObject({ kind: 'pending', loginUrl: held.loginUrl });
      expect(scene.opened).toHaveLength(1);
      await approve(urlOf(joined));
      await Promise.all([held.done, joined.done]);
      expect((await callTool(other, entry)).status).toBe(200);
      expect(scene.authority.counts().codeExchanges).toBe(1);
    });

    test('A5: five at the same time open one browser window', async () => {
      const others = Array.from({ length: 5 }, () => scene.process());
      const attempts = await Promise.all(others.map((one) => one.login(entry, { challenge: {}, openBrowser: true })));
      expect(new Set(attempts.map(({ loginUrl }) => loginUrl)).size).toBe(1);
      expect(scene.opened).toHaveLength(1);
      await approve(urlOf(attempts[0] ?? (await gateway.login(entry, { openBrowser: false }))));
      await Promise.all(attempts.map(({ done }) => done));
      expect(scene.authority.counts()).toMatchObject({ registrations: 1, codeExchanges: 1 });
    });

    test('A2: five share their rotating refresh tokens, with one refresh for each expiry', async () => {
      await logIn(gateway, entry);
      const all = [gateway, ...Array.from({ length: 4 }, () => scene.process())];
      for (let expiry = 1; expiry <= 5; expiry++) {
        scene.authority.expireAccessTokens();
        const answers = await Promise.all(all.map((one) => callTool(one, entry)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
        expect(scene.authority.counts()).toMatchObject({ refreshes: expiry, refused: 0 });
      }
      expect(scene.authority.counts()).toMatchObject({ registrations: 1, codeExchanges: 1 });
    });

    test('a failure is seen by those who joined, with its reason', async () => {
      const held = await gateway.login(entry, { openBrowser: false });
      const joined = await scene.process().login(entry, { openBrowser: false });
      const failures = [failureOf(held.done), failureOf(joined.done)];
      await approve(urlOf(held), { deny: true });
      for (const failure of await Promise.all(failures)) {
        expect(failure).toMatchObject({
          code: 'AUTH_FAILED',
          message: expect.stringContaining('The user said no'),
        });
      }
    });

    test('a restart in one takes the login over from the other', async () => {
      const held = await gateway.login(entry, { openBrowser: false });
      const other = scene.process();
      const taken = await other.login(entry, { openBrowser: false, restart: true });
      expect(taken.loginUrl).not.toBe(held.loginUrl);
      await approve(urlOf(taken));
      await taken.done;
      expect((await callTool(gateway, entry)).status).toBe(200);
    });

    test('a login finished by another one is used without asking anybody again', async () => {
      expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
      await logIn(scene.process(), entry);
      const attempt = await gateway.login(entry, { challenge: {}, openBrowser: true });
      expect(attempt).not.toHaveProperty('loginUrl');
      expect((await callTool(gateway, entry)).status).toBe(200);
      expect(scene.opened).toEqual([]);
    });
  });

  test('a callback pasted into another process is handed to the one that waits for it', async () => {
    const held = await gateway.login(entry, { openBrowser: false });
    const { url } = await approve(urlOf(held), { visitCallback: false });
    const foreign = new URL(url);
    foreign.searchParams.set('state', 'of-another-login');
    const other = scene.process();
    expect(await failureOf(other.finish(entry, foreign.href))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await other.finish(entry, url);
    await held.done;
    expect((await callTool(other, entry)).status).toBe(200);
  });
}
