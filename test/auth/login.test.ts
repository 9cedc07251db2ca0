// The story of a login against a real authorization server on loopback, and every way it can go wrong.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import type { Scene, SceneOptions } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';

let scene: Scene;

afterEach(async () => {
  await scene.close();
});

async function begin(options: SceneOptions = {}) {
  scene = await startScene(options);
  const gateway = scene.process();
  const entry = scene.entry();
  return { ...scene, gateway, entry };
}

describe('a login without any OAuth configuration', () => {
  test('goes from 401 to a called tool, and leaves one self-contained file', async () => {
    const { gateway, entry, as, server } = await begin();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED', server: 'crm' });

    const attempt = await gateway.login(entry, { openBrowser: true });
    expect(scene.opened).toEqual([attempt.loginUrl]);
    expect(await gateway.status(entry)).toMatchObject({ kind: 'pending', loginUrl: attempt.loginUrl });
    const arrival = await approve(urlOf(attempt), { user: 'alice' });
    await attempt.done;

    expect(arrival).toMatchObject({ status: 200, body: expect.stringContaining('You are logged in') });
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(await gateway.status(entry)).toMatchObject({ kind: 'logged_in', canRefresh: true });
    expect(await scene.saved()).toMatchObject({
      version: 1,
      server_url: server.url,
      resource: server.url,
      issuer: as.issuer,
      token_endpoint: `${as.origin}/token`,
      revocation_endpoint: `${as.origin}/revoke`,
      client: {
        token_endpoint_auth_method: 'none',
        redirect_uri: new URL(urlOf(attempt)).searchParams.get('redirect_uri'),
      },
      tokens: { access_token: expect.any(String), refresh_token: expect.any(String), expires_at: expect.any(Number) },
    });
    expect(await scene.files()).toHaveLength(1);
  });

  test('sends PKCE S256, a state and the resource, and the same resource to the token endpoint', async () => {
    const { gateway, entry, as, server } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const query = new URL(urlOf(attempt)).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      resource: server.url,
    });
    expect(query.get('state')?.length).toBeGreaterThanOrEqual(22);
    await approve(urlOf(attempt));
    await attempt.done;
    const exchange = as.log.find(({ path }) => path === '/token');
    expect(exchange?.form).toMatchObject({ resource: server.url, grant_type: 'authorization_code' });
  });
});

describe('A11: the page at the end', () => {
  test('A11: tells the browser of success only after the code exchange and one answered request', async () => {
    const { gateway, entry, as, server } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const before = server.log.length;
    const arrival = await approve(urlOf(attempt));
    expect(arrival.status).toBe(200);
    // At the moment the page is there, both are already done.
    expect(as.counts.codeExchanges).toBe(1);
    const proof = server.log.slice(before).find(({ method }) => method === 'POST');
    expect(proof).toMatchObject({ status: 200, authorization: expect.stringMatching(/^Bearer ./) });
    await attempt.done;
  });

  test('A11: says that it did not work where the server rejects the new token', async () => {
    const { gateway, entry, server } = await begin();
    server.faults.plain403 = true;
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    const arrival = await approve(urlOf(attempt));
    expect(arrival.status).toBe(403);
    expect(arrival.body).not.toContain('You are logged in');
    expect(await failure).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining("'crm' answered 403"),
    });
  });

  test('A11: until then nothing lies there that could be taken for a login', async () => {
    const { gateway, entry } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(await scene.files()).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.login\.json$/)]);
    const mark = await readFile(join(scene.directory, (await scene.files())[0] ?? ''), 'utf8');
    expect(Object.keys(JSON.parse(mark))).not.toContain('code_verifier');
    const later = scene.process({ now: () => attempt.expiresAt + 1 });
    expect(await later.status(entry)).toEqual({ kind: 'none' });
  });

  test('is not open any more afterwards: its port is free', async () => {
    const { gateway, entry } = await begin();
    await logIn(gateway, entry);
    await expect(fetch((await scene.saved()).client.redirect_uri ?? '')).rejects.toThrow('fetch failed');
  });
});

describe('the callback', () => {
  test.each(['wrong-state', 'no-state'] as const)('%s gets a 400 page and leaves the login open', async (fault) => {
    const { gateway, entry, as } = await begin();
    as.faults.authorize = [fault];
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect((await approve(urlOf(attempt))).status).toBe(400);
    expect(await gateway.status(entry)).toMatchObject({ kind: 'pending' });
    expect(as.counts.codeExchanges).toBe(0);
    expect((await approve(urlOf(attempt))).status).toBe(200);
    await attempt.done;
  });

  test.each([
    ['wrong-iss', /iss/],
    ['missing-iss', /iss/],
    ['access_denied', /The user said no/],
    ['no-code', /code/],
  ] as const)('%s ends the login with one clear error, and no code is redeemed', async (fault, message) => {
    const { gateway, entry, as } = await begin();
    as.faults.authorize = [fault];
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    expect((await approve(urlOf(attempt))).status).toBe(403);
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringMatching(message) });
    expect(as.counts.codeExchanges).toBe(0);
    expect(await gateway.status(entry)).toEqual({ kind: 'none' });
  });

  test('A11: with markup in its error is shown escaped', async () => {
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
});

