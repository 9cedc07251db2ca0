// Owns the tests that a key whose behaviour comes later is never ignored without a word.
import { expect, test } from 'vitest';
import { laterKeys } from '../../src/config/later-keys.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { loadOne } from './write-config.ts';

const url = 'https://h/mcp';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const idp = { clientId: 'a', idToken: 'b', tokenEndpoint: 'https://idp/token' };
const pem = '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----';

const uses: readonly [object, readonly string[]][] = [
  [{ command: 'x', protocol: '2026-07-28' }, ['protocol']],
  [{ url, oauth: { clientMetadataUrl: 'https://c/client.json' } }, ['oauth.clientMetadataUrl']],
  [{ url, oauth: { grantType: 'client_credentials', clientId: 'a', clientSecret: 'b' } }, ['oauth.grantType']],
  [{ url, oauth: { grantType: 'urn:ietf:params:oauth:grant-type:device_code' } }, ['oauth.grantType']],
  [{ url, oauth: { grantType: jwtBearer, assertion: 'j' } }, ['oauth.grantType', 'oauth.assertion']],
  [{ url, oauth: { grantType: jwtBearer, idp } }, ['oauth.grantType', 'oauth.idp']],
  [
    { url, oauth: { clientId: 'a', privateKey: pem, signingAlg: 'ES256', tokenEndpointAuthMethod: 'private_key_jwt' } },
    ['oauth.privateKey', 'oauth.signingAlg', 'oauth.tokenEndpointAuthMethod'],
  ],
  [{ url, oauth: { dpop: true } }, ['oauth.dpop']],
];

test.each(uses)('%j is accepted with a warning', async (entry, keys) => {
  const { server, issues } = await loadOne(entry);
  expect(server.state).toBe('usable');
  const said = issues.filter(({ message }) => message.includes('not in force yet'));
  expect(said.map(({ severity, pointer }) => [severity, pointer]).sort()).toEqual(
    keys.map((key) => ['warning', `/mcpServers/one/${key.replaceAll('.', '/')}`]).sort(),
  );
});

test('the table above uses every later key', () => {
  const used = new Set(uses.flatMap(([, keys]) => keys));
  expect([...used].sort()).toEqual(laterKeys.map(({ key }) => key).sort());
});

test.each([
  [{ url, protocol: '2025-11-25' }],
  [{ url, oauth: { grantType: 'authorization_code', dpop: false } }],
  [{ url, oauth: { clientId: 'a', clientSecret: 'b', tokenEndpointAuthMethod: 'client_secret_basic' } }],
])('%j is in force', async (entry) => {
  expect((await loadOne(entry)).issues).toEqual([]);
});

test('keys and assertions are kept in a form that a later version can use', async () => {
  const oauthOf = async (oauth: object) => {
    const { server } = await loadOne({ url, oauth });
    return ((server as { entry: HttpServerEntry }).entry.oauth || undefined) as Exclude<
      HttpServerEntry['oauth'],
      false
    >;
  };
  expect((await oauthOf({ privateKey: pem })).privateKey?.reveal()).toBe(pem);
  expect((await oauthOf({ privateKey: { kty: 'EC' } })).privateKey?.reveal()).toBe('{"kty":"EC"}');
  expect((await oauthOf({ privateKey: 'k.pem' })).privateKey?.reveal()).toMatch(/.[\\/]k\.pem$/);
  expect((await oauthOf({ grantType: jwtBearer, assertion: { file: 'a.jwt' } })).assertion).toMatchObject({
    kind: 'file',
  });
  expect((await oauthOf({ grantType: jwtBearer, assertion: { command: 'c' } })).assertion).toEqual({
    kind: 'command',
    command: 'c',
    args: [],
  });
  expect((await oauthOf({ grantType: jwtBearer, idp })).idp?.idToken.reveal()).toBe('b');
});
