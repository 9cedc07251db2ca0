// Owns what a login must do at any authorization server: from the 401 to the called tool, and every way it can end.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import type { CommonOptions, LoginScene, StartLoginScene } from './login-scene.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';

export function describeLogins(start: StartLoginScene): void {
  let scene: LoginScene;

  afterEach(() => scene.close());

  async function begin(options: CommonOptions = {}) {
    scene = await start(options);
    return { ...scene, gateway: scene.process(), entry: scene.entry() };
  }

  describe('a login without any OAuth configuration', () => {
    test('goes from 401 to a called tool, and leaves one self-contained file', async () => {
      const { gateway, entry, authority, server } = await begin();
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
        issuer: authority.issuer,
        token_endpoint: authority.endpoints.token,
        revocation_endpoint: authority.endpoints.revocation,
        client: {
          token_endpoint_auth_method: 'none',
          redirect_uri: new URL(urlOf(attempt)).searchParams.get('redirect_uri'),
        },
        tokens: { access_token: expect.any(String), refresh_token: expect.any(String), expires_at: expect.any(Number) },
      });
      expect(await scene.files()).toHaveLength(1);
    });

    test('sends PKCE S256, a state and the resource, and the same resource to the token endpoint', async () => {
      const { gateway, entry, authority, server } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const query = new URL(urlOf(attempt)).searchParams;
      expect(Object.fromEntries(query)).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        resource: server.url,
      });
      expect(query.get('scope')?.split(' ')).toContain('tools');
      expect(query.get('state')?.length).toBeGreaterThanOrEqual(22);
      await approve(urlOf(attempt));
      await attempt.done;
      const [exchange] = authority.tokenRequests();
      expect(exchange?.form).toMatchObject({ resource: server.url, grant_type: 'authorization_code' });
    });
  });

  describe('A11: the page at the end', () => {
    test('A11: tells the browser of success only after the code exchange and one answered request', async () => {
      const { gateway, entry, authority, server } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const before = server.log.length;
      const arrival = await approve(urlOf(attempt));
      expect(arrival.status).toBe(200);
      // At the moment the page is there, both are already done.
      expect(authority.counts().codeExchanges).toBe(1);
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

  describe('a callback', () => {
    const changed = (url: string, change: (query: URLSearchParams) => void): URL => {
      const other = new URL(url);
      change(other.searchParams);
      return other;
    };

    test.each<[string, (query: URLSearchParams) => void]>([
      ['another state', (query) => query.set('state', 'of-another-login')],
      ['no state', (query) => query.delete('state')],
    ])('with %s gets a 400 page and leaves the login open', async (_what, change) => {
      const { gateway, entry, authority } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const { url } = await approve(urlOf(attempt), { visitCallback: false });
      expect((await fetch(changed(url, change))).status).toBe(400);
      expect(await gateway.status(entry)).toMatchObject({ kind: 'pending' });
      expect(authority.counts().codeExchanges).toBe(0);
      expect((await fetch(url)).status).toBe(200);
      await attempt.done;
    });

    test.each<[string, (query: URLSearchParams) => void, RegExp]>([
      ['another issuer', (query) => query.set('iss', 'https://as.example'), /iss/],
      ['no issuer', (query) => query.delete('iss'), /iss/],
      ['no code', (query) => query.delete('code'), /code/],
    ])('with %s ends the login with one clear error, and no code is redeemed', async (_what, change, message) => {
      const { gateway, entry, authority } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const failure = failureOf(attempt.done);
      const { url } = await approve(urlOf(attempt), { visitCallback: false });
      expect((await fetch(changed(url, change))).status).toBe(403);
      expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringMatching(message) });
      expect(authority.counts().codeExchanges).toBe(0);
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    });

    test('of a human who said no ends the login, and says so', async () => {
      const { gateway, entry, authority } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const failure = failureOf(attempt.done);
      expect((await approve(urlOf(attempt), { deny: true })).status).toBe(403);
      expect(await failure).toMatchObject({
        code: 'AUTH_FAILED',
        message: expect.stringContaining('The user said no'),
      });
      expect(authority.counts().codeExchanges).toBe(0);
      expect(await gateway.status(entry)).toEqual({ kind: 'none' });
    });

    test('that comes twice redeems its code once', async () => {
      const { gateway, entry, authority } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const { url } = await approve(urlOf(attempt), { visitCallback: false });
      const arrivals = await Promise.all([fetch(url), fetch(url)]);
      expect(arrivals.map(({ status }) => status)).toContain(200);
      await attempt.done;
      expect(authority.tokenRequests()).toHaveLength(1);
      expect((await callTool(gateway, entry)).status).toBe(200);
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

    test('that the token endpoint refuses fails the login with its error', async () => {
      const { gateway, entry } = await begin();
      const attempt = await gateway.login(entry, { openBrowser: false });
      const { url } = await approve(urlOf(attempt), { visitCallback: false });
      const guessed = new URL(url);
      guessed.searchParams.set('code', 'guessed');
      const failed = { code: 'AUTH_FAILED', message: expect.stringContaining('invalid_grant') };
      expect(await failureOf(gateway.finish(entry, guessed.href))).toMatchObject(failed);
      expect(await failureOf(attempt.done)).toMatchObject(failed);
    });
  });

  describe('a login that', () => {
    test('is over at the authorization server is asked for again, with the same registration', async () => {
      const { gateway, entry, authority } = await begin();
      await logIn(gateway, entry);
      authority.revokeLogins();
      expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
      // The verdict is remembered: nobody asks for it twice.
      expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
      expect(authority.counts()).toMatchObject({ refused: 1 });
      await logIn(gateway, entry);
      expect((await callTool(gateway, entry)).status).toBe(200);
      expect(authority.counts()).toMatchObject({ registrations: 1, codeExchanges: 2 });
    });

    test('has no refresh token is asked for again when its token is rejected', async () => {
      const { gateway, entry, server } = await begin({ refreshTokens: false });
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
      scene = await start();
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
  });

  describe('an authorization server that answers', () => {
    test.each(['html', '503', 'drop'] as const)(
      '%s for its metadata gives one clear error before any browser is opened, and is asked again at the next login',
      async (fault) => {
        const { gateway, entry, authority } = await begin();
        authority.fail('metadata', fault as 'html');
        const failure = await failureOf(gateway.login(entry, { openBrowser: true }));
        expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
        expect(failure).toHaveProperty('message', expect.stringContaining(authority.issuer));
        expect(scene.opened).toEqual([]);
        authority.fail('metadata', undefined);
        await logIn(gateway, entry);
      },
    );

    test('B20: 503 to the registration gives one clear error, and is asked again at the next login', async () => {
      const { gateway, entry, authority } = await begin();
      authority.fail('registration', '503');
      const failure = await failureOf(gateway.login(entry, { openBrowser: true }));
      expect(failure).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.') });
      expect(scene.opened).toEqual([]);
      authority.fail('registration', undefined);
      await logIn(gateway, entry);
    });

    test.each(['503', 'html', 'drop'] as const)(
      '%s to the exchange of the code fails the login, says so in the browser, and saves nothing',
      async (fault) => {
        const { gateway, entry, authority } = await begin();
        authority.fail('token', fault as 'html');
        const attempt = await gateway.login(entry, { openBrowser: false });
        const failure = failureOf(attempt.done);
        expect((await approve(urlOf(attempt))).status).toBe(403);
        expect(await failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining("'crm'") });
        expect(await gateway.status(entry)).toEqual({ kind: 'none' });
        authority.fail('token', undefined);
        await logIn(gateway, entry);
      },
    );

    test.each(['503', 'html', 'drop'] as const)('A4: %s to a refresh costs no login', async (fault) => {
      const { entry, authority } = await begin();
      let at = Date.now();
      const gateway = scene.process({ now: () => at });
      await logIn(gateway, entry);
      authority.expireAccessTokens();
      authority.fail('token', fault as 'html');
      expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'SERVER_UNAVAILABLE' });
      authority.fail('token', undefined);
      at += 60_000;
      expect((await callTool(gateway, entry)).status).toBe(200);
      expect(authority.counts()).toMatchObject({ codeExchanges: 1, refreshes: 1 });
    });
  });
}
