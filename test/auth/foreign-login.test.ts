// What becomes of a login that another program saved, once the authorization server is known.
import { describe, expect, it } from 'vitest';
import { completeForeignLogin, type ForeignLogin, judgeForeignLogin } from '../../src/auth/foreign-login.ts';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import { failureOf } from './login-scene.ts';
import { httpEntry, oauth, sampleDiscovery } from './samples.ts';

const savedAt = 1_800_000_000_000;
const seconds = savedAt / 1000;
const tokens = { access_token: 'theirs-a', refresh_token: 'theirs-r', token_type: 'Bearer', expires_in: 3600 };
const client = {
  client_id: 'theirs',
  redirect_uris: ['http://localhost:4711/oauth/callback'],
  client_id_issued_at: 17,
};
const found: ForeignLogin = { tokens, client, savedAt, remains: [] };

function judge(change: Partial<ForeignLogin> = {}, settings: Partial<OAuthSettings> = {}, methods?: readonly string[]) {
  const discovery = sampleDiscovery();
  const as = methods ? { ...discovery.as, token_endpoint_auth_methods_supported: [...methods] } : discovery.as;
  const entry = { ...httpEntry, oauth: { ...oauth, ...settings }, profile: 'work' };
  return judgeForeignLogin({ ...found, ...change }, { entry, discovery: { ...discovery, as }, now: savedAt + 1000 });
}

function recordOf(...input: Parameters<typeof judge>) {
  const verdict = judge(...input);
  if (verdict.kind !== 'record') throw new Error(verdict.reason);
  return verdict.record;
}

describe('judgeForeignLogin', () => {
  it('makes a login that refreshes anywhere, as old as their file, with the registration they made', () => {
    expect(recordOf()).toEqual({
      version: 1,
      server_url: httpEntry.url,
      profile: 'work',
      resource: 'https://mcp.example/mcp',
      issuer: 'https://as.example',
      token_endpoint: 'https://as.example/token',
      client: {
        client_id: 'theirs',
        token_endpoint_auth_method: 'none',
        redirect_uri: 'http://localhost:4711/oauth/callback',
        registered_at: 17,
      },
      tokens: {
        access_token: 'theirs-a',
        refresh_token: 'theirs-r',
        token_type: 'Bearer',
        issued_at: seconds,
        expires_at: seconds + 3600,
      },
      updated_at: seconds,
    });
  });

  it.each([
    ['seconds', { expires_at: seconds + 100 }],
    ['milliseconds', { expires_at: (seconds + 100) * 1000 }],
    ['the other spelling', { expiresAt: seconds + 100 }],
    ['a string', { expires_at: `${seconds + 100}` }],
  ])('takes the end of the token in %s', (_, noted) => {
    const { tokens: dated } = recordOf({ tokens: { ...tokens, ...noted } });
    expect(dated).toMatchObject({ expires_at: seconds + 100, issued_at: seconds + 100 - 3600 });
  });

  it.each<[string, object, string | undefined, readonly string[] | undefined, string]>([
    [
      'the method of the registration',
      { token_endpoint_auth_method: 'client_secret_basic' },
      's',
      undefined,
      'client_secret_basic',
    ],
    ['none without a secret', { token_endpoint_auth_method: 'client_secret_post' }, undefined, undefined, 'none'],
    ['what the server lists', {}, 's', ['client_secret_post'], 'client_secret_post'],
    ['the default of RFC 8414', {}, 's', undefined, 'client_secret_basic'],
  ])('authenticates the client by %s', (_, named, secret, methods, method) => {
    const { client: saved } = recordOf({ client: { ...client, ...named, client_secret: secret } }, {}, methods);
    expect(saved.token_endpoint_auth_method).toBe(method);
  });

  it('uses the configured client where theirs was named by hand, and theirs where both are known', () => {
    const settings = { clientId: 'configured', clientSecret: new Secret('hush') };
    expect(recordOf({ client: undefined }, settings).client).toEqual({
      client_id: 'configured',
      client_secret: 'hush',
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(recordOf({}, settings).client.client_id).toBe('theirs');
  });

  it('reads the account out of an ID token', () => {
    const claims = Buffer.from(JSON.stringify({ email: 'ann@example.com' })).toString('base64url');
    expect(recordOf({ tokens: { ...tokens, id_token: `e30.${claims}.` } }).account).toBe('ann@example.com');
  });

  it.each<[string, Partial<ForeignLogin>, RegExp]>([
    ['no client', { client: undefined }, /does not say which client/],
    ['a client without an id', { client: { client_id: '' } }, /does not say which client/],
    ['no token', { tokens: { refresh_token: 'theirs-r' } }, /saved tokens cannot be used/],
    ['a token no header can hold', { tokens: { ...tokens, access_token: 'theirs\r\nX: y' } }, /cannot be used/],
    ['a token bound to a key', { tokens: { ...tokens, token_type: 'DPoP' } }, /cannot be used/],
    ['an error', { tokens: { error: 'theirs' } }, /cannot be used/],
    [
      'a token that expired for good',
      { tokens: { access_token: 'theirs-a', expires_at: seconds } },
      /has expired, and there is no refresh token/,
    ],
    [
      'H57: another issuer',
      { issuer: 'https://evil.example' },
      /is of "https:\/\/evil\.example", and the server names/,
    ],
  ])('leaves %s alone, and quotes no token', (_, change, reason) => {
    const verdict = judge(change);
    expect(verdict).toMatchObject({ kind: 'unusable', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(verdict)).not.toContain('theirs');
  });

  it('knows the issuer with the slash that a URL parser adds', () => {
    expect(judge({ issuer: 'https://as.example/' }).kind).toBe('record');
  });
});

describe('completeForeignLogin', () => {
  it('H57: sends neither their tokens nor their client anywhere', async () => {
    const seen: string[] = [];
    const fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
      seen.push(JSON.stringify([String(url), [...new Headers(init.headers)], init.body ?? '']));
      const { pathname } = new URL(url);
      if (pathname === '/.well-known/oauth-protected-resource/mcp') {
        return Response.json({ resource: httpEntry.url, authorization_servers: ['https://as.example'] });
      }
      if (pathname === '/.well-known/oauth-authorization-server') {
        return Response.json({ ...sampleDiscovery().as, response_types_supported: ['code'] });
      }
      return new Response('', { status: 401 });
    };
    const record = await completeForeignLogin({ fetch, now: () => savedAt }, { entry: httpEntry, found });
    expect(record).toMatchObject({ issuer: 'https://as.example', tokens: { access_token: 'theirs-a' } });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.filter((request) => request.includes('theirs'))).toEqual([]);
  });

  it('fails as unavailable where nobody answers', async () => {
    const fetch = async (): Promise<Response> => {
      throw new TypeError('fetch failed');
    };
    const failure = await failureOf(completeForeignLogin({ fetch, now: () => savedAt }, { entry: httpEntry, found }));
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', server: 'crm' });
  });
});
