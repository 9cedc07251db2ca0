// Which client a login uses when one of the ways in is closed, and what the human is told then.
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { AuthorizationSettings } from '../../fixtures/http/authorization-server/authority.mjs';
import type { StartOptions } from '../../fixtures/http/authorization-server.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { chooseClient } from '../../src/auth/choose-client.ts';
import { hintForRefusedClient, noClientError } from '../../src/auth/client-refusal.ts';
import type { SavedClient } from '../../src/auth/token-store.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';
import { httpEntry, oauth, publicClient, sampleDiscovery, sampleRecord } from './samples.ts';
import { freePort } from './taken-port.ts';

const document = 'https://portico.example/client.json';
const redirectUri = 'http://127.0.0.1:33418/callback';

describe('a metadata document that the server does not take', () => {
  let scene: Scene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;
  afterEach(() => scene.close());

  async function open(authorization: StartOptions & Partial<AuthorizationSettings> = {}): Promise<void> {
    scene = await startScene({ authorization: { clientDocuments: true, loopbackPorts: 'any', ...authorization } });
    gateway = scene.process();
    entry = scene.entry({ clientMetadataUrl: document });
  }

  const askedAs = (): (string | undefined)[] =>
    scene.as.log.filter(({ path }) => path === '/authorize').map(({ query }) => query?.['client_id']);

  /** The authorization server sends the browser back with an error instead of a code. */
  async function comeBackWith(error: string): Promise<unknown> {
    const attempt = await gateway.login(entry, { openBrowser: false });
    const asked = new URL(urlOf(attempt)).searchParams;
    const callback = new URL(asked.get('redirect_uri') ?? '');
    callback.search = new URLSearchParams({ error, state: asked.get('state') ?? '', iss: scene.as.issuer }).toString();
    const failed = failureOf(attempt.done);
    await failureOf(gateway.finish(entry, callback.href));
    return await failed;
  }

  test.each(['invalid_client', 'unauthorized_client', 'invalid_request'])(
    'B21: says %s in the callback: the next login registers, and every later one uses that',
    async (error) => {
      await open();
      const failed = await comeBackWith(error);
      expect(failed).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('next login registers') });
      await logIn(gateway, entry);
      const first = await scene.saved();
      expect(first.client).toMatchObject({ refused_document: document, registered_at: expect.any(Number) });
      // Years later, when the tokens are gone, the document is not tried on the human again.
      scene.as.revokeLogins();
      await failureOf(callTool(gateway, entry));
      await logIn(gateway, entry);
      expect((await scene.saved()).client).toEqual(first.client);
      expect(askedAs()).toEqual([first.client.client_id, first.client.client_id]);
      expect(scene.as.counts.registrations).toBe(1);
    },
  );

  test('B21: refuses it at the token endpoint: the next login registers', async () => {
    await open();
    scene.as.enterClient({
      client_id: document,
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
    });
    scene.as.faults.token = ['invalid_client'];
    expect(await failureOf(logIn(gateway, entry))).toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringContaining('next login registers'),
    });
    await logIn(gateway, entry);
    expect(askedAs()).toEqual([document, expect.stringMatching(/^client-/)]);
  });

  test('B21: and lets nobody register: the error says so, and the document is tried again', async () => {
    await open({ faults: { registration: 'none' } });
    const failed = await comeBackWith('invalid_client');
    expect(failed).toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringMatching(/lets nobody register.*portico client-metadata.*oauth\.clientId/),
    });
    // It may be hosted by now.
    scene.as.enterClient({
      client_id: document,
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
    });
    await logIn(gateway, entry);
    expect(askedAs()).toEqual([document]);
  });

  test('B21: refuses it for a device login: this client registers at once, before the human has seen anything', async () => {
    await open({ deviceLogin: true });
    scene.as.enterClient({
      client_id: document,
      token_endpoint_auth_method: 'none',
      redirect_uris: [],
      grant_types: [],
    });
    entry = scene.entry({ clientMetadataUrl: document, grantType: 'urn:ietf:params:oauth:grant-type:device_code' });
    scene.as.faults.device = ['unauthorized_client'];
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(attempt.userCode).toEqual(expect.any(String));
    expect(scene.as.counts).toMatchObject({ registrations: 1, deviceAuthorizations: 1 });
  });

  test('B21: is tried again after a logout', async () => {
    await open();
    await comeBackWith('invalid_client');
    await logIn(gateway, entry);
    await gateway.logout(entry);
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect(new URL(urlOf(attempt)).searchParams.get('client_id')).toBe(document);
  });
});

