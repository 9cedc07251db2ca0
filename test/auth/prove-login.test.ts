import { describe, expect, test } from 'vitest';
import { judgeProof, proveToken, rejectedTokenError } from '../../src/auth/prove-login.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import type { FetchLike } from '../../src/lib/fetch-like.ts';

const entry: HttpServerEntry = {
  kind: 'http',
  name: 'crm',
  disabled: false,
  timeoutMs: 1000,
  totalTimeoutMs: 3_600_000,
  connectTimeoutMs: 1000,
  maxResultBytes: 1_048_576,
  protocol: 'auto',
  transport: 'auto',
  url: 'https://crm.example/mcp',
  headers: { 'X-Tenant': 't1' },
  oauth: { grantType: 'authorization_code', dpop: false, callbackHost: '127.0.0.1', authorizationParams: {} },
};

describe('A11: what the status of the answer says about the token', () => {
  test.each([
    [200, 'accepted'],
    [202, 'accepted'],
    [400, 'accepted'],
    [404, 'accepted'],
    [405, 'accepted'],
    [401, 'rejected'],
    [403, 'rejected'],
    [500, 'unanswered'],
    [503, 'unanswered'],
  ])('%i: %s', (status, kind) => {
    expect(judgeProof(new Response(null, { status })).kind).toBe(kind);
  });

  test('a rejection quotes what the server says, cut', () => {
    const challenge = `Bearer error="invalid_token", error_description="${'wrong audience '.repeat(40)}"`;
    const proof = judgeProof(new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }));
    if (proof.kind !== 'rejected') throw new Error('it must be a rejection');
    const error = rejectedTokenError('crm', proof);
    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.resource') });
    expect(error.message).toContain('wrong audience');
    expect(error.message.length).toBeLessThan(400);
  });
});

describe('the request', () => {
  interface Seen {
    readonly url: string;
    readonly method: string;
    readonly headers: Record<string, string>;
  }

  function recording(answer: (seen: Seen) => Response): { fetch: FetchLike; seen: Seen[] } {
    const seen: Seen[] = [];
    const fetch: FetchLike = async (url, init = {}) => {
      const one = {
        url: String(url),
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
      };
      seen.push(one);
      return answer(one);
    };
    return { fetch, seen };
  }

  test('carries the token and the configured headers, and ends the session that it opened', async () => {
    const { fetch, seen } = recording(({ method }) =>
      method === 'POST' ? new Response('{}', { headers: { 'mcp-session-id': 's1' } }) : new Response(null),
    );
    expect(await proveToken({ fetch }, { entry, token: 't' })).toEqual({ kind: 'accepted' });
    expect(seen).toMatchObject([
      { method: 'POST', headers: { authorization: 'Bearer t', 'x-tenant': 't1' } },
      { method: 'DELETE', headers: { authorization: 'Bearer t', 'mcp-session-id': 's1' } },
    ]);
  });

  test('is a GET for a server of the older SSE transport', async () => {
    const { fetch, seen } = recording(() => new Response('data: x\n\n'));
    await proveToken({ fetch }, { entry: { ...entry, transport: 'sse' }, token: 't' });
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
  });

  test('goes where the server redirects it on its own origin, and no further', async () => {
    const { fetch, seen } = recording(({ url }) =>
      url.endsWith('/mcp')
        ? new Response(null, { status: 307, headers: { location: '/mcp/' } })
        : new Response(null, { status: 401 }),
    );
    expect(await proveToken({ fetch }, { entry, token: 't' })).toMatchObject({ kind: 'rejected', status: 401 });
    expect(seen.map(({ url }) => url)).toEqual(['https://crm.example/mcp', 'https://crm.example/mcp/']);

    const location = 'https://elsewhere.example/mcp';
    const away = recording(() => new Response(null, { status: 307, headers: { location } }));
    expect(await proveToken(away, { entry, token: 't' })).toMatchObject({ kind: 'unanswered' });
    expect(away.seen).toHaveLength(1);
  });

  test('that gets no answer proves nothing, and is no error', async () => {
    const fetch: FetchLike = () => Promise.reject(new Error('connection refused'));
    expect(await proveToken({ fetch }, { entry, token: 't' })).toEqual({
      kind: 'unanswered',
      reason: 'connection refused',
    });
  });

  test('ends with the login it belongs to', async () => {
    const fetch: FetchLike = () => Promise.reject(new Error('aborted'));
    const signal = AbortSignal.abort(new Error('the gateway ends'));
    await expect(proveToken({ fetch }, { entry, token: 't', signal })).rejects.toThrow('the gateway ends');
  });
});
