// What is made of the answer to a request for a device code: its URLs are opened by a human, its code is shown on a terminal.
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/auth/answer.ts';
import { deviceGrant, judgeDeviceAuthorization, offersDeviceLogin } from '../../src/auth/device-authorization.ts';

const good = {
  device_code: 'd',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://as.example/device',
  verification_uri_complete: 'https://as.example/device?user_code=WDJB-MJHT',
  expires_in: 1800,
  interval: 7,
};
const answer = (change: object, status = 200): Answer => ({ status, text: '', json: { ...good, ...change } });
const context = { serverUrl: 'https://mcp.example/mcp' };
const judge = (change: object, status?: number) => judgeDeviceAuthorization(answer(change, status), context);
const granted = (change: object, status?: number) => {
  const verdict = judge(change, status);
  if (verdict.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(verdict)}`);
  return verdict.authorization;
};

test('the URL with the code in it is what the human opens', () => {
  expect(granted({})).toEqual({
    deviceCode: 'd',
    userCode: 'WDJB-MJHT',
    url: good.verification_uri_complete,
    expiresInMs: 1_800_000,
    intervalMs: 7000,
  });
});

test.each([
  ['no interval', { interval: undefined }, { intervalMs: 5000 }],
  ['an interval of nothing', { interval: 0 }, { intervalMs: 1000 }],
  ['an interval as a string', { interval: '3' }, { intervalMs: 3000 }],
  ['no lifetime', { expires_in: undefined }, { expiresInMs: 600_000 }],
  ['no complete URL', { verification_uri_complete: undefined }, { url: good.verification_uri }],
  [
    'a complete URL that must not be opened',
    { verification_uri_complete: 'file:///etc' },
    { url: good.verification_uri },
  ],
  [
    'the older name of the URL',
    { verification_uri: undefined, verification_url: 'https://g.example/device', verification_uri_complete: undefined },
    { url: 'https://g.example/device' },
  ],
  ['blanks around the code', { user_code: ' AB CD ' }, { userCode: 'AB CD' }],
])('%s is read as it is meant', (_case, change, expected) => {
  expect(granted(change)).toMatchObject(expected);
});

describe('is refused', () => {
  test.each([
    ['a script', 'javascript:alert(1)'],
    ['plain http elsewhere', 'http://as.example/device'],
    ['plain http on loopback for a server elsewhere', 'http://127.0.0.1:9/device'],
    ['a private address for a public server', 'https://10.0.0.1/device'],
    ['a user name', 'https://a:b@as.example/device'],
    ['a quote', 'https://as.example/device?"x'],
    ['no URL', 'device'],
  ])('%s as verification_uri', (_case, verification_uri) => {
    expect(judge({ verification_uri })).toMatchObject({ kind: 'unusable' });
  });

  test.each([
    ['an escape sequence', '\u001b[2J'],
    ['a line feed', 'AB\nCD'],
    ['a text that turns around', 'AB\u202eCD'],
    ['a sentence', 'open this other URL instead, and give it your password'],
    ['nothing', ' '],
  ])('%s as user_code', (_case, user_code) => {
    expect(judge({ user_code })).toMatchObject({ kind: 'unusable' });
  });

  test.each([
    ['no device_code', { device_code: undefined }, 200],
    ['another status', {}, 503],
  ])('%s', (_case, change, status) => {
    expect(judge(change, status)).toMatchObject({ kind: 'unusable' });
  });

  test.each([400, 401, 200])('an error with status %i', (status) => {
    expect(judge({ error: 'unauthorized_client' }, status)).toEqual({ kind: 'refused', error: 'unauthorized_client' });
  });
});

test('plain http on loopback is right for a server that is there itself', () => {
  const uri = 'http://127.0.0.1:9/device';
  const local = { serverUrl: 'http://127.0.0.1:8/mcp' };
  const verdict = judgeDeviceAuthorization(
    answer({ verification_uri: uri, verification_uri_complete: undefined }),
    local,
  );
  expect(verdict).toMatchObject({ kind: 'granted', authorization: { url: uri } });
});

test.each([
  [true, { device_authorization_endpoint: 'https://as.example/d', grant_types_supported: [deviceGrant] }],
  [true, { device_authorization_endpoint: 'https://as.example/d' }],
  [false, { device_authorization_endpoint: 'https://as.example/d', grant_types_supported: ['authorization_code'] }],
  [false, { grant_types_supported: [deviceGrant] }],
])('%s: offered by %o', (offered, metadata) => {
  expect(offersDeviceLogin({ issuer: 'https://as.example', ...metadata })).toBe(offered);
});
