import { createHash } from 'node:crypto';
import type { JWTVerifyResult } from 'jose';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDpopKey, dpopFetch, openDpopKey } from '../../src/auth/dpop.ts';
import type { ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const as = { issuer: 'https://as.example' };
const now = (): number => 1_700_000_000_000;
let server: ScriptedServer;
let answer: Parameters<typeof startScriptedServer>[0];

beforeEach(async () => {
  answer = () => ({ body: {} });
  server = await startScriptedServer((asked) => answer(asked));
});

afterEach(() => server.close());

/** The proof as a server checks it (RFC 9449 section 4.3). */
async function verified(proof: unknown): Promise<JWTVerifyResult> {
  return await jwtVerify(String(proof), EmbeddedJWK, { typ: 'dpop+jwt', currentDate: new Date(now()) });
}

const proofs = (): Promise<JWTVerifyResult[]> =>
  Promise.all(server.asked.map(({ headers }) => verified(headers['dpop'])));

describe('a proof of possession (RFC 9449 section 4.2)', () => {
  it.each(['ES256', 'EdDSA', 'ES384', 'ES512', 'PS256', 'RS256'])(
    'is signed with %s where that is what the server takes',
    async (alg) => {
      const key = await createDpopKey('crm', { ...as, dpop_signing_alg_values_supported: ['none', alg] }, now);
      const { protectedHeader, payload } = await verified(
        await key.prove({ url: 'https://as.example/token', method: 'POST' }),
      );
      expect(protectedHeader.alg).toBe(alg);
      expect(protectedHeader.jwk).not.toHaveProperty('d');
      expect(payload).toMatchObject({ htm: 'POST', htu: 'https://as.example/token', iat: now() / 1000 });
    },
  );

  it('names the URL without query and fragment, and holds the hash of the token that goes with it', async () => {
    const key = await createDpopKey('crm', as, now);
    const url = 'https://mcp.example/mcp?tenant=1#part';
    const { payload } = await verified(await key.prove({ url, method: 'GET', accessToken: 'token-1' }));
    expect(payload['htu']).toBe('https://mcp.example/mcp');
    expect(payload['ath']).toBe(createHash('sha256').update('token-1').digest('base64url'));
  });

  it('is another one for every request', async () => {
    const key = await createDpopKey('crm', as, now);
    const send = dpopFetch(fetch, key, 'token-1');
    for (let request = 0; request < 3; request++) await send(`${server.origin}/mcp`, { method: 'POST', body: '{}' });
    expect(new Set((await proofs()).map(({ payload }) => payload.jti)).size).toBe(3);
  });

  it('comes from the saved key again in another process', async () => {
    const key = await createDpopKey('crm', as, now);
    const again = openDpopKey(JSON.parse(JSON.stringify(key.saved)), now);
    const { protectedHeader } = await verified(await again.prove({ url: 'https://as.example/token', method: 'POST' }));
    expect(await calculateJwkThumbprint(protectedHeader.jwk ?? {})).toBe(await key.thumbprint());
    expect(await again.thumbprint()).toBe(await key.thumbprint());
  });

  it('is impossible where no algorithm is in common, and says so', async () => {
    const odd = { ...as, dpop_signing_alg_values_supported: ['ES256K'] };
    await expect(createDpopKey('crm', odd, now)).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringContaining('ES256K'),
    });
  });
});

describe('a nonce of the server', () => {
  const nonceOf = async (headers: Readonly<Record<string, unknown>>): Promise<unknown> =>
    (await verified(headers['dpop'])).payload['nonce'];

  it.each([
    ['an authorization server (section 8)', { status: 400, body: { error: 'use_dpop_nonce' } }],
    ['a resource server (section 9)', { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' } }],
  ])('that %s asks for is sent at once, and with every later request', async (_who, refusal) => {
    answer = async ({ headers }) =>
      (await nonceOf(headers)) === 'n1'
        ? { body: 'done' }
        : { ...refusal, headers: { ...('headers' in refusal ? refusal.headers : {}), 'dpop-nonce': 'n1' } };
    const send = dpopFetch(fetch, await createDpopKey('crm', as, now));
    const init = { method: 'POST', body: new URLSearchParams({ code: 'c' }).toString() };
    expect(await (await send(`${server.origin}/token`, init)).text()).toBe('done');
    expect(await (await send(`${server.origin}/token`, init)).text()).toBe('done');
    expect(server.asked.map(({ body }) => body)).toEqual(['code=c', 'code=c', 'code=c']);
  });

  it('is learned by all requests that went out without it at the same time', async () => {
    answer = async ({ headers }) =>
      (await nonceOf(headers)) === 'n1'
        ? { body: 'done' }
        : { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n1' } };
    const send = dpopFetch(fetch, await createDpopKey('crm', as, now), 'token-1');
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(`${server.origin}/mcp`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(server.asked).toHaveLength(10);
  });

  it('is replaced by the one of each answer', async () => {
    const seen: unknown[] = [];
    answer = async ({ headers }) => {
      seen.push(await nonceOf(headers));
      return { headers: { 'dpop-nonce': `n${seen.length}` } };
    };
    const send = dpopFetch(fetch, await createDpopKey('crm', as, now), 'token-1');
    for (let request = 0; request < 3; request++) await send(`${server.origin}/mcp`);
    expect(seen).toEqual([undefined, 'n1', 'n2']);
  });

  it('of the authorization server is not the one of the resource server at the same place', async () => {
    const seen: unknown[] = [];
    answer = async ({ path, headers }) => {
      seen.push(await nonceOf(headers));
      return { headers: { 'dpop-nonce': path } };
    };
    const key = await createDpopKey('crm', as, now);
    await dpopFetch(fetch, key)(`${server.origin}/token`);
    await dpopFetch(fetch, key, 'token-1')(`${server.origin}/mcp`);
    await dpopFetch(fetch, key)(`${server.origin}/token`);
    expect(seen).toEqual([undefined, undefined, '/token']);
  });

  it('does not make a refused code be sent twice, nor a server that never is content be asked for ever', async () => {
    let nonces = 0;
    answer = ({ path }) => ({
      status: 400,
      headers: { 'dpop-nonce': `n${++nonces}` },
      body: { error: path === '/token' ? 'invalid_grant' : 'use_dpop_nonce' },
    });
    const send = dpopFetch(fetch, await createDpopKey('crm', as, now));
    expect(await (await send(`${server.origin}/token`)).json()).toEqual({ error: 'invalid_grant' });
    expect(server.asked).toHaveLength(1);
    expect((await send(`${server.origin}/endless`)).status).toBe(400);
    expect(server.asked).toHaveLength(3);
  });
});
