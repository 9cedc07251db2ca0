// One login over several processes on one token directory: at our own authorization server, and what no server has a part in.
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { LoginAbandonedError } from '../../src/errors.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { describeJoinedLogins } from './joined-login.suite.ts';
import type { Scene } from './login-scene.ts';
import { failureOf, logIn, startCommonScene, startScene, urlOf } from './login-scene.ts';

describe('at our own authorization server', () => describeJoinedLogins(startCommonScene));

describe('a lease file', () => {
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

  describe('a holder that is gone', () => {
    test('is waited for no longer than its heartbeat lasts', async () => {
      const at = Date.now() / 1000;
      const lease = {
        owner: 'x',
        pid: 4711,
        host: hostname(),
        started_at: at,
        expires_at: at + 600,
        state: 'open',
      };
      const stale = { ...lease, login_url: 'https://as.example/old', heartbeat_at: at - 15 };
      await writeFile(join(scene.directory, `${loginKey(entry.url)}.login.json`), JSON.stringify(stale));
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
      await logIn(gateway, entry);
    });

    test('is named to those who joined, who may begin anew', async () => {
      let skewMs = 0;
      await gateway.login(entry, { openBrowser: false });
      const joined = await scene.process({ now: () => Date.now() + skewMs }).login(entry, { openBrowser: false });
      skewMs = 60_000;
      const failure = await failureOf(joined.done);
      expect(failure).toBeInstanceOf(LoginAbandonedError);
      expect(failure).toMatchObject({
        code: 'AUTH_FAILED',
        message: expect.stringMatching(/process \d+, which is gone/),
        hadWindow: false,
      });
    });

    test('and whose human ran out of time is followed by nobody', async () => {
      let skewMs = 0;
      await gateway.login(entry, { openBrowser: false });
      const joined = await scene.process({ now: () => Date.now() + skewMs }).login(entry, { openBrowser: false });
      skewMs = 10 * 60_000;
      const failure = await failureOf(joined.done);
      expect(failure).not.toBeInstanceOf(LoginAbandonedError);
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('not finished in time') });
    });
  });

  describe('a holder that ends before the human has finished', () => {
    test('is followed by one of those who wait; the others join that one, and the old page says so', async () => {
      const held = await gateway.login(entry, { openBrowser: true });
      const others = Array.from({ length: 3 }, () => scene.process());
      const joined = await Promise.all(others.map((one) => one.login(entry, { openBrowser: false })));
      const failures = Promise.all(joined.map(({ done }) => failureOf(done)));
      await gateway.close();
      for (const failure of await failures) {
        expect(failure).toBeInstanceOf(LoginAbandonedError);
        expect(failure).toMatchObject({ code: 'AUTH_FAILED', hadWindow: true });
      }
      const next = await Promise.all(others.map((one) => one.login(entry, { openBrowser: false })));
      const urls = new Set(next.map(urlOf));
      expect(urls.size).toBe(1);
      expect(urls).not.toContain(held.loginUrl);
      // The new holder listens where the old one did, and takes nothing that belongs to that one's login.
      const stale = await approve(urlOf(held));
      expect(stale).toMatchObject({ status: 400, body: expect.stringContaining('not known here') });
      await approve(next.map(urlOf)[0] ?? '');
      await Promise.all(next.map(({ done }) => done));
      expect(scene.as.counts.codeExchanges).toBe(1);
    });

    test('and one whose login was refused is not', async () => {
      const held = await gateway.login(entry, { openBrowser: false });
      const joined = await scene.process().login(entry, { openBrowser: false });
      const failures = [failureOf(held.done), failureOf(joined.done)];
      await approve(urlOf(held), { deny: true });
      await gateway.close();
      for (const failure of await Promise.all(failures)) expect(failure).not.toBeInstanceOf(LoginAbandonedError);
    });

    test('before it had a URL leaves no trace with those who joined', async () => {
      const at = Date.now() / 1000;
      const lease = { owner: 'x', pid: 4711, host: 'elsewhere', started_at: at, expires_at: at + 600, state: 'open' };
      const path = join(scene.directory, `${loginKey(entry.url)}.login.json`);
      await writeFile(path, JSON.stringify({ ...lease, heartbeat_at: at }));
      const store = createFileTokenStore({ lock: createFileLock() }, { directory: scene.directory });
      let reads = 0;
      const waiting = scene.process({
        store: {
          ...store,
          async read(key) {
            reads += 1;
            // Twice before the lease is claimed, then with every look at it.
            const left = { ...lease, heartbeat_at: at, state: 'abandoned' };
            if (reads === 4) await writeFile(path, JSON.stringify(left));
            return await store.read(key);
          },
        },
      });
      const attempt = await waiting.login(entry, { openBrowser: false });
      expect(reads).toBeGreaterThan(4);
      await approve(urlOf(attempt));
      await attempt.done;
    });

    test('by a restart leaves those who wait in the same process to the new one', async () => {
      const held = await gateway.login(entry, { openBrowser: true });
      const failure = failureOf(held.done);
      const anew = await gateway.login(entry, { openBrowser: true, restart: true });
      expect(await failure).toBeInstanceOf(LoginAbandonedError);
      expect(await failure).toMatchObject({ code: 'CANCELLED', hadWindow: true });
      expect((await gateway.login(entry, { openBrowser: false })).loginUrl).toBe(anew.loginUrl);
    });
  });

  describe('a callback pasted into another process', () => {
    test('is never sent to another machine, whatever stands in the lease file', async () => {
      const lease = {
        owner: 'x',
        pid: 1,
        host: hostname(),
        login_url: 'https://as.example/',
        callback_url: 'http://evil.example/callback',
        started_at: Date.now() / 1000,
        heartbeat_at: Date.now() / 1000,
        expires_at: Date.now() / 1000 + 600,
        state: 'open',
      };
      await writeFile(join(scene.directory, `${loginKey(entry.url)}.login.json`), JSON.stringify(lease));
      const asked: string[] = [];
      const other = scene.process({
        fetch: async (url) => {
          asked.push(String(url));
          return new Response(null, { status: 200 });
        },
      });
      expect(await failureOf(other.finish(entry, 'http://127.0.0.1:1/callback?code=c&state=s'))).toMatchObject({
        code: 'AUTH_FAILED',
      });
      expect(asked).toEqual([]);
    });
  });
});
