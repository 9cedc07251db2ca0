import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizedFetch } from '../../src/auth/authorized-fetch.ts';
import type { Credentials } from '../../src/auth/credentials.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { httpEntry } from './samples.ts';
import type { Asked, Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

let mcp: ScriptedServer;
let elsewhere: ScriptedServer;
let answer: (asked: Asked) => Reply;

beforeEach(async () => {
  answer = () => ({ body: 'done' });
  mcp = await startScriptedServer((asked) => answer(asked));
  elsewhere = await startScriptedServer(() => ({ body: 'elsewhere' }));
});

afterEach(async () => {
  await mcp.close();
  await elsewhere.close();
});

/** Tokens in the order in which they are given out; the calls are noted. */
function tokens(first: string | undefined, ...renewed: (string | undefined)[]) {
  const calls: string[] = [];
  const credentials: Credentials = {
    token: async () => first,
    renew: async (rejected) => {
      calls.push(`renew ${rejected}`);
      return renewed.shift();
    },
    keyOf: () => undefined,
    giveUp: (token) => void calls.push(`giveUp ${token}`),
    accept: () => undefined,
    unsaved: () => undefined,
    forget: () => undefined,
  };
  return { credentials, calls };
}

function authorized(credentials: Credentials, change: Partial<HttpServerEntry> = {}) {
  const entry = { ...httpEntry, url: `${mcp.origin}/mcp`, ...change };
  const send = createAuthorizedFetch({ fetch, credentials }, entry);
  return (path = '/mcp', init: RequestInit = { method: 'POST', body: '{"id":1}' }) =>
    send(`${mcp.origin}${path}`, init);
}

const bearer = ({ headers }: Asked): string | undefined => headers.authorization;
const rejectAll = (asked: Asked, challenge = 'Bearer error="invalid_token", scope="a"'): Reply =>
  bearer(asked) === 'Bearer good' ? { body: 'done' } : { status: 401, headers: { 'www-authenticate': challenge } };

describe('a request to the server', () => {
  it('B19: carries the token and the static headers; what the transport says goes before them', async () => {
    const send = authorized(tokens('good').credentials, { headers: { 'X-Team': 'blue', Accept: 'text/html' } });
    await send('/mcp', { method: 'POST', body: '{}', headers: new Headers({ accept: 'application/json' }) });
    expect(mcp.asked[0]?.headers).toMatchObject({
      authorization: 'Bearer good',
      'x-team': 'blue',
      accept: 'application/json',
    });
  });

  it('goes without a token where there is none: the server may not want one', async () => {
    const response = await authorized(tokens(undefined).credentials)();
    expect(await response.text()).toBe('done');
    expect(mcp.asked.map(bearer)).toEqual([undefined]);
  });

  it('to another origin carries nothing of it', async () => {
    const send = createAuthorizedFetch(
      { fetch, credentials: tokens('good').credentials },
      { ...httpEntry, url: `${mcp.origin}/mcp`, headers: { 'X-Key': 'canary' } },
    );
    await send(`${elsewhere.origin}/mcp`);
    expect(elsewhere.asked[0]?.headers).not.toHaveProperty('authorization');
    expect(elsewhere.asked[0]?.headers).not.toHaveProperty('x-key');
  });
});

describe('a 401', () => {
  it('A1: is answered with another token, and the same request once more', async () => {
    answer = rejectAll;
    const { credentials, calls } = tokens('old', 'good');
    const response = await authorized(credentials)();
    expect(await response.text()).toBe('done');
    expect(calls).toEqual(['renew old']);
    expect(mcp.asked.map(({ body }) => body)).toEqual(['{"id":1}', '{"id":1}']);
    expect(mcp.asked.map(bearer)).toEqual(['Bearer old', 'Bearer good']);
  });

  it('is a login that is required, with what the server asked for, where there is no other token', async () => {
    answer = rejectAll;
    const failure = await authorized(tokens(undefined).credentials)().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LoginRequiredError);
    expect(failure).toMatchObject({
      code: 'AUTH_REQUIRED',
      server: 'crm',
      challenge: { error: 'invalid_token', scope: 'a' },
    });
    expect(mcp.asked).toHaveLength(1);
  });

  it('B17: with a foreign challenge or none is a login all the same', async () => {
    answer = (asked) => rejectAll(asked, 'Negotiate');
    await expect(authorized(tokens('old').credentials)()).rejects.toMatchObject({ challenge: {} });
  });

  it('to a new token is not repeated a second time', async () => {
    answer = rejectAll;
    const { credentials, calls } = tokens('old', 'new', 'newer');
    await expect(authorized(credentials)()).rejects.toBeInstanceOf(LoginRequiredError);
    expect(calls).toEqual(['renew old', 'giveUp new']);
    expect(mcp.asked).toHaveLength(2);
  });

  it('passes on that the authorization server is away', async () => {
    answer = rejectAll;
    const away = new GatewayError('SERVER_UNAVAILABLE', 'away');
    const { credentials } = tokens('old');
    await expect(authorized({ ...credentials, renew: () => Promise.reject(away) })()).rejects.toBe(away);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a static header that is rejected', { authorization: 'Bearer canary' }, /rejects the Authorization header/],
    ['oauth: false and no header', {}, /oauth: false/],
  ])('B19: without OAuth is an error: %s', async (_what, headers, message) => {
    answer = rejectAll;
    const { credentials, calls } = tokens('unused', 'unused');
    const failure = (await authorized(credentials, { oauth: false, headers })().catch(
      (error: unknown) => error,
    )) as GatewayError;
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringMatching(message) });
    expect(`${failure.message}${failure.hint}`).not.toContain('canary');
    expect(calls).toEqual([]);
    expect(mcp.asked.map(bearer)).toEqual([headers['authorization']]);
  });
});

