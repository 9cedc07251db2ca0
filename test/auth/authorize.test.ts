import { createHash } from 'node:crypto';
import type { AuthorizationServer } from 'oauth4webapi';
import { afterEach, describe, expect, it } from 'vitest';
import { beginAuthorization, chooseScope, judgeCallback } from '../../src/auth/authorize.ts';
import type { Discovery } from '../../src/auth/discover.ts';
import { exchangeCode } from '../../src/auth/exchange-code.ts';
import type { SavedClient } from '../../src/auth/token-store.ts';
import type { OAuthSettings } from '../../src/config/server-entry.ts';
import type { AuthChallenge } from '../../src/errors.ts';
import { oauth, publicClient, sampleDiscovery } from './samples.ts';
import type { Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const redirectUri = 'http://127.0.0.1:33418/callback';

describe('A10: the scope', () => {
  it.each<
    [string, Partial<OAuthSettings>, AuthChallenge, string[] | undefined, string | undefined, string | undefined]
  >([
    ['nothing, where nobody says anything', {}, {}, undefined, undefined, undefined],
    ['what the resource supports', {}, {}, ['a', 'b'], undefined, 'a b'],
    ['what the challenge says, before that', {}, { scope: 'c' }, ['a', 'b'], undefined, 'c'],
    ['what the config says, before all', { scope: 'd' }, { scope: 'c' }, ['a'], undefined, 'd'],
    ['granted and asked, on a step-up', {}, { error: 'insufficient_scope', scope: 'c a' }, ['z'], 'a b', 'a b c'],
    [
      'configured and asked, on a step-up',
      { scope: 'd' },
      { error: 'insufficient_scope', scope: 'c' },
      undefined,
      undefined,
      'd c',
    ],
  ])('is %s', (_what, settings, challenge, scopesSupported, alreadyGranted, expected) => {
    const { as } = sampleDiscovery();
    expect(chooseScope({ settings: { ...oauth, ...settings }, challenge, scopesSupported, as, alreadyGranted })).toBe(
      expected,
    );
  });

  it.each<[string, Partial<OAuthSettings>, string[] | undefined, string | undefined]>([
    ['is added where the server lists it', {}, ['a', 'offline_access'], 'a offline_access'],
    ['is not added where it does not (Google refuses it)', {}, ['a'], 'a'],
    ['is not added where nothing is listed', {}, undefined, 'a'],
    ['is not added to what the user wrote', { scope: 'x' }, ['offline_access'], 'x'],
  ])('A9: offline_access %s', (_what, settings, scopes_supported, expected) => {
    const as = { ...sampleDiscovery().as, ...(scopes_supported && { scopes_supported }) };
    expect(chooseScope({ settings: { ...oauth, ...settings }, challenge: {}, scopesSupported: ['a'], as })).toBe(
      expected,
    );
  });
});

const begin = (change: { discovery?: Discovery; scope?: string; settings?: Partial<OAuthSettings> } = {}) =>
  beginAuthorization({
    server: 'crm',
    discovery: change.discovery ?? sampleDiscovery(),
    client: publicClient,
    redirectUri,
    scope: change.scope,
    settings: { ...oauth, ...change.settings },
  });

const withMetadata = (change: Partial<AuthorizationServer>, origin = 'https://as.example'): Discovery => {
  const discovery = sampleDiscovery(origin);
  return { ...discovery, as: { ...discovery.as, ...change } };
};

describe('the authorize URL', () => {
  it('holds everything, with the challenge of the verifier', async () => {
    const pending = await begin({ scope: 'a b' });
    const url = new URL(pending.url);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: redirectUri,
      state: pending.state,
      code_challenge: createHash('sha256').update(pending.codeVerifier).digest('base64url'),
      code_challenge_method: 'S256',
      scope: 'a b',
      resource: 'https://mcp.example/mcp',
    });
    expect(pending.url).toContain('scope=a%20b');
  });

  it('has a new state and a new verifier each time', async () => {
    const [one, other] = [await begin(), await begin()];
    expect(one.state).not.toBe(other.state);
    expect(one.codeVerifier).not.toBe(other.codeVerifier);
  });

  it('keeps the query that the endpoint has, and leaves out what there is none of', async () => {
    const { resource: _none, ...discovery } = withMetadata({
      authorization_endpoint: 'https://as.example/authorize?realm=r#top',
    });
    const { searchParams, hash } = new URL((await begin({ discovery })).url);
    expect([searchParams.get('realm'), hash]).toEqual(['r', '']);
    expect([searchParams.has('resource'), searchParams.has('scope')]).toEqual([false, false]);
  });

  it('A9, B15: takes extra parameters, which cannot replace its own', async () => {
    const authorizationParams = { audience: 'x', state: 'fixed', code_challenge_method: 'plain' };
    const pending = await begin({ settings: { authorizationParams } });
    const { searchParams } = new URL(pending.url);
    expect(searchParams.get('audience')).toBe('x');
    expect(searchParams.getAll('state')).toEqual([pending.state]);
    expect(searchParams.getAll('code_challenge_method')).toEqual(['S256']);
  });

  it.each<[string, Discovery, string | undefined, object, string | null, string | null]>([
    ['asks for consent with offline_access', sampleDiscovery(), 'a offline_access', {}, 'consent', null],
    ['asks Google for a refresh token', sampleDiscovery('https://accounts.google.com'), 'a', {}, 'consent', 'offline'],
    [
      'lets the user say otherwise',
      sampleDiscovery('https://accounts.google.com'),
      'a',
      { prompt: 'none' },
      'none',
      'offline',
    ],
    ['asks nobody else', sampleDiscovery(), 'a', {}, null, null],
  ])('%s', async (_what, discovery, scope, authorizationParams, prompt, accessType) => {
    const { url } = await begin({
      discovery,
      ...(scope !== undefined && { scope }),
      settings: { authorizationParams: authorizationParams as Record<string, string> },
    });
    const { searchParams } = new URL(url);
    expect([searchParams.get('prompt'), searchParams.get('access_type')]).toEqual([prompt, accessType]);
  });

  it('is not built for a server that rules out S256', async () => {
    await expect(
      begin({ discovery: withMetadata({ code_challenge_methods_supported: ['plain'] }) }),
    ).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  });
});

