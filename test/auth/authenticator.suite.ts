// Owns the front door in one process at any authorization server: who starts a login, who joins it, more scope, logout.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import type { LoginScene, StartLoginScene } from './login-scene.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';

export function describeFrontDoor(start: StartLoginScene): void {
  let scene: LoginScene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;

  beforeEach(async () => {
    scene = await start();
    gateway = scene.process();
    entry = scene.entry();
  });

  afterEach(() => scene.close());

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
      expect(scene.authority.counts().codeExchanges).toBe(1);
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

    test('A14: two logins of two accounts share the listener and are not mixed up', async () => {
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
      // After a refresh they are still who they were.
      scene.authority.expireAccessTokens();
      expect(await (await callTool(gateway, entry)).text()).toContain('alice');
      expect(await (await callTool(gateway, work)).text()).toContain('bob');
    });

    test('A14: the name of the account is in the login and in its status, where the server tells it', async () => {
      const other = await start({ scopesSupported: ['openid', 'tools'] });
      const named = other.process();
      const attempt = await named.login(other.entry(), { openBrowser: false });
      await approve(urlOf(attempt), { user: 'carol' });
      await attempt.done;
      expect(await named.status(other.entry())).toMatchObject({ account: expect.stringContaining('carol') });
      await other.close();
    });

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
  });

  describe('A10: a step-up', () => {
    test('A10: asks for what is granted and what is missing, and the call then works', async () => {
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
      expect(scene.authority.counts()).toMatchObject({ registrations: 1, codeExchanges: 2 });
    });
  });

  describe('A13: logout', () => {
    test('A13: revokes at the authorization server, and deletes that login alone', async () => {
      const work = scene.entry({}, { name: 'work', profile: 'work' });
      await logIn(gateway, entry);
      await logIn(gateway, work);
      const { tokens } = await scene.saved();
      expect(await gateway.logout(entry)).toBe('revoked');
      expect(scene.authority.counts().revocations).toBeGreaterThan(0);
      const headers = { authorization: `Bearer ${tokens?.access_token}` };
      expect((await fetch(entry.url, { method: 'POST', headers })).status).toBe(401);
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
      expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
      expect((await callTool(gateway, work)).status).toBe(200);
    });

    test('A13: deletes where the revocation endpoint answers 503', async () => {
      await logIn(gateway, entry);
      scene.authority.fail('revocation', '503');
      expect(await gateway.logout(entry)).toBe('deleted');
      expect(await scene.files()).toEqual([]);
    });

    test('A13: drops a login that is open', async () => {
      const attempt = await gateway.login(entry, { openBrowser: false });
      const dropped = failureOf(attempt.done);
      expect(await gateway.logout(entry)).toBe('nothing');
      expect(await dropped).toMatchObject({ code: 'CANCELLED' });
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    });
  });
}
