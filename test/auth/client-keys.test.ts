// Clients without a secret that prove themselves by a key: registered with one of their own, or configured with one.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { AuthorizationSettings } from '../../fixtures/http/authorization-server/authority.mjs';
import { Secret } from '../../src/lib/secret.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene } from './login-scene.ts';
import { freePort } from './taken-port.ts';

let scene: Scene;
afterEach(() => scene.close());

const keyed: Partial<AuthorizationSettings> = { authMethods: ['private_key_jwt'] };
const headerOf = (assertion: string | undefined) =>
  JSON.parse(Buffer.from(assertion?.split('.')[0] ?? '', 'base64url').toString());

describe('B18: where the server takes nothing but private_key_jwt, a registration', () => {
  test.each<[readonly string[] | undefined, string]>([
    [undefined, 'ES256'],
    [['RS256', 'ES256'], 'ES256'],
    [['RS256'], 'RS256'],
    [['EdDSA'], 'EdDSA'],
  ])('makes its own key, and login, refresh and revocation are signed with it (%j: %s)', async (signingAlgs, alg) => {
    scene = await startScene({ authorization: { ...keyed, ...(signingAlgs && { signingAlgs }) } });
    const { as } = scene;
    const gateway = scene.process();
    const entry = scene.entry();
    await logIn(gateway, entry);
    const { client } = await scene.saved();
    expect(client).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', private_key: { alg } });
    expect(client).not.toHaveProperty('client_secret');
    const registration = as.log.find(({ path }) => path === '/register')?.json;
    expect(registration).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      jwks: { keys: [{ alg, kid: client.private_key?.['kid'] }] },
    });

    as.expireAccessTokens();
    // Another process has the key from the file alone.
    const later = scene.process();
    expect((await callTool(later, entry)).status).toBe(200);
    expect(as.counts).toMatchObject({ refreshes: 1, refusedRefreshes: 0, registrations: 1 });
    expect(await later.logout(entry)).toBe('revoked');
    const signed = as.log.filter(({ path }) => path === '/token' || path === '/revoke');
    expect(signed.map(({ path, status }) => [path, status])).toEqual([
      ['/token', 200],
      ['/token', 200],
      ['/revoke', 200],
      ['/revoke', 200],
    ]);
    for (const { form, authorization } of signed) {
      expect(headerOf(form?.['client_assertion']).alg).toBe(alg);
      expect([authorization, form?.['client_secret']]).toEqual([undefined, undefined]);
    }
  });

  test('is not tried with an algorithm that this client has not', async () => {
    scene = await startScene({ authorization: { ...keyed, signingAlgs: ['ES256K'] } });
    expect(await failureOf(logIn(scene.process(), scene.entry()))).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('none of the algorithms'),
      hint: expect.stringContaining('ES256K'),
    });
    expect(scene.as.counts.registrations).toBe(0);
  });
});

describe('B18: the key of the config', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const source = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] };

  test.each([
    ['a client that was registered by hand', { clientId: 'by-hand' }, 'by-hand'],
    [
      'a metadata document',
      { clientMetadataUrl: 'https://portico.example/client.json' },
      'https://portico.example/client.json',
    ],
  ])('proves %s, and is not saved', async (_what, oauth, clientId) => {
    scene = await startScene({ authorization: { ...keyed, clientDocuments: true } });
    const callbackPort = await freePort();
    scene.as.enterClient({
      client_id: clientId,
      token_endpoint_auth_method: 'private_key_jwt',
      redirect_uris: [`http://127.0.0.1:${callbackPort}/callback`],
      jwks,
    });
    const gateway = scene.process();
    const entry = scene.entry({ ...oauth, privateKey: source, callbackPort });
    await logIn(gateway, entry);
    scene.as.expireAccessTokens();
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(scene.as.counts).toMatchObject({ registrations: 0, refreshes: 1 });
    const saved = await scene.saved();
    expect(saved.client).toMatchObject({ client_id: clientId, token_endpoint_auth_method: 'private_key_jwt' });
    expect(saved.client).not.toHaveProperty('private_key');
  });
});

test('B18: another method that the server lists is tried once for a fresh registration, and remembered', async () => {
  scene = await startScene({ authorization: { faults: { registration: 'says-basic-takes-post' } } });
  const { as } = scene;
  const gateway = scene.process();
  const entry = scene.entry();
  await logIn(gateway, entry);
  expect((await scene.saved()).client.token_endpoint_auth_method).toBe('client_secret_post');
  as.expireAccessTokens();
  expect((await callTool(gateway, entry)).status).toBe(200);
  const methods = as.log
    .filter(({ path }) => path === '/token')
    .map(({ authorization, form }) => (authorization ? 'basic' : form?.['client_secret'] ? 'post' : 'none'));
  expect(methods).toEqual(['basic', 'post', 'post']);
  expect(as.counts.registrations).toBe(1);
});