describe('a callback', () => {
  const judge = (query: string, discovery = sampleDiscovery()) =>
    judgeCallback({
      server: 'crm',
      discovery,
      client: publicClient,
      state: 's',
      parameters: new URLSearchParams(query),
    });
  const promised = withMetadata({ authorization_response_iss_parameter_supported: true });
  const iss = encodeURIComponent('https://as.example');

  it('with the state and a code is accepted', () => {
    expect(judge('code=c&state=s').get('code')).toBe('c');
    expect(judge(`code=c&state=s&iss=${iss}`, promised).get('code')).toBe('c');
  });

  it.each<[string, string, Discovery?]>([
    ['another state', 'code=c&state=x'],
    ['no state', 'code=c'],
    ['two states', 'code=c&state=s&state=x'],
    ['two codes', 'code=c&code=d&state=s'],
    ['no code', 'state=s'],
    ['an empty code', 'code=&state=s'],
    ['another issuer (RFC 9207)', 'code=c&state=s&iss=https%3A%2F%2Fevil.example'],
    ['no issuer where one is promised', 'code=c&state=s', promised],
    ['a token in the URL', 'code=c&state=s&token=t'],
    ['an error and a wrong state', 'error=access_denied&state=x'],
  ])('with %s is refused', (_what, query, discovery) => {
    expect(() => judge(query, discovery)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }));
  });

  it('with an error says what the server said, quoted', () => {
    const error = 'error=access_denied&error_description=%3Cb%3Eno%3C%2Fb%3E%0A&state=s';
    expect(() => judge(error)).toThrow(`server 'crm': the login in the browser failed: "access_denied: <b>no</b>"`);
  });
});

