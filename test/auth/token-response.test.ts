import { describe, expect, it } from 'vitest';
import { judgeTokenAnswer } from '../../src/auth/token-response.ts';
import { answerOf } from './samples.ts';

const now = 1_700_000_000_900;
const judge = (status: number, body: string | object, requested?: string) =>
  judgeTokenAnswer(answerOf(status, body), { now, requested });
const good = { access_token: 'a', token_type: 'Bearer' };

describe('a token answer', () => {
  it('becomes tokens with absolute times', () => {
    const body = { ...good, refresh_token: 'r', expires_in: 3600, scope: 'read', id_token: 'x.y.z' };
    expect(judge(200, body, 'read write')).toEqual({
      kind: 'tokens',
      tokens: {
        access_token: 'a',
        refresh_token: 'r',
        token_type: 'Bearer',
        scope: 'read',
        issued_at: 1_700_000_000,
        expires_at: 1_700_003_600,
      },
      clues: {},
    });
  });

  it.each<[string, object, object]>([
    ['no expiry', { expires_in: null }, { expires_at: undefined }],
    ['an expiry as text', { expires_in: '60' }, { expires_at: 1_700_000_060 }],
    ['an expiry that is none', { expires_in: 'soon' }, { expires_at: undefined }],
    ['an expiry before now', { expires_in: -5 }, { expires_at: undefined }],
    ['an expiry beyond every calendar', { expires_in: 1e308 }, { expires_at: 1_700_000_000 + 3_155_760_000 }],
    ['no refresh token', { refresh_token: null }, { refresh_token: undefined }],
    ['an empty refresh token', { refresh_token: '' }, { refresh_token: undefined }],
    ['no scope: it is the requested one', {}, { scope: 'asked' }],
    ['scopes as a list', { scope: ['a', 'b'] }, { scope: 'a b' }],
    ['a scope that would steer a terminal', { scope: 'a\n\u009b2J \u202eb\tc' }, { scope: 'a c' }],
    ['a type of its own', { token_type: 'user' }, { token_type: 'user' }],
    ['no type', { token_type: undefined }, { token_type: 'Bearer' }],
  ])('may have %s', (_what, change, expected) => {
    const verdict = judge(200, { ...good, ...change }, 'asked');
    const { tokens } = verdict as Extract<typeof verdict, { kind: 'tokens' }>;
    for (const [name, value] of Object.entries(expected)) expect(tokens[name as keyof typeof tokens]).toBe(value);
  });

  it.each<[string, number, string | object, object]>([
    ['400 with an error', 400, { error: 'invalid_grant' }, { kind: 'error', error: 'invalid_grant' }],
    ['401 with an error', 401, { error: 'invalid_client' }, { kind: 'error', error: 'invalid_client' }],
    ['an error with 200', 200, { error: 'bad_refresh_token' }, { kind: 'error', error: 'bad_refresh_token' }],
    ['an error with 500', 500, { error: 'invalid_grant' }, { kind: 'unusable' }],
    ['an error with 403', 403, { error: 'invalid_grant' }, { kind: 'error', error: 'invalid_grant' }],
    ['400 without an error code', 400, 'Bad request', { kind: 'unusable' }],
    ['a web page', 200, '<html>', { kind: 'unusable' }],
    ['a token that is no string', 200, { ...good, access_token: 7 }, { kind: 'unusable' }],
    ['a token that would break a header', 200, { ...good, access_token: 'a\r\nX: y' }, { kind: 'unusable' }],
    ['a token bound to a key', 200, { ...good, token_type: 'DPoP' }, { kind: 'unusable' }],
  ])('with %s is no token', (_what, status, body, expected) => {
    expect(judge(status, body)).toMatchObject(expected);
  });
});