describe('A10: a 403', () => {
  it('that asks for more scope is a login that is required', async () => {
    const challenge = 'Bearer error="insufficient_scope", scope="admin"';
    answer = () => ({ status: 403, headers: { 'www-authenticate': challenge } });
    const { credentials, calls } = tokens('good');
    await expect(authorized(credentials)()).rejects.toMatchObject({
      code: 'AUTH_REQUIRED',
      message: expect.stringContaining('"admin"'),
      challenge: { error: 'insufficient_scope', scope: 'admin' },
    });
    expect(calls).toEqual([]);
  });

  it.each(['', 'Bearer error="invalid_token"', 'Basic realm="x"'])(
    'with the challenge %j is the answer',
    async (challenge) => {
      answer = () => ({ status: 403, body: 'no', headers: challenge ? { 'www-authenticate': challenge } : {} });
      const response = await authorized(tokens('good').credentials)();
      expect([response.status, await response.text()]).toEqual([403, 'no']);
    },
  );
});

describe('a redirect', () => {
  it.each([301, 302, 307, 308])('with %i on the same origin is followed with the same request', async (status) => {
    answer = ({ path }) => (path === '/mcp' ? { status, headers: { location: '/mcp/' } } : { body: 'done' });
    await authorized(tokens('good').credentials)();
    expect(mcp.asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/mcp', '{"id":1}'],
      ['POST', '/mcp/', '{"id":1}'],
    ]);
    expect(mcp.asked.map(bearer)).toEqual(['Bearer good', 'Bearer good']);
  });

  it('with 303 is followed with a GET (RFC 9110 section 15.4.4)', async () => {
    answer = ({ path }) => (path === '/mcp' ? { status: 303, headers: { location: '/other' } } : { body: 'done' });
    await authorized(tokens('good').credentials)();
    expect(mcp.asked.map(({ method, body }) => [method, body])[1]).toEqual(['GET', '']);
  });

  it.each(['another origin', 'itself, for ever'])('to %s is an error', async (where) => {
    answer = () => ({
      status: 307,
      headers: { location: where === 'another origin' ? `${elsewhere.origin}/mcp` : '/mcp' },
    });
    await expect(authorized(tokens('good').credentials)()).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(elsewhere.asked).toEqual([]);
    expect(mcp.asked.length).toBeLessThanOrEqual(4);
  });
});
