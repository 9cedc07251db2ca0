// One login over several processes on one token directory: at our own authorization server, and what no server has a part in.
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { describeJoinedLogins } from './joined-login.suite.ts';
import type { Scene } from './login-scene.ts';
import { failureOf, logIn, startCommonScene, startScene } from './login-scene.ts';

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

    test('is named to those who joined', async () => {
      let skewMs = 0;
      await gateway.login(entry, { openBrowser: false });
      const joined = await scene.process({ now: () => Date.now() + skewMs }).login(entry, { openBrowser: false });
      skewMs = 60_000;
      expect(await failureOf(joined.done)).toMatchObject({
        code: 'AUTH_FAILED',
        message: expect.stringMatching(/process \d+, which is gone/),
      });
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
