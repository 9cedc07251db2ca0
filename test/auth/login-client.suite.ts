// Owns which client a login uses at any authorization server: the configured one, the saved registration while it can be
// trusted, or a new one; and how each proves itself.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { RegisteredClient } from '../../fixtures/http/authorization-server/authority.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { LoginScene, StartLoginScene } from './login-scene.ts';
import { callTool, failureOf, logIn, urlOf } from './login-scene.ts';
import { freePort, takePort } from './taken-port.ts';

const portOf = (redirectUri: string | undefined): string => new URL(redirectUri ?? '').port;

export function describeClients(start: StartLoginScene): void {
  describe('the registration', () => describeRegistrations(start));
  describe('a client', () => describeProofs(start));
}

function describeRegistrations(start: StartLoginScene): void {
  let scene: LoginScene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;

  beforeEach(async () => {
    scene = await start();
    gateway = scene.process();
    entry = scene.entry();
  });

  afterEach(() => scene.close());

  test('A6: of a finished login and its port are used again at the next login', async () => {
    await logIn(gateway, entry);
    const first = await scene.saved();
    scene.authority.revokeLogins();
    const later = scene.process();
    expect(await failureOf(callTool(later, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(later, entry);
    const second = await scene.saved();
    expect(second.client).toEqual(first.client);
    expect(scene.authority.counts().registrations).toBe(1);
  });

  test('A3: is replaced at the next login when a login with it did not finish', async () => {
    const { authority } = scene;
    await logIn(gateway, entry);
    const first = await scene.saved();
    authority.revokeLogins();
    await failureOf(callTool(gateway, entry));
    authority.forgetClients();

    // The authorize page refuses the client: only the human sees that.
    const attempt = await gateway.login(entry, { openBrowser: false });
    const page = await approve(urlOf(attempt));
    expect([page.status, new URL(page.url).origin]).toEqual([400, new URL(authority.issuer).origin]);
    const failure = failureOf(attempt.done);
    await gateway.close();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });

    const later = scene.process();
    await logIn(later, entry);
    expect((await scene.saved()).client.client_id).not.toBe(first.client.client_id);
    expect(authority.counts().registrations).toBe(2);
    expect((await callTool(later, entry)).status).toBe(200);
  });

  test('A3: that the server has forgotten is replaced after the refresh that says so', async () => {
    const { authority } = scene;
    await logIn(gateway, entry);
    const first = await scene.saved();
    authority.expireAccessTokens();
    authority.forgetClients();
    expect(await failureOf(callTool(gateway, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(gateway, entry);
    expect((await scene.saved()).client.client_id).not.toBe(first.client.client_id);
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(authority.counts()).toMatchObject({ registrations: 2, codeExchanges: 2 });
  });

  test('stays trusted when the human says no', async () => {
    await logIn(gateway, entry);
    scene.authority.revokeLogins();
    await failureOf(callTool(gateway, entry));
    const attempt = await gateway.login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    await approve(urlOf(attempt), { deny: true });
    expect(await failure).toMatchObject({ code: 'AUTH_FAILED' });
    await logIn(gateway, entry);
    expect(scene.authority.counts().registrations).toBe(1);
  });

  test('A3: is made anew when a restart is asked for', async () => {
    await logIn(gateway, entry);
    const attempt = await gateway.login(entry, { openBrowser: false, restart: true });
    await approve(urlOf(attempt));
    await attempt.done;
    expect(scene.authority.counts().registrations).toBe(2);
  });

  test('A6: is made anew when the port of the old one is taken by another program', async () => {
    await logIn(gateway, entry);
    scene.authority.revokeLogins();
    await failureOf(callTool(gateway, entry));
    const taken = Number(portOf((await scene.saved()).client.redirect_uri));
    const other = await takePort(taken);
    await logIn(gateway, entry);
    await other.free();
    expect(scene.authority.counts().registrations).toBe(2);
    expect(portOf((await scene.saved()).client.redirect_uri)).not.toBe(String(taken));
  });
}

interface Proof {
  readonly name: string;
  readonly registered: Partial<RegisteredClient> & Pick<RegisteredClient, 'token_endpoint_auth_method'>;
  readonly oauth: Partial<OAuthSettings>;
}

/** With signs that have to be encoded (RFC 6749 section 2.3.1). */
const secret = 'canary secret+/=&:%';

function proofs(): readonly Proof[] {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] };
  return [
    { name: 'nothing', registered: { token_endpoint_auth_method: 'none' }, oauth: {} },
    ...(['client_secret_basic', 'client_secret_post'] as const).map((method) => ({
      name: method,
      registered: { token_endpoint_auth_method: method, client_secret: secret },
      oauth: { clientSecret: new Secret(secret), tokenEndpointAuthMethod: method },
    })),
    {
      name: 'private_key_jwt',
      registered: { token_endpoint_auth_method: 'private_key_jwt', jwks },
      oauth: { privateKey: new Secret(pem) },
    },
  ];
}

function describeProofs(start: StartLoginScene): void {
  let scene: LoginScene;

  afterEach(() => scene.close());

  const kindOf = ({ form, authorization }: ReturnType<LoginScene['authority']['tokenRequests']>[number]): string => {
    if (form['client_assertion'] !== undefined) return 'private_key_jwt';
    if (form['client_secret'] !== undefined) return 'client_secret_post';
    return authorization === undefined ? 'nothing' : 'client_secret_basic';
  };

  test.each(proofs())(
    'B15, B18: of the config that proves itself by $name logs in at its fixed port, refreshes and is logged out, and nothing is registered',
    async ({ name, registered, oauth }) => {
      const callbackPort = await freePort();
      const redirect_uris = [`http://127.0.0.1:${callbackPort}/callback`];
      const grant_types = ['authorization_code', 'refresh_token'];
      const client = { ...registered, client_id: 'by-hand', redirect_uris, grant_types };
      const authMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
      scene = await start({ clients: [client], authMethods });
      const { authority } = scene;
      const entry = scene.entry({ clientId: 'by-hand', callbackPort, ...oauth });
      const gateway = scene.process();
      await logIn(gateway, entry);
      authority.expireAccessTokens();
      expect((await callTool(scene.process(), entry)).status).toBe(200);
      expect(authority.tokenRequests().map(kindOf)).toEqual([name, name]);
      expect(await gateway.logout(entry)).toBe('revoked');
      expect(authority.counts()).toMatchObject({ registrations: 0, codeExchanges: 1, refreshes: 1, refused: 0 });
    },
  );

  test('B15: of the config with a wrong secret fails the login with the keys to correct, and without the secret', async () => {
    const callbackPort = await freePort();
    const registered = {
      client_id: 'by-hand',
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_basic' as const,
      redirect_uris: [`http://127.0.0.1:${callbackPort}/callback`],
    };
    scene = await start({ clients: [registered] });
    const entry = scene.entry({ clientId: 'by-hand', clientSecret: new Secret('canary-wrong'), callbackPort });
    const attempt = await scene.process().login(entry, { openBrowser: false });
    const failure = failureOf(attempt.done);
    expect((await approve(urlOf(attempt))).body).not.toContain('canary-wrong');
    expect(await failure).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('invalid_client'),
      hint: expect.stringContaining('oauth.clientId'),
    });
    expect(JSON.stringify(await failure)).not.toContain('canary-wrong');
    expect(scene.authority.tokenRequests()).toHaveLength(1);
  });

  test.each(['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const)(
    'B18: that registers itself takes %s where the server takes nothing else',
    async (method) => {
      scene = await start({ authMethods: [method] });
      const gateway = scene.process();
      const entry = scene.entry();
      await logIn(gateway, entry);
      const { client } = await scene.saved();
      expect(client.token_endpoint_auth_method).toBe(method);
      expect(client.client_secret === undefined).toBe(method === 'private_key_jwt');
      scene.authority.expireAccessTokens();
      // Another process has everything from the file alone.
      expect((await callTool(scene.process(), entry)).status).toBe(200);
      expect(scene.authority.tokenRequests().map(kindOf)).toEqual([method, method]);
      expect(scene.authority.counts()).toMatchObject({ registrations: 1, refreshes: 1, refused: 0 });
    },
  );
}