describe('A3: the saved registration', () => {
  const signal = new AbortController().signal;
  const none = { fetch: () => Promise.reject(new Error('nothing may be asked')), now: () => 1_700_000_000_000 };
  const choose = (client: SavedClient, grantTypes?: readonly string[], wishes: object = {}) =>
    chooseClient(
      none,
      { entry: httpEntry, settings: oauth, freshClient: false, signal, ...wishes },
      { discovery: sampleDiscovery(), saved: sampleRecord({ client }), redirectUri, grantTypes },
    );
  const device = 'urn:ietf:params:oauth:grant-type:device_code';

  test.each<[string, SavedClient, readonly string[] | undefined]>([
    ['for the grant that is needed', { ...publicClient, grant_types: [device, 'authorization_code'] }, [device]],
    ['of which nobody noted the grants', publicClient, [device]],
    ['where no other grant is needed', { ...publicClient, grant_types: ['authorization_code'] }, undefined],
  ])('is used: %s', async (_what, client, grantTypes) => {
    expect(await choose(client, grantTypes)).toBe(client);
  });

  test.each<[string, SavedClient, readonly string[], object]>([
    ['for other grants', { ...publicClient, grant_types: ['authorization_code'] }, [device], {}],
    ['for another redirect URI', { ...publicClient, redirect_uri: 'http://127.0.0.1:1/callback' }, [], {}],
    ['of a secret that expired', { ...publicClient, client_secret_expires_at: 1_600_000_000 }, [], {}],
    ['that the last login did not finish with', publicClient, [], { distrustedClientId: 'client-1' }],
    ['that the human wants replaced', publicClient, [], { freshClient: true }],
    ['that was none of ours', { client_id: 'by-hand', token_endpoint_auth_method: 'none' }, [], {}],
  ])('is replaced: %s', async (_what, client, grantTypes, wishes) => {
    await expect(choose(client, grantTypes, wishes)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  });
});

describe('B15: where nobody may register, the error names', () => {
  const errorFor = (settings: Partial<OAuthSettings> = {}, metadata: object = {}) => {
    const discovery = sampleDiscovery();
    const found = { ...discovery, as: { ...discovery.as, registration_endpoint: '', ...metadata } };
    return noClientError({ server: 'crm', discovery: found, redirectUri, settings: { ...oauth, ...settings } });
  };

  test.each<[string, Partial<OAuthSettings>, object, RegExp]>([
    ['the redirect URI to register, to the byte', {}, {}, /redirect URI http:\/\/127\.0\.0\.1:33418\/callback,/],
    ['the keys to fill', {}, {}, /set oauth\.clientId \(and oauth\.clientSecret, if it gives one\)/],
    [
      'the secret, where the vendor takes no app without one',
      {},
      { token_endpoint_auth_methods_supported: ['client_secret_post'] },
      /oauth\.clientId and oauth\.clientSecret \(this vendor takes no app without a secret\)/,
    ],
    ['the port, so that the redirect URI stays the same', {}, {}, /oauth\.callbackPort to 33418/],
    [
      'the metadata document, where the server takes those',
      {},
      { client_id_metadata_document_supported: true },
      /oauth\.clientMetadataUrl/,
    ],
  ])('%s', (_what, settings, metadata, says) => {
    expect(errorFor(settings, metadata).hint).toMatch(says);
  });

  test.each<[string, Partial<OAuthSettings>]>([
    ['is fixed', { callbackPort: 33418 }],
    ['is part of oauth.redirectUri', { redirectUri }],
  ])('no port where it %s', (_what, settings) => {
    expect(errorFor(settings).hint).not.toContain('callbackPort');
  });

  test('what the server lacks for oauth.clientMetadataUrl', () => {
    expect(errorFor({ clientMetadataUrl: document }).message).toMatch(
      /https:\/\/as\.example does not let clients register themselves and takes no client ID metadata documents/,
    );
  });
});

describe('B15: a configured client that the token endpoint refuses', () => {
  let scene: Scene;
  afterEach(() => scene.close());

  test('without a secret, where it has one: the error names oauth.clientSecret', async () => {
    scene = await startScene();
    const callbackPort = await freePort();
    scene.as.enterClient({
      client_id: 'by-hand',
      client_secret: 'canary-secret',
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [`http://127.0.0.1:${callbackPort}/callback`],
    });
    const gateway = scene.process();
    const entry = scene.entry({ clientId: 'by-hand', callbackPort });
    expect(await failureOf(logIn(gateway, entry))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('invalid_client'),
      hint: expect.stringContaining('oauth.clientSecret'),
    });
    // With it, the same client works: nothing was registered in its place.
    const whole = scene.entry({ clientId: 'by-hand', clientSecret: new Secret('canary-secret'), callbackPort });
    const attempt = await gateway.login(whole, { openBrowser: false });
    await approve(urlOf(attempt));
    await attempt.done;
    expect(scene.as.counts.registrations).toBe(0);
  });
});

describe('B15: the hint after a refusal', () => {
  test.each<[string, string, Partial<SavedClient>, RegExp | undefined]>([
    ['GitHub', 'incorrect_client_credentials', {}, /oauth\.clientSecret/],
    ['Google', 'invalid_request', {}, /oauth\.clientSecret/],
    [
      'a wrong secret',
      'invalid_client',
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_post' },
      /tokenEndpointAuthMethod/,
    ],
    ['a code that was used', 'invalid_grant', {}, undefined],
    ['a human who said no', 'access_denied', {}, undefined],
    ['a registration of ours', 'invalid_client', { registered_at: 1 }, undefined],
  ])('for %s (%s)', (_vendor, error, change, says) => {
    const client: SavedClient = { client_id: 'by-hand', token_endpoint_auth_method: 'none', ...change };
    const hint = hintForRefusedClient(error, { discovery: sampleDiscovery(), client });
    if (says === undefined) expect(hint).toBeUndefined();
    else expect(hint).toMatch(says);
  });
});
