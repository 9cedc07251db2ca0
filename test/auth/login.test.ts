// The story of a login against our own authorization server on loopback, and what only its switches can do.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { loginKey } from '../../src/auth/server-key.ts';
import { describeLogins } from './login.suite.ts';
import type { Scene, SceneOptions } from './login-scene.ts';
import { failureOf, logIn, startCommonScene, startScene, urlOf } from './login-scene.ts';

describe('at our own authorization server', () => describeLogins(startCommonScene));

describe('at our own authorization server, with a fault of it,', () => {
  let scene: Scene;

  afterEach(() => scene.close());

  async function begin(options: SceneOptions = {}) {
    scene = await startScene(options);
    return { ...scene, gateway: scene.process(), entry: scene.entry() };
  }

  test('A11: a callback with markup in its error is shown escaped', async () => {
    const { gateway, entry, as } = await begin();
    as.faults.authorize = 'error-with-markup';
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    const { body, status } = await approve(urlOf(attempt));
    expect(status).toBe(403);
    expect(body).not.toMatch(/<script|<img/);
    expect(body).toContain('&lt;script&gt;');
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED' });
  });

  test.each([
    'redirect-elsewhere',
    'redirect-loop',
    'invalid-json',
    'other-issuer',
    'no-endpoints',
    'foreign-endpoints',
  ] as const)('%s for its metadata gives one clear error before any browser is opened', async (fault) => {
    const { gateway, entry, as } = await begin();
    as.faults.metadataAs = fault;
    const failure = await failureOf(gateway.login(entry, { openBrowser: true }));
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
    expect(failure).toHaveProperty('message', expect.stringContaining(as.origin));
    expect(scene.opened).toEqual([]);
    expect(as.counts.registrations).toBe(0);
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    // Nothing is stuck: the next login works.
    delete as.faults.metadataAs;
    await logIn(gateway, entry);
  });

  test.each(['403-plain-text', '400', 'html', 'no-client-id', 'foreign-redirect-uris', 'none'] as const)(
    'B20: %s to the registration gives one clear error',
    async (fault) => {
      const { gateway, entry, as } = await begin();
      as.faults.registration = fault;
      const failure = await failureOf(gateway.login(entry, { openBrowser: true }));
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.') });
      expect(scene.opened).toEqual([]);
      delete as.faults.registration;
      await logIn(gateway, entry);
    },
  );

  test.each(['invalid_client', 'error-in-200'] as const)(
    '%s to the exchange of the code fails the login, says so in the browser, and saves nothing',
    async (fault) => {
      const { gateway, entry, as } = await begin();
      as.faults.token = fault;
      const attempt = await gateway.login(entry, { openBrowser: false });
      const failure = failureOf(attempt.done);
      expect((await approve(urlOf(attempt))).status).toBe(403);
      expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
      delete as.faults.token;
      await logIn(gateway, entry);
    },
  );
});

describe('a login', () => {
  let scene: Scene;

  afterEach(() => scene.close());

  test('that is not open cannot be finished, and the error says how to begin one', async () => {
    scene = await startScene();
    const pasted = scene.process().finish(scene.entry(), 'http://127.0.0.1:1/callback?code=c&state=s');
    expect(await failureOf(pasted)).toMatchObject({ code: 'AUTH_FAILED', hint: 'portico login crm' });
  });

  test('that meets a login file that cannot be read fails, and leaves the file as it is', async () => {
    scene = await startScene();
    const entry = scene.entry();
    const path = join(scene.directory, `${loginKey(entry.url)}.json`);
    await writeFile(path, '{"version": 1, "tok');
    const failure = await failureOf(scene.process().login(entry, { openBrowser: true }));
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readFile(path, 'utf8')).toBe('{"version": 1, "tok');
  });

  test('that a human asks for takes the scope that the server names in its challenge alone', async () => {
    scene = await startScene({ resource: { scopesSupported: ['tools', 'admin'] } });
    const { url } = scene.server;
    const gateway = scene.process({
      fetch: async (target, init) => {
        const response = await fetch(target, init);
        const named = new Headers(response.headers);
        if (String(target) === url) named.set('www-authenticate', 'Bearer scope="tools"');
        return new Response(response.body, { status: response.status, headers: named });
      },
    });
    const attempt = await gateway.login(scene.entry(), { openBrowser: false });
    const scopes = new URL(urlOf(attempt)).searchParams.get('scope')?.split(' ');
    expect(scopes).toContain('tools');
    expect(scopes).not.toContain('admin');
  });
});
