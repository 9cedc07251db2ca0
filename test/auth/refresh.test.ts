import { afterEach, describe, expect, it } from 'vitest';
import { judgeRefresh, refreshTokens } from '../../src/auth/refresh.ts';
import type { LoginRecord } from '../../src/auth/token-store.ts';
import { answerOf, sampleRecord } from './samples.ts';
import type { Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const now = 1_700_003_600_000;
const judge = (status: number, body: string | object = '', retryAfter?: string) =>
  judgeRefresh(answerOf(status, body, retryAfter), { record: sampleRecord(), now });

describe('A4: the verdict on a refresh', () => {
  it('is new tokens, where a new refresh token replaces the old one', () => {
    const body = { access_token: 'access-1', refresh_token: 'refresh-1', token_type: 'bearer', expires_in: 60 };
    expect(judge(200, body)).toEqual({
      kind: 'refreshed',
      tokens: {
        access_token: 'access-1',
        refresh_token: 'refresh-1',
        token_type: 'bearer',
        scope: 'read',
        issued_at: 1_700_003_600,
        expires_at: 1_700_003_660,
      },
    });
  });

  it('keeps the refresh token where none comes, and no old expiry', () => {
    const verdict = judge(200, { access_token: 'access-1', token_type: 'bearer' });
    expect(verdict).toMatchObject({ kind: 'refreshed', tokens: { refresh_token: 'refresh-0' } });
    expect(verdict).not.toHaveProperty('tokens.expires_at');
  });

  it('keeps members of the tokens that this version does not know', () => {
    const tokens = { ...sampleRecord().tokens, dpop_jkt: 'x' } as LoginRecord['tokens'];
    const verdict = judgeRefresh(answerOf(200, { access_token: 'a', token_type: 'bearer' }), {
      record: sampleRecord(tokens && { tokens }),
      now,
    });
    expect(verdict).toMatchObject({ tokens: { dpop_jkt: 'x' } });
  });

  it.each([
    [400, 'invalid_grant'],
    [401, 'invalid_client'],
    [400, 'invalid_client'],
    [400, 'unauthorized_client'],
    [403, 'invalid_grant'],
  ])('is death with %i %s', (status, error) => {
    expect(judge(status, { error })).toEqual({ kind: 'dead', error });
  });

  it.each(['invalid_grant', 'bad_refresh_token'])('is death with %s in the place of tokens, too', (error) => {
    expect(judge(200, { error })).toEqual({ kind: 'dead', error: 'invalid_grant' });
  });

  it.each(['invalid_request', 'invalid_scope', 'unsupported_grant_type', 'invalid_target'])(
    'is a refusal with %s, which says nothing about the tokens',
    (error) => {
      expect(judge(400, { error })).toMatchObject({ kind: 'refused', reason: expect.stringContaining(error) });
    },
  );

  it.each<[string, number, string | object]>([
    ['a server error that names invalid_grant', 500, { error: 'invalid_grant' }],
    ['a success that names an error that is no verdict', 200, { error: 'incorrect_client_credentials' }],
    ['the name of a member of every object', 200, { error: 'constructor' }],
    ['a refusal of a proxy', 403, 'forbidden'],
    ['an error as text', 400, 'invalid_grant'],
    ['401 of something before the server', 401, '<html>'],
    ['a web page', 200, '<html>'],
    ['502', 502, ''],
    ['429', 429, { error: 'rate_limited' }],
  ])('is none with %s', (_what, status, body) => {
    expect(judge(status, body).kind).toBe('unreachable');
  });

  it.each<[string, number | undefined]>([
    ['2', 2000],
    ['Tue, 14 Nov 2023 23:13:50 GMT', 30_000],
    ['Tue, 14 Nov 2023 20:00:00 GMT', 0],
    ['999999999', 600_000],
    ['soon', undefined],
  ])('takes over Retry-After: %s', (retryAfter, retryAfterMs) => {
    expect(judge(503, '', retryAfter)).toEqual({
      kind: 'unreachable',
      reason: 'status 503',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  it('never shows a token', () => {
    const echo = JSON.stringify(judge(500, 'refresh-0 access-0'));
    expect(echo).toContain('[secret] [secret]');
    expect(JSON.stringify(judge(200, '{"access_token":7,"refresh_token":"refresh-9"}'))).not.toContain('refresh-9');
  });
});

describe('a refresh', () => {
  let as: ScriptedServer;
  afterEach(() => as.close());

  async function refresh(reply: Reply | 'drop', change: Partial<LoginRecord> = {}) {
    as = await startScriptedServer(() => reply);
    const record = sampleRecord({
      server_url: 'http://127.0.0.1:9/mcp',
      token_endpoint: `${as.origin}/oauth/v3/token`,
      ...change,
    });
    return await refreshTokens({ fetch, now: () => now }, { server: 'crm', record });
  }

  it('A8, B16: goes to the saved endpoint with the saved client and resource, and asks for no scope', async () => {
    await refresh({ body: { access_token: 'a', token_type: 'bearer' } });
    expect(as.asked.map(({ path, body }) => [path, Object.fromEntries(new URLSearchParams(body))])).toEqual([
      [
        '/oauth/v3/token',
        {
          grant_type: 'refresh_token',
          refresh_token: 'refresh-0',
          client_id: 'client-1',
          resource: 'https://mcp.example/mcp',
        },
      ],
    ]);
  });

  it('is asked with a 401 that carries a challenge, and the error in its body still counts', async () => {
    const headers = { 'www-authenticate': 'Basic realm="as"' };
    expect(await refresh({ status: 401, headers, body: { error: 'invalid_client' } })).toEqual({
      kind: 'dead',
      error: 'invalid_client',
    });
  });

  it.each<[string, Reply | 'drop', Partial<LoginRecord>]>([
    ['a broken connection', 'drop', {}],
    ['a redirect', { status: 307, headers: { location: '/elsewhere' } }, {}],
    ['a saved endpoint on plain http', {}, { token_endpoint: 'http://as.example/token' }],
    [
      'a copied file that points a public server into the network',
      {},
      { server_url: 'https://mcp.example', token_endpoint: 'https://10.0.0.1/token' },
    ],
  ])('comes to no verdict through %s', async (_what, reply, change) => {
    expect((await refresh(reply, change)).kind).toBe('unreachable');
    expect(as.asked.length).toBeLessThanOrEqual(1);
  });
});