describe('the exchange of a code', () => {
  let as: ScriptedServer | undefined;
  afterEach(async () => {
    await as?.close();
    as = undefined;
  });

  const secretClient: SavedClient = {
    ...publicClient,
    client_id: 'c:1',
    client_secret: 'canary secret',
    token_endpoint_auth_method: 'client_secret_basic',
  };

  async function exchange(
    replies: readonly (Reply | 'drop')[],
    client: SavedClient = publicClient,
    metadata: Partial<AuthorizationServer> = {},
  ) {
    const queue = [...replies];
    as = await startScriptedServer(() => queue.shift() ?? 'drop');
    const discovery = withMetadata(metadata, as.origin);
    const pending = {
      url: 'u',
      parameters: {},
      state: 's',
      codeVerifier: 'verifier-canary-0123456789012345678901234567',
      redirectUri,
      scope: 'asked',
    };
    const parameters = judgeCallback({
      server: 'crm',
      discovery,
      client,
      state: 's',
      parameters: new URLSearchParams('code=code-canary&state=s'),
    });
    return await exchangeCode(
      { fetch, now: () => 1_700_000_000_000 },
      { server: 'crm', discovery, client, pending, parameters },
    );
  }

  const tokens: Reply = { body: { access_token: 'a', token_type: 'bearer', expires_in: 60 } };
  const forms = () => (as?.asked ?? []).map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

  it('A6, B16: sends the verifier, the redirect URI and the resource, and gives the tokens', async () => {
    const exchanged = await exchange([tokens]);
    expect(forms()).toEqual([
      {
        grant_type: 'authorization_code',
        code: 'code-canary',
        code_verifier: 'verifier-canary-0123456789012345678901234567',
        redirect_uri: redirectUri,
        client_id: 'client-1',
        resource: 'https://mcp.example/mcp',
      },
    ]);
    expect(exchanged).toEqual({
      client: publicClient,
      tokens: {
        access_token: 'a',
        token_type: 'bearer',
        scope: 'asked',
        issued_at: 1_700_000_000,
        expires_at: 1_700_000_060,
      },
    });
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'B18: proves the client in one way only (%s)',
    async (method) => {
      await exchange([tokens], { ...secretClient, token_endpoint_auth_method: method });
      const [form] = forms();
      const header = as?.asked[0]?.headers.authorization;
      // RFC 6749 section 2.3.1: both halves are form-encoded before base64.
      const basic = `Basic ${Buffer.from('c%3A1:canary+secret').toString('base64')}`;
      const inBody = { client_id: 'c:1', client_secret: 'canary secret' };
      if (method === 'client_secret_basic') {
        expect(header).toBe(basic);
        expect(form).not.toHaveProperty('client_id');
      } else {
        expect(header).toBeUndefined();
        expect(form).toMatchObject(inBody);
      }
    },
  );

  it('B18: is repeated with the other listed method where a fresh registration is unknown, and remembers that', async () => {
    const metadata = { token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] };
    const refusal = {
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="as"' },
      body: { error: 'invalid_client' },
    };
    const { client } = await exchange([refusal, tokens], secretClient, metadata);
    expect(client.token_endpoint_auth_method).toBe('client_secret_post');
    expect(as?.asked.map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false]);
  });

  it('is not repeated for a configured client', async () => {
    const metadata = { token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] };
    const { registered_at: _none, ...configured } = secretClient;
    await expect(
      exchange([{ status: 401, body: { error: 'invalid_client' } }], configured, metadata),
    ).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    expect(as?.asked).toHaveLength(1);
  });

  it('takes the account out of an ID token that oauth4webapi would refuse', async () => {
    const claims = Buffer.from(JSON.stringify({ iss: 'https://other', email: 'a@example.com' })).toString('base64url');
    const body = { access_token: 'a', token_type: 'bearer', id_token: `e30.${claims}.` };
    expect((await exchange([{ body }])).account).toBe('a@example.com');
  });

  it.each<[string, Reply | 'drop', RegExp]>([
    [
      'an error',
      { status: 400, body: { error: 'invalid_grant', error_description: 'the code code-canary is used' } },
      /status 400 "invalid_grant: the code \[secret\] is used"$/,
    ],
    ['plain text', { status: 400, body: 'Unexpected canary secret' }, /status 400 "Unexpected \[secret\]"$/],
    ['nothing', { status: 503 }, /status 503$/],
    ['a web page', { body: '<html>' }, /the answer is no JSON object$/],
    ['tokens it cannot read, unquoted', { body: { accessToken: 'canary' } }, /the answer holds no access_token$/],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://login.example/?x' } },
      /redirect to "https:\/\/login\.example\/\?x"$/,
    ],
    ['a broken connection', 'drop', /failed: /],
  ])('that is answered with %s fails without showing a secret', async (_what, reply, message) => {
    const failure = exchange([reply], secretClient);
    await expect(failure).rejects.toMatchObject({ code: 'AUTH_FAILED', message: expect.stringMatching(message) });
    const error = (await failure.catch((reason: unknown) => reason)) as Error;
    expect(JSON.stringify([error.message, error.cause, String(error.cause)])).not.toMatch(/canary/);
  });
});
