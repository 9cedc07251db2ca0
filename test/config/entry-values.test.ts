// Owns the table of values that an entry may not have, each with the sentence that says so.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import { loadOne, loadText, usableEntry } from './write-config.ts';

const url = 'https://h/mcp';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const brokenEntries: readonly [object, string, RegExp][] = [
  [{}, '', /neither command nor url/],
  [{ command: 'x', url }, '/url', /both command and url/],
  [{ command: '' }, '/command', /command must not be empty/],
  [{ command: ['x'] }, '/command', /command must be a string, not a list/],
  [{ command: 'a\0b' }, '/command', /NUL/],
  [{ command: 'x', args: '-y x' }, '/args', /args must be a list, not a string/],
  [{ command: 'x', args: ['a', 1] }, '/args/1', /args\[1\] must be a string, not a number/],
  [{ command: 'x', env: { A: 1 } }, '/env/A', /env\.A must be a string, not a number/],
  [{ command: 'x', env: { 'A=B': '1' } }, '/env/A=B', /no name of a variable/],
  [{ command: 'x', env: null }, '/env', /env must be an object, not null/],
  [{ command: 'x', inheritEnv: false }, '/inheritEnv', /list of variable names, or true/],
  [{ command: 'x', inheritEnv: ['A', ''] }, '/inheritEnv', /list of variable names/],
  [{ command: 'x', type: 'http' }, '/type', /type "http" does not go with command/],
  [{ command: 'x', transport: 'sse' }, '/transport', /transport "sse" does not go with command/],
  [{ url, type: 'stdio' }, '/type', /type "stdio" does not go with url/],
  [{ url, type: 'sse', transport: 'http' }, '/transport', /different things/],
  [{ url, type: 'websocket' }, '/type', /type must be one of "stdio", "http", "streamable-http", "sse"/],
  [{ url: 'example.com/mcp' }, '/url', /url is no URL/],
  [{ url: 'ftp://h/' }, '/url', /must be an http or https URL/],
  [{ url: 'https://user:pw@h/' }, '/url', /user name or password/],
  [{ url: ' https://h/' }, '/url', /spaces/],
  [{ url: '' }, '/url', /must not be empty/],
  [{ url, headers: { 'A B': 'x' } }, '/headers/A B', /no name of a header/],
  [{ url, headers: { A: 'x\r\nB: y' } }, '/headers/A', /line breaks/],
  [{ url, headers: { A: 'x\n' } }, '/headers/A', /line breaks/],
  [{ url, headers: { A: '€' } }, '/headers/A', /Latin-1/],
  [{ url, headers: { A: 'x', a: 'y' } }, '/headers/a', /twice/],
  [{ url, headers: ['A'] }, '/headers', /must be an object, not a list/],
  [{ url, timeoutMs: -1 }, '/timeoutMs', /timeoutMs must be at least 1/],
  [{ url, timeoutMs: 0 }, '/timeoutMs', /at least 1/],
  [{ url, timeoutMs: 1.5 }, '/timeoutMs', /whole number, not a fraction/],
  [{ url, timeoutMs: '600' }, '/timeoutMs', /a whole number, not a string|a number, not a string/],
  [{ url, connectTimeoutMs: 2 ** 31 }, '/connectTimeoutMs', /at most 2147483647/],
  [{ url, maxResultBytes: 1023 }, '/maxResultBytes', /at least 1024/],
  [{ url, protocol: '2020-01-01' }, '/protocol', /protocol must be one of "auto"/],
  [{ url, disabled: 'yes' }, '/disabled', /true or false/],
  [{ url, profile: '' }, '/profile', /must not be empty/],
  [{ url, profile: 'a\nb' }, '/profile', /line breaks/],
  [{ url, oauth: true }, '/oauth', /must be an object, or false/],
  [{ url, oauth: { grantType: 'password' } }, '/oauth/grantType', /must be one of "authorization_code"/],
  [{ url, oauth: { callbackPort: 0 } }, '/oauth/callbackPort', /at least 1/],
  [{ url, oauth: { callbackPort: 65_536 } }, '/oauth/callbackPort', /at most 65535/],
  [{ url, oauth: { callbackPort: '80' } }, '/oauth/callbackPort', /number, not a string/],
  [{ url, oauth: { callbackHost: 'http://x:1' } }, '/oauth/callbackHost', /without scheme and port/],
  [{ url, oauth: { redirectUri: '/callback' } }, '/oauth/redirectUri', /is no URL/],
  [{ url, oauth: { issuer: 'as' } }, '/oauth/issuer', /is no URL/],
  [{ url, oauth: { clientMetadataUrl: 'http://h/c' } }, '/oauth/clientMetadataUrl', /https/],
  [{ url, oauth: { resource: true } }, '/oauth/resource', /a string or false/],
  [{ url, oauth: { scope: ['a'] } }, '/oauth/scope', /must be a string, not a list/],
  [{ url, oauth: { clientSecret: 's' } }, '/oauth/clientSecret', /without oauth.clientId/],
  [
    { url, oauth: { clientId: 'a', tokenEndpointAuthMethod: 'client_secret_post' } },
    '/oauth/tokenEndpointAuthMethod',
    /needs oauth.clientSecret/,
  ],
  [{ url, oauth: { tokenEndpointAuthMethod: 'magic' } }, '/oauth/tokenEndpointAuthMethod', /must be one of/],
  [
    { url, oauth: { authorizationParams: { state: 'x' } } },
    '/oauth/authorizationParams/state',
    /set by the login itself/,
  ],
  [{ url, oauth: { authorizationParams: { max_age: 5 } } }, '/oauth/authorizationParams/max_age', /must be a string/],
  [{ url, oauth: { grantType: 'client_credentials' } }, '/oauth/grantType', /needs oauth.clientId/],
  [{ url, oauth: { grantType: jwtBearer } }, '/oauth/grantType', /needs oauth.assertion or oauth.idp/],
  [
    { url, oauth: { grantType: jwtBearer, idp: { clientId: 'a', idToken: 'b' } } },
    '/oauth/idp',
    /tokenEndpoint is missing/,
  ],
  [
    { url, oauth: { grantType: jwtBearer, assertion: { file: 'a', command: 'b' } } },
    '/oauth/assertion',
    /must be a JWT/,
  ],
  [{ url, oauth: { signingAlg: 'HS256' } }, '/oauth/signingAlg', /must be one of/],
  [{ url, oauth: { dpop: 'true' } }, '/oauth/dpop', /true or false/],
];

