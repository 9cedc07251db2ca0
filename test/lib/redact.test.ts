// Owns the tests of redaction: what must go, and what must stay readable.
import { describe, expect, test } from 'vitest';
import { redact, redactValue } from '../../src/lib/redact.ts';
import { Secret } from '../../src/lib/secret.ts';

const canary = 'cAn4ry_7f3a-Zz9';
const jwt = `eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.${canary}`;

const secretTexts: readonly string[] = [
  `Authorization: Bearer ${canary}`,
  `authorization: token ${canary}`,
  `{"Authorization":"Basic ${canary}"}`,
  `Bearer ${canary}`,
  `DPoP ${canary}`,
  `access_token=${canary}`,
  `https://h/x?token=${canary}&a=b`,
  `https://h/cb?state=1&code=${canary}`,
  `http://127.0.0.1:1/callback?code=${canary}`,
  `grant_type=refresh_token&refresh_token=${canary}&client_id=a`,
  `client_secret=${canary}`,
  `code_verifier=${canary}`,
  `{"refresh_token":"${canary}","a":1}`,
  `{ "access_token" : "${canary}" }`,
  `{\\"id_token\\":\\"${canary}\\"}`,
  `{"client_secret":"x\\"${canary}"}`,
  `{ accessToken: '${canary}' }`,
  `refreshToken = "${canary}`,
  `{"refresh_token":"${canary}`,
  `clientSecret: ${canary}`,
  `GITHUB_TOKEN=${canary}`,
  `export API_KEY="${canary}"`,
  `x-api-key: ${canary}`,
  `password=${canary}`,
  `https://user:${canary}@h/`,
  `got ${jwt} here`,
  `Cookie: a=b; session=${canary}`,
  `set-cookie: sid=${canary}; Path=/`,
  `code: '${canary}'`,
  `ghp_${'a1'.repeat(10)}${canary}`,
  `-----BEGIN PRIVATE KEY-----\n${'cAn4ry'}\n-----END PRIVATE KEY-----`,
];

test.each(secretTexts)('%s is hidden, not even its first characters stay', (text) => {
  const result = redact(text);
  expect(result).toContain('[redacted]');
  expect(result).not.toMatch(/cAn4/);
});

test.each([
  'exited with code=1',
  'exit code: 127',
  '{"code":"ECONNREFUSED"}',
  'code=ERR_MODULE_NOT_FOUND',
  '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"}}',
  'Unexpected token < in JSON at position 0',
  'the bearer of this',
  'tokens_used: 500, total_tokens=12',
  'https://example.com/a?b=c',
  'GET /.well-known/oauth-authorization-server 404',
  'a token is missing',
])('%s stays as it is', (text) => {
  expect(redact(text)).toBe(text);
});

test('what stands around a secret stays', () => {
  expect(redact(`GET https://h/x?token=${canary}&a=b failed`)).toBe('GET https://h/x?token=[redacted]&a=b failed');
  expect(redact(`{"access_token":"${canary}","expires_in":5}`)).toBe('{"access_token":"[redacted]","expires_in":5}');
});

describe('a long text that repeats the beginning of a secret ends in time', () => {
  // Quadratic time takes minutes for these, and then the time limit of the test ends it.
  test.each([
    'a',
    'eyJ',
    '-eyJ',
    'eyJabcdefg.',
    'token',
    'token ',
    'token\\',
    'code',
    'code="',
    'code=.',
    '://',
    '://a:',
    'Bearer ',
    '-----BEGIN A',
    'authorization: ',
    'password="\\',
    ' ',
    '?code=',
  ])('%j', (part) => {
    expect(redact(part.repeat(300_000)).length).toBeGreaterThan(0);
  });
});

test('values are redacted by the names of their members, at any depth', () => {
  const value = {
    server: 's',
    headers: { Authorization: `x ${canary}`, cookie: [canary], accept: 'a' },
    tokens: [{ access_token: canary, expires_at: 5 }],
    nested: { deeper: { clientSecret: canary, code: canary, code_verifier: canary, state: canary } },
    url: new URL(`https://h/?token=${canary}`),
    secret: new Secret(canary),
    other: new Secret(canary),
    error: Object.assign(new Error(`Bearer ${canary}`, { cause: new Error(`token=${canary}`) }), {
      code: 'ECONNRESET',
    }),
  };
  const copy = redactValue(value);
  expect(JSON.stringify(copy)).not.toContain(canary);
  expect(copy).toMatchObject({
    server: 's',
    headers: { accept: 'a' },
    tokens: [{ expires_at: 5 }],
    other: '[secret]',
    error: { name: 'Error', code: 'ECONNRESET' },
  });
  expect(value.tokens[0]?.access_token).toBe(canary);
});

test('plain words that only look like members of OAuth stay', () => {
  expect(redactValue({ code: 'AUTH_FAILED', state: 'needs_login', tokens: 5, n: 1n })).toEqual({
    code: 'AUTH_FAILED',
    state: 'needs_login',
    tokens: 5,
    n: '1',
  });
});

test('a value that holds itself ends', () => {
  const value: Record<string, unknown> = { a: 1 };
  value['self'] = value;
  expect(JSON.stringify(redactValue(value))).toContain('[deep]');
});