describe('a pasted callback URL', () => {
  test('finishes the login', async () => {
    const { gateway, entry } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const { url } = await approve(urlOf(attempt), { visitCallback: false });
    await gateway.finish(entry, url);
    await attempt.done;
    expect(await gateway.status(entry)).toMatchObject({ kind: 'logged_in' });
  });

  test('of another login is refused, and the open one goes on', async () => {
    const { gateway, entry } = await begin();
    const attempt = await gateway.login(entry, { openBrowser: false });
    const { url } = await approve(urlOf(attempt), { visitCallback: false });
    const foreign = new URL(url);
    foreign.searchParams.set('state', 'of-another-login');
    expect(await failureOf(gateway.finish(entry, foreign.href))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect(await failureOf(gateway.finish(entry, 'no URL'))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await gateway.finish(entry, url);
    await attempt.done;
  });

  test('with no login open is an error that says how to begin one', async () => {
    const { gateway, entry } = await begin();
    expect(await failureOf(gateway.finish(entry, 'http://127.0.0.1:1/callback?code=c&state=s'))).toMatchObject({
      code: 'AUTH_FAILED',
      hint: 'portico login crm',
    });
  });

  test('that the token endpoint refuses fails the login with its error', async () => {
    const { gateway, entry, as } = await begin();
    as.faults.token = 'invalid_grant';
    const attempt = await gateway.login(entry, { openBrowser: false });
    const { url } = await approve(urlOf(attempt), { visitCallback: false });
    const failed = { code: 'AUTH_FAILED', message: expect.stringContaining('invalid_grant') };
    expect(await failureOf(gateway.finish(entry, url))).toMatchObject(failed);
    expect(await failureOf(attempt.done)).toMatchObject(failed);
  });
});

describe('a login that', () => {
  test('has no refresh token is asked for again when its token is rejected', async () => {
    const { gateway, entry, as, server } = await begin();
    as.faults.token = 'no-refresh-token';
    await logIn(gateway, entry);
    expect(await gateway.status(entry)).toMatchObject({ kind: 'logged_in', canRefresh: false });
    server.revokeAll();
    const refused = await failureOf(callTool(gateway, entry));
    if (!(refused instanceof LoginRequiredError)) throw refused;
    const attempt = await gateway.login(entry, { challenge: refused.challenge, openBrowser: false });
    await approve(urlOf(attempt));
    await attempt.done;
    expect((await callTool(gateway, entry)).status).toBe(200);
  });

  test('cannot be saved is used until the process ends', async () => {
    scene = await startScene();
    let at = Date.now();
    const files = createFileTokenStore({ lock: createFileLock() }, { directory: scene.directory });
    const write = (): Promise<void> => Promise.reject(new Error('the disk is full'));
    const gateway = scene.process({ store: { ...files, write }, now: () => at });
    await logIn(gateway, scene.entry());
    expect(scene.warnings).toContain('the login could not be saved: it lasts as long as this process');
    at += 5000;
    expect((await callTool(gateway, scene.entry())).status).toBe(200);
    expect(await scene.files()).toEqual([]);
  });

  test('meets a login file that cannot be read fails, and leaves the file as it is', async () => {
    const { gateway, entry, directory } = await begin();
    const path = join(directory, `${loginKey(entry.url)}.json`);
    await writeFile(path, '{"version": 1, "tok');
    expect(await failureOf(gateway.login(entry, { openBrowser: true }))).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readFile(path, 'utf8')).toBe('{"version": 1, "tok');
  });
});

describe('an authorization server that answers', () => {
  const entryOf = (): HttpServerEntry => scene.entry();

  test.each([
    'html',
    '503',
    'redirect-elsewhere',
    'redirect-loop',
    'invalid-json',
    'other-issuer',
    'no-endpoints',
    'foreign-endpoints',
    'drop',
  ] as const)('%s for its metadata gives one clear error before any browser is opened', async (fault) => {
    const { gateway, as } = await begin();
    as.faults.metadataAs = fault;
    const failure = await failureOf(gateway.login(entryOf(), { openBrowser: true }));
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
    expect(failure).toHaveProperty('message', expect.stringContaining(as.origin));
    expect(scene.opened).toEqual([]);
    expect(as.counts.registrations).toBe(0);
    expect(await gateway.status(entryOf())).toEqual({ kind: 'none' });
    // Nothing is stuck: the next login works.
    delete as.faults.metadataAs;
    await logIn(gateway, entryOf());
  });

  test.each(['403-plain-text', '400', '503', 'html', 'no-client-id', 'foreign-redirect-uris', 'none'] as const)(
    'B20: %s to the registration gives one clear error',
    async (fault) => {
      const { gateway, as } = await begin();
      as.faults.registration = fault;
      const failure = await failureOf(gateway.login(entryOf(), { openBrowser: true }));
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.') });
      expect(scene.opened).toEqual([]);
      delete as.faults.registration;
      await logIn(gateway, entryOf());
    },
  );

  test.each(['503', 'html', 'invalid_client', 'error-in-200', 'drop'] as const)(
    '%s to the exchange of the code fails the login, says so in the browser, and saves nothing',
    async (fault) => {
      const { gateway, as } = await begin();
      as.faults.token = fault;
      const attempt = await gateway.login(entryOf(), { openBrowser: false });
      const failure = failureOf(attempt.done);
      expect((await approve(urlOf(attempt))).status).toBe(403);
      expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
      expect(await gateway.status(entryOf())).toEqual({ kind: 'none' });
      delete as.faults.token;
      await logIn(gateway, entryOf());
    },
  );
});

test('a login that a human asks for takes the scope that the server names in its challenge alone', async () => {
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
