import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it, test } from 'vitest';
import { clientMetadata } from '../../src/auth/client-metadata.ts';
import { clientMetadataUrlProblem } from '../../src/config/client-metadata-url.ts';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Scene } from './login-scene.ts';
import { callTool, logIn, startScene } from './login-scene.ts';
import { httpEntry, oauth } from './samples.ts';
import { freePort } from './taken-port.ts';

const url = 'https://portico.example/client.json';
const documentOf = (settings: readonly Partial<OAuthSettings>[] = [], redirectUris: readonly string[] = []) =>
  clientMetadata({
    url,
    redirectUris,
    entries: settings.map((one) => ({ ...httpEntry, oauth: { ...oauth, ...one } })),
  });

describe('the Client ID Metadata Document', () => {
  it('B21: says what this client is, under its own URL', async () => {
    expect(await documentOf()).toEqual({
      client_id: url,
      client_name: 'Portico',
      software_id: 'mcp-portico',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });

  it.each<[string, Partial<OAuthSettings>, readonly string[]]>([
    ['a fixed port', { callbackPort: 33418 }, ['http://127.0.0.1:33418/callback']],
    [
      'a listener on all addresses',
      { callbackHost: '0.0.0.0', callbackPort: 33418 },
      ['http://127.0.0.1:33418/callback'],
    ],
    ['an address of IPv6', { callbackHost: '::1' }, ['http://[::1]/callback']],
    ['a proxy before the callback', { redirectUri: 'https://me.example/cb' }, ['https://me.example/cb']],
  ])('covers %s', async (_what, settings, added) => {
    const all = ['http://127.0.0.1/callback', 'http://localhost/callback', ...added];
    expect(await documentOf([settings, settings])).toMatchObject({ redirect_uris: all });
  });

  it('names what else is asked for, and the device grant where an entry uses it', async () => {
    const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';
    expect(await documentOf([{ grantType: deviceCode }], ['http://127.0.0.1:1/callback'])).toMatchObject({
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://127.0.0.1:1/callback'],
      grant_types: ['authorization_code', 'refresh_token', deviceCode],
    });
  });

  it('shows the public half of a configured key, and not a byte of the other', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = privateKey.export({ format: 'jwk' });
    const pem = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const document = await documentOf([{ privateKey: pem }, { privateKey: pem, callbackPort: 1 }]);
    const { d, ...shown } = jwk;
    expect(document).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [shown] } });
    expect(JSON.stringify(document)).not.toContain(d);
  });
});

describe('its URL', () => {
  it.each([
    ['http://portico.example/client.json', /https/],
    ['https://portico.example', /path/],
    ['https://portico.example/', /path/],
    ['https://portico.example/a#b', /fragment/],
    ['https://portico.example/a#', /fragment/],
    ['https://me:secret@portico.example/a', /password/],
    ['https://portico.example/a/../b', /segments/],
    ['https://portico.example/./b', /segments/],
    ['https://portico.example/a/%2E%2e', /segments/],
    ['https://Portico.example/a', /https:\/\/portico\.example\/a/],
    ['https://portico.example:443/a', /https:\/\/portico\.example\/a/],
    ['portico.example/a', /no URL/],
  ])('%s is refused', (text, says) => {
    expect(clientMetadataUrlProblem(text)).toMatch(says);
  });

  it.each([
    url,
    'https://portico.example:8443/a/b',
    'https://portico.example/.well-known/c?v=1',
    'https://x.example/a..b',
  ])('%s is fine', (text) => {
    expect(clientMetadataUrlProblem(text)).toBeUndefined();
  });
});

describe('B21: a login with the document that is printed for it', () => {
  let scene: Scene;
  afterEach(() => scene.close());

  test.each<[string, 'any' | 'exact', () => Promise<Partial<OAuthSettings>>]>([
    ['any port, where the server does as RFC 8252 section 7.3 says', 'any', async () => ({})],
    ['a fixed port, where the server compares text', 'exact', async () => ({ callbackPort: await freePort() })],
  ])('sends a redirect URI that it covers: %s', async (_what, loopbackPorts, settings) => {
    scene = await startScene({ authorization: { clientDocuments: true, loopbackPorts } });
    const entry = scene.entry({ clientMetadataUrl: url, ...(await settings()) });
    const document = (await clientMetadata({ url, redirectUris: [], entries: [entry] })) as { redirect_uris: string[] };
    const { redirect_uris } = document;
    scene.as.enterClient({ client_id: url, token_endpoint_auth_method: 'none', redirect_uris });
    const gateway = scene.process();
    await logIn(gateway, entry);
    expect((await callTool(gateway, entry)).status).toBe(200);
    expect(scene.as.counts.registrations).toBe(0);
  });
});
