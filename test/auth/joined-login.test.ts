// One login over several processes on one token directory.
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';

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
    expect(scene.as.counts.codeExchanges).toBe(1);
  });

  test('A5: five at the same time open one browser window', async () => {
    const others = Array.from({ length: 5 }, () => scene.process());
    const attempts = await Promise.all(others.map((one) => one.login(entry, { challenge: {}, openBrowser: true })));
    expect(new Set(attempts.map(({ loginUrl }) => loginUrl)).size).toBe(1);
    await approve(urlOf(attempts[0] ?? (await gateway.login(entry, { openBrowser: false }))));
    await Promise.all(attempts.map(({ done }) => done));
    expect(scene.as.counts).toMatchObject({ registrations: 1, codeExchanges: 1 });
  });

  test('a failure is seen by those who joined, with its reason', async () => {
    const held = await gateway.login(entry, { openBrowser: false });
    const joined = await scene.process().login(entry, { openBrowser: false });
    const failures = [failureOf(held.done), failureOf(joined.done)];
    scene.as.faults.authorize = 'access_denied';
    await approve(urlOf(held));
    for (const failure of await Promise.all(failures)) {
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('The user said no') });
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
  test('is handed to the one that waits for it', async () => {
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
