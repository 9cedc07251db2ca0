import { afterEach, describe, expect, it } from 'vitest';
import { revokeTokens } from '../../src/auth/revoke.ts';
import type { LoginRecord } from '../../src/auth/token-store.ts';
import { sampleRecord } from './samples.ts';
import type { Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

let as: ScriptedServer;
afterEach(() => as.close());

async function revoke(replies: readonly (Reply | 'drop')[], change: Partial<LoginRecord> = {}) {
  const queue = [...replies];
  as = await startScriptedServer(() => queue.shift() ?? 'drop');
  const record = sampleRecord({
    server_url: 'http://127.0.0.1:9/mcp',
    revocation_endpoint: `${as.origin}/revoke`,
    ...change,
  });
  return await revokeTokens({ fetch }, { server: 'crm', record });
}

const form = () => as.asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

describe('a revocation', () => {
  it('gives back the refresh token, then the access token', async () => {
    expect(await revoke([{}, {}])).toBe('revoked');
    expect(form()).toEqual([
      { token: 'refresh-0', token_type_hint: 'refresh_token', client_id: 'client-1' },
      { token: 'access-0', token_type_hint: 'access_token', client_id: 'client-1' },
    ]);
  });

  it('is done where only the access token cannot be revoked (RFC 7009 section 2.2.1)', async () => {
    expect(await revoke([{}, { status: 400, body: { error: 'unsupported_token_type' } }])).toBe('revoked');
  });

  it('is not offered without an endpoint or without tokens', async () => {
    const { revocation_endpoint: _none, ...record } = sampleRecord({ revocation_endpoint: 'x' });
    as = await startScriptedServer(() => 'drop');
    expect(await revokeTokens({ fetch }, { server: 'crm', record })).toBe('not_offered');
    const { tokens: _tokens, ...registration } = sampleRecord({ revocation_endpoint: `${as.origin}/revoke` });
    expect(await revokeTokens({ fetch }, { server: 'crm', record: registration })).toBe('not_offered');
    expect(as.asked).toEqual([]);
  });

  it.each<[string, (Reply | 'drop')[], Partial<LoginRecord>, RegExp]>([
    ['503', [{ status: 503, body: 'refresh-0' }, {}], {}, /^status 503 "\[secret\]"$/],
    ['a broken connection', ['drop', 'drop'], {}, /./],
    [
      'a client that cannot be presented',
      [],
      { client: { client_id: 'c', token_endpoint_auth_method: 'private_key_jwt' } },
      /private_key_jwt/,
    ],
    ['an endpoint on plain http', [], { revocation_endpoint: 'http://as.example/revoke' }, /not https/],
  ])('that meets %s says so and throws nothing', async (_what, replies, change, reason) => {
    expect(await revoke(replies, change)).toEqual({ failed: expect.stringMatching(reason) });
  });
});
