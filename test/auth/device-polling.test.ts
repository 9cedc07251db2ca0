// Waiting at the token endpoint for a human: what each answer means, and how long the pauses are; no test sleeps.
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/auth/answer.ts';
import type { PollingInput } from '../../src/auth/device-polling.ts';
import { judgePoll, pollForTokens } from '../../src/auth/device-polling.ts';
import { createDpopKey } from '../../src/auth/dpop.ts';
import type { FetchLike } from '../../src/lib/fetch-like.ts';
import { failureOf } from './login-scene.ts';

const answer = (status: number, json?: object, retryAfter?: string): Answer => ({
  status,
  text: JSON.stringify(json ?? ''),
  ...(json && { json: { ...json } }),
  ...(retryAfter !== undefined && { retryAfter }),
});

describe('an answer', () => {
  test.each([
    ['pending', answer(400, { error: 'authorization_pending' }), { kind: 'pending' }],
    ['pending with status 200 (GitHub)', answer(200, { error: 'authorization_pending' }), { kind: 'pending' }],
    ['pending with status 428 (Google)', answer(428, { error: 'authorization_pending' }), { kind: 'pending' }],
    ['slow_down', answer(400, { error: 'slow_down' }), { kind: 'slow_down' }],
    [
      'slow_down with its pause',
      answer(200, { error: 'slow_down', interval: 12 }),
      { kind: 'slow_down', intervalMs: 12_000 },
    ],
    ['a human who says no', answer(403, { error: 'access_denied' }), { kind: 'denied' }],
    ['a code that ran out', answer(400, { error: 'expired_token' }), { kind: 'expired' }],
    ['a server in trouble', answer(503), { kind: 'trouble' }],
    ['too many requests', answer(429, { error: 'rate_limited' }, '9'), { kind: 'trouble', retryAfterMs: 9000 }],
    ['a web page', answer(200), { kind: 'trouble' }],
    ['any other error', answer(400, { error: 'invalid_grant' }), { kind: 'refused', error: 'invalid_grant' }],
    ['an object without a token', answer(200, { ok: true }), { kind: 'refused', error: undefined }],
    ['tokens', answer(200, { access_token: 'a', token_type: 'bearer' }), { kind: 'tokens' }],
  ])('of %s', (_case, given, expected) => {
    expect(judgePoll(given, { now: 0 })).toMatchObject(expected);
  });
});

interface Polled {
  readonly pauses: number[];
  readonly requests: { readonly form: URLSearchParams; readonly headers: Headers }[];
  readonly outcome: Promise<unknown>;
}

/** Polls a server that gives these answers, one after the other; the clock goes on with the pauses alone. */
function poll(answers: (() => Response)[], change: Partial<PollingInput> = {}): Polled {
  const pauses: number[] = [];
  const requests: { form: URLSearchParams; headers: Headers }[] = [];
  let now = 1_000_000;
  const fetch: FetchLike = async (_url, init = {}) => {
    requests.push({ form: new URLSearchParams(String(init.body)), headers: new Headers(init.headers) });
    const next = answers.shift();
    if (!next) throw new TypeError('fetch failed');
    return next();
  };
  const deps = {
    fetch,
    now: () => now,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      pauses.push(ms);
      now += ms;
    },
  };
  const as = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token' };
  const input: PollingInput = {
    server: 'crm',
    discovery: { issuer: as.issuer, as, resource: 'https://mcp.example/mcp', trail: [] } as PollingInput['discovery'],
    client: { client_id: 'c', token_endpoint_auth_method: 'none' },
    authorization: { deviceCode: 'device-canary', intervalMs: 5000 },
    settings: { grantType: 'authorization_code', dpop: false, callbackHost: '127.0.0.1', authorizationParams: {} },
    expiresAt: now + 600_000,
    signal: new AbortController().signal,
    ...change,
  };
  const outcome = pollForTokens(deps, input, { kind: 'pending' });
  outcome.catch(() => undefined);
  return { pauses, requests, outcome };
}

const json = (status: number, body: object) => () => new Response(JSON.stringify(body), { status });
const pending = json(400, { error: 'authorization_pending' });
const slowDown = json(400, { error: 'slow_down' });
const trouble = () => new Response('no', { status: 503 });
const unreachable = (): Response => {
  throw new TypeError('fetch failed');
};
const tokens = json(200, { access_token: 'a', token_type: 'bearer' });

test('each slow_down makes the pause five seconds longer, for good', async () => {
  const { pauses, outcome } = poll([pending, slowDown, pending, slowDown, tokens]);
  await outcome;
  expect(pauses).toEqual([5000, 5000, 10_000, 10_000, 15_000]);
});

test('no answer and a server in trouble double the pause, up to a minute, until there is an answer', async () => {
  const { pauses, outcome } = poll([unreachable, trouble, trouble, unreachable, trouble, pending, tokens]);
  await outcome;
  expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 5000]);
});

test('Retry-After is kept', async () => {
  const { pauses, outcome } = poll([
    () => new Response('{}', { status: 429, headers: { 'retry-after': '33' } }),
    tokens,
  ]);
  await outcome;
  expect(pauses).toEqual([5000, 33_000]);
});

test('each request holds the code and the resource, and a proof where the tokens are to be bound', async () => {
  const dpop = await createDpopKey('crm', { issuer: 'https://as.example' }, () => 1_000_000);
  const { requests, outcome } = poll([pending, json(200, { access_token: 'a', token_type: 'DPoP' })], { dpop });
  expect(await outcome).toMatchObject({ tokens: { token_type: 'DPoP' } });
  for (const { form, headers } of requests) {
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device-canary',
      resource: 'https://mcp.example/mcp',
      client_id: 'c',
    });
    expect(headers.get('dpop')).toMatch(/^eyJ/);
  }
});

test('nothing is asked after the end of the code', async () => {
  const { requests, outcome } = poll(
    Array.from({ length: 50 }, () => pending),
    { expiresAt: 1_000_000 + 12_000 },
  );
  expect(await failureOf(outcome)).toMatchObject({
    code: 'AUTH_FAILED',
    message: expect.stringContaining('not entered in time'),
  });
  expect(requests).toHaveLength(3);
});

test.each([
  ['denied', json(400, { error: 'access_denied' }), 'was denied'],
  ['expired', json(400, { error: 'expired_token' }), 'not entered in time'],
  [
    'refused',
    json(400, { error: 'invalid_grant', error_description: 'x device-canary y' }),
    'invalid_grant: x [secret] y',
  ],
])('%s ends it with an error that says so, and holds no code', async (_case, reply, message) => {
  const { outcome } = poll([reply]);
  const failure = await failureOf(outcome);
  expect(failure).toMatchObject({ code: 'AUTH_FAILED', server: 'crm', message: expect.stringContaining(message) });
  expect(JSON.stringify(failure)).not.toContain('device-canary');
});

test('the end of the login ends it at once', async () => {
  const reason = new Error('over');
  const { outcome, requests } = poll([pending], { signal: AbortSignal.abort(reason) });
  expect(await failureOf(outcome)).toBe(reason);
  expect(requests).toEqual([]);
});
