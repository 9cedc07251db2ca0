import { afterEach, describe, expect, it } from 'vitest';
import { configuredClient } from '../../src/auth/configured-client.ts';
import { register } from '../../src/auth/register.ts';
import { judgeRegistration } from '../../src/auth/registration-answer.ts';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import { answerOf, oauth, sampleDiscovery } from './samples.ts';
import type { Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const redirectUri = 'http://127.0.0.1:33418/callback';
const now = 1_700_000_000_000;
let as: ScriptedServer | undefined;

afterEach(async () => {
  await as?.close();
  as = undefined;
});

const judge = (status: number, body: string | object) =>
  judgeRegistration(answerOf(status, body), { redirectUri, now, grantTypes: ['authorization_code'] });

describe('the answer to a registration', () => {
  it('is the client, as the server wrote it', () => {
    const body = {
      client_id: 'c',
      client_secret: 's',
      client_secret_expires_at: 1_800_000_000,
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [redirectUri],
    };
    expect(judge(201, body)).toEqual({
      kind: 'registered',
      client: {
        client_id: 'c',
        client_secret: 's',
        client_secret_expires_at: 1_800_000_000,
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uri: redirectUri,
        registered_at: 1_700_000_000,
        grant_types: ['authorization_code'],
      },
    });
  });

  it.each<[string, object, string]>([
    ['neither secret nor method', {}, 'none'],
    ['a secret and no method', { client_secret: 's' }, 'client_secret_post'],
    [
      'a secret and an unknown method',
      { client_secret: 's', token_endpoint_auth_method: 'tls_client_auth' },
      'client_secret_post',
    ],
    ['a secret that is not used', { client_secret: 's', token_endpoint_auth_method: 'none' }, 'none'],
    ['a method and no secret', { client_secret: null, token_endpoint_auth_method: 'client_secret_basic' }, 'none'],
    ['a method and an empty secret', { client_secret: '', token_endpoint_auth_method: 'client_secret_post' }, 'none'],
  ])('B18: with %s means the method %3$s', (_what, body, method) => {
    expect(judge(200, { client_id: 'c', ...body })).toMatchObject({ client: { token_endpoint_auth_method: method } });
  });

  it.each<[string, string[], string]>([
    ['ours', [redirectUri, 'https://x.example/cb'], redirectUri],
    ['none', [], redirectUri],
    ['localhost in place of 127.0.0.1', ['http://localhost:33418/callback'], 'http://localhost:33418/callback'],
    ['no port (RFC 8252 section 7.3)', ['http://127.0.0.1/callback'], redirectUri],
  ])('A6: that registers %s leads to %3$s', (_what, redirectUris, expected) => {
    expect(judge(201, { client_id: 'c', redirect_uris: redirectUris })).toMatchObject({
      client: { redirect_uri: expected },
    });
  });

  it.each<[string, string]>([
    ['another host', 'https://elsewhere.example/callback'],
    ['another port', 'http://127.0.0.1:9/callback'],
    ['another path', 'http://127.0.0.1:33418/cb'],
    ['nonsense', 'callback'],
  ])('A6: that registers %s leads nowhere', (_what, uri) => {
    expect(judge(201, { client_id: 'c', redirect_uris: [uri] }).kind).toBe('other_redirect');
  });

  it.each<[string, number, string | object]>([
    ['403 as plain text', 403, 'Forbidden'],
    ['400', 400, { error: 'invalid_client_metadata' }],
    ['a web page', 200, '<html>'],
    ['no client_id', 201, { client_secret: 's' }],
    ['a client_id that would steer a terminal', 201, { client_id: 'x\u001b[2J\n' }],
    ['an empty client_id', 201, { client_id: '' }],
    ['a client_id with an error status', 500, { client_id: 'c' }],
  ])('%s is a refusal', (_what, status, body) => {
    expect(judge(status, body).kind).toBe('refused');
  });
});

async function ask(
  replies: readonly Reply[],
  metadata: object = {},
  settings: Partial<OAuthSettings> = {},
  grantTypes?: readonly string[],
) {
  const queue = [...replies];
  as = await startScriptedServer(() => queue.shift() ?? { status: 500, body: 'asked too often' });
  const discovery = sampleDiscovery(as.origin);
  const input = {
    server: 'crm',
    discovery: { ...discovery, as: { ...discovery.as, ...metadata } },
    redirectUri,
    settings: { ...oauth, ...settings },
    grantTypes,
  };
  return await register({ fetch, now: () => now }, input);
}

const asked = (): readonly Record<string, unknown>[] => (as?.asked ?? []).map(({ body }) => JSON.parse(body));

describe('a registration', () => {
  it('A6, B20: says what this client is, and asks for no scope', async () => {
    await ask([{ status: 201, body: { client_id: 'c' } }]);
    expect(asked()).toEqual([
      {
        client_name: 'Portico',
        software_id: 'mcp-portico',
        application_type: 'native',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    ]);
  });

  it('names the configured scope, and only grants that the server knows', async () => {
    await ask(
      [{ status: 201, body: { client_id: 'c' } }],
      { grant_types_supported: ['authorization_code'] },
      { scope: 'read' },
    );
    expect(asked()).toMatchObject([{ scope: 'read', grant_types: ['authorization_code'] }]);
  });

  it.each<[readonly string[] | undefined, string]>([
    [undefined, 'none'],
    [['client_secret_basic', 'none'], 'none'],
    [['client_secret_basic'], 'client_secret_basic'],
    [['client_secret_post', 'private_key_jwt'], 'client_secret_post'],
    [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
  ])('B18: where the server lists %j asks for the method %s', async (listed, method) => {
    await ask(
      [{ status: 201, body: { client_id: 'c' } }],
      listed ? { token_endpoint_auth_methods_supported: listed } : {},
    );
    expect(asked()[0]?.['token_endpoint_auth_method']).toBe(method);
  });

  it('B18: is repeated with a key where the answer means one that was not shown', async () => {
    const keyed = { client_id: 'c-1', token_endpoint_auth_method: 'private_key_jwt' };
    const client = await ask([
      { status: 201, body: keyed },
      { status: 201, body: { ...keyed, client_id: 'c-2' } },
    ]);
    expect(asked().map((body) => [body['token_endpoint_auth_method'], 'jwks' in body])).toEqual([
      ['none', false],
      ['private_key_jwt', true],
    ]);
    expect(client).toMatchObject({ client_id: 'c-2', private_key: { alg: 'ES256', d: expect.any(String) } });
    expect(JSON.stringify(asked())).not.toContain(client.private_key?.['d']);
  });

  it('B18: with a key takes the other method that the answer says', async () => {
    const client = await ask(
      [
        {
          status: 201,
          body: { client_id: 'c', client_secret: 's', token_endpoint_auth_method: 'client_secret_basic' },
        },
      ],
      { token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    );
    expect(asked()[0]?.['token_endpoint_auth_method']).toBe('private_key_jwt');
    expect(client).toMatchObject({ client_secret: 's', token_endpoint_auth_method: 'client_secret_basic' });
    expect(client).not.toHaveProperty('private_key');
  });

  it.each<[string, object, readonly string[]]>([
    ['as asked, where the answer does not say', {}, ['authorization_code', 'refresh_token', 'device']],
    ['as the answer says', { grant_types: ['authorization_code'] }, ['authorization_code']],
  ])('notes the grants it is for, %s', async (_what, body, expected) => {
    const client = await ask([{ status: 201, body: { client_id: 'c', ...body } }], {}, {}, ['device']);
    expect(asked()[0]?.['grant_types']).toEqual(['authorization_code', 'refresh_token', 'device']);
    expect(client.grant_types).toEqual(expected);
  });

  it('is repeated with a secret method where the server does not take a public client after all', async () => {
    const refusal = { status: 400, body: { error: 'invalid_client_metadata' } };
    const client = await ask([refusal, { status: 201, body: { client_id: 'c', client_secret: 's' } }]);
    expect(asked().map((body) => body['token_endpoint_auth_method'])).toEqual(['none', 'client_secret_basic']);
    expect(client.client_secret).toBe('s');
  });

  it('B20: that is refused shows the status, the beginning of the text, and the way out', async () => {
    const failure = ask([{ status: 403, body: `Forbidden ${'x'.repeat(500)}` }]);
    await expect(failure).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(
        /^server 'crm': the registration .*\/register failed: status 403 "Forbidden x{190}…"$/,
      ),
      hint: expect.stringMatching(/http:\/\/127\.0\.0\.1:33418\/callback and set oauth\.clientId/),
    });
  });

  it('A6: that gives other redirect URIs shows both', async () => {
    const failure = ask([{ status: 201, body: { client_id: 'c', redirect_uris: ['https://elsewhere.example/cb'] } }]);
    await expect(failure).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(
        /"https:\/\/elsewhere\.example\/cb" instead of http:\/\/127\.0\.0\.1:33418\/callback/,
      ),
    });
  });

  it('B15: is not tried where the server offers none: the error names the redirect URI and the keys', async () => {
    const failure = ask([], { registration_endpoint: undefined });
    await expect(failure).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringMatching(/http:\/\/127\.0\.0\.1:33418\/callback.*oauth\.clientId.*oauth\.clientSecret/),
    });
    expect(as?.asked).toEqual([]);
  });
});