describe('an entry is broken', () => {
  test.each(brokenEntries)('%j', async (entry, pointer, message) => {
    const { server, issues } = await loadOne(entry);
    expect(server.state).toBe('broken');
    const errors = issues.filter(({ severity }) => severity === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ pointer: `/mcpServers/one${pointer}`, message: expect.stringMatching(message) });
    expect(errors[0]?.message.startsWith("server 'one': ")).toBe(true);
  });
});

test('args as one string gets a hint with a list', async () => {
  const { issues } = await loadOne({ command: 'x', args: '-y x' });
  expect(issues[0]?.hint).toContain('["-y", "package"]');
});

test('a name that is empty or holds a line break makes the entry broken', async () => {
  const { servers } = await loadText({ mcpServers: { '': { command: 'x' }, 'a\nb': { command: 'x' } } });
  expect([...servers.values()].map(({ state }) => state)).toEqual(['broken', 'broken']);
});

test('a command with spaces and no path is a warning', async () => {
  const { server, issues } = await loadOne({ command: 'npx -y x' });
  expect(server.state).toBe('usable');
  expect(issues).toMatchObject([{ severity: 'warning', pointer: '/mcpServers/one/command' }]);
});

describe('no message, hint or value that is printed holds a secret', () => {
  const secret = 'canary-7f3a';
  const entries: object[] = [
    { url, headers: { Authorization: `${secret}\n` } },
    { url, headers: { [`a b`]: secret } },
    { url: `${secret}/mcp` },
    { url: `https://u:${secret}@h/` },
    { url, type: secret },
    { url, protocol: secret },
    { url, oauth: secret },
    { url, oauth: { clientSecret: [secret], clientId: 'x' } },
    { url, oauth: { clientSecret: secret } },
    { url, oauth: { clientId: 'x', clientSecret: secret, privateKey: secret, assertion: secret, signingAlg: 'RS256' } },
    { url, oauth: { privateKey: [secret] } },
    { url, oauth: { assertion: { x: secret } } },
    { url, oauth: { grantType: secret } },
    { url, oauth: { tokenEndpointAuthMethod: secret } },
    { command: 'x', args: secret },
    { command: 'x', env: secret },
    { command: 'x', env: { A: { b: secret } } },
  ];

  test.each(entries)('%#', async (entry) => {
    const { issues } = await loadOne(entry);
    expect(issues.length).toBeGreaterThan(0);
    expect(inspect(issues, { depth: 9 })).not.toContain(secret);
    const filled = await loadOne(JSON.parse(JSON.stringify(entry).replaceAll(secret, '${S}')), { S: secret });
    expect(inspect(filled.issues, { depth: 9 })).not.toContain(secret);
  });
});

test('secrets of a usable entry are not printed, and can be revealed', async () => {
  const entry = await usableEntry(
    {
      url,
      oauth: {
        clientId: 'a',
        clientSecret: '${S}',
        authorizationParams: { prompt: 'consent' },
        resource: false,
        callbackPort: 1,
        callbackHost: '::1',
      },
    },
    { S: 'canary-1' },
  );
  expect(inspect(entry, { depth: 9 }) + JSON.stringify(entry)).not.toContain('canary-1');
  const oauth = (entry as { oauth: OAuthSettings }).oauth;
  expect(oauth.clientSecret?.reveal()).toBe('canary-1');
  expect(oauth).toMatchObject({
    clientId: 'a',
    authorizationParams: { prompt: 'consent' },
    resource: false,
    callbackPort: 1,
    callbackHost: '::1',
  });
});

test('a key is kept as it is or as an absolute path, an assertion as where it comes from', async () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----';
  const idp = { clientId: 'a', idToken: 'b', tokenEndpoint: 'https://idp/token' };
  const oauthOf = async (oauth: object) => {
    const { server } = await loadOne({ url, oauth });
    return (server as { entry: { oauth: OAuthSettings } }).entry.oauth;
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