describe('B15: a configured client', () => {
  const configured = (settings: Partial<OAuthSettings>, methods?: string[]) => {
    const discovery = sampleDiscovery();
    const metadata = { ...discovery.as, client_id_metadata_document_supported: true };
    return configuredClient(
      { ...oauth, ...settings },
      { as: methods ? { ...metadata, token_endpoint_auth_methods_supported: methods } : metadata },
      redirectUri,
    );
  };
  const clientSecret = new Secret('s');

  it.each<[string, Partial<OAuthSettings>, string[] | undefined, object]>([
    ['without a secret', { clientId: 'c' }, undefined, { client_id: 'c', token_endpoint_auth_method: 'none' }],
    [
      'with a secret',
      { clientId: 'c', clientSecret },
      undefined,
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_basic' },
    ],
    [
      'where both are listed',
      { clientId: 'c', clientSecret },
      ['client_secret_post', 'client_secret_basic'],
      { token_endpoint_auth_method: 'client_secret_basic' },
    ],
    [
      'where only post is listed',
      { clientId: 'c', clientSecret },
      ['client_secret_post'],
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    [
      'where neither is listed',
      { clientId: 'c', clientSecret },
      ['none'],
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    [
      'with a method of its own',
      { clientId: 'c', clientSecret, tokenEndpointAuthMethod: 'client_secret_post' },
      undefined,
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    [
      'with a key',
      { clientId: 'c', privateKey: new Secret('-----BEGIN') },
      undefined,
      { token_endpoint_auth_method: 'private_key_jwt' },
    ],
    [
      'with a key and a secret, and the method for the secret',
      {
        clientId: 'c',
        clientSecret,
        privateKey: new Secret('-----BEGIN'),
        tokenEndpointAuthMethod: 'client_secret_post',
      },
      undefined,
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    [
      'that is a metadata document with a key',
      { clientMetadataUrl: 'https://me.example/c.json', privateKey: new Secret('-----BEGIN') },
      undefined,
      { client_id: 'https://me.example/c.json', token_endpoint_auth_method: 'private_key_jwt' },
    ],
    [
      'that is a metadata document',
      { clientMetadataUrl: 'https://me.example/c.json' },
      undefined,
      { client_id: 'https://me.example/c.json', token_endpoint_auth_method: 'none' },
    ],
  ])('%s', (_what, settings, methods, expected) => {
    const client = configured(settings, methods);
    expect(client).toMatchObject({ ...expected, redirect_uri: redirectUri });
    expect(client).not.toHaveProperty('registered_at');
  });

  it('does not exist without a client id, or where the server does not fetch metadata documents', () => {
    expect(configured({})).toBeUndefined();
    const settings = { ...oauth, clientMetadataUrl: 'https://me.example/c.json' };
    expect(configuredClient(settings, sampleDiscovery(), redirectUri)).toBeUndefined();
  });
});
