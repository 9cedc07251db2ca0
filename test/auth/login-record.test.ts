import { describe, expect, it } from 'vitest';
import { nextUpdatedAt, parseLoginRecord } from '../../src/auth/login-record.ts';
import { sampleRecord } from './samples.ts';

describe('a saved login', () => {
  it('is read with every member it holds, known or not', () => {
    const saved = { ...sampleRecord(), future: [1], client: { ...sampleRecord().client, software_id: 'x' } };
    expect(parseLoginRecord(saved)).toEqual({ kind: 'record', record: saved });
  });

  it.each<[string, object]>([
    ['no token type', { tokens: { access_token: 'a' } }],
    ['no updated_at', { updated_at: undefined }],
    ['a higher version', { version: 99 }],
  ])('may have %s', (_what, change) => {
    expect(parseLoginRecord({ ...sampleRecord(), ...change }).kind).toBe('record');
  });

  it.each<[string, unknown]>([
    ['no object', 'text'],
    ['no version', { ...sampleRecord(), version: undefined }],
    ['an issuer that is no URL', { ...sampleRecord(), issuer: 'as' }],
    ['a resource that is no string', { ...sampleRecord(), resource: 1 }],
    [
      'an unknown authentication method',
      { ...sampleRecord(), client: { client_id: 'a', token_endpoint_auth_method: 'tls' } },
    ],
    ['a secret that is no string', { ...sampleRecord(), client: { ...sampleRecord().client, client_secret: 1 } }],
    ['tokens that are a string', { ...sampleRecord(), tokens: 'a' }],
  ])('must not have %s', (_what, value) => {
    expect(parseLoginRecord(value).kind).toBe('invalid');
  });

  it('ends on a day that a calendar has, whatever its file says', () => {
    const { access_token } = sampleRecord().tokens ?? { access_token: '' };
    const parsed = parseLoginRecord({ ...sampleRecord(), tokens: { access_token, expires_at: 1e300 } });
    const end = parsed.kind === 'record' ? parsed.record.tokens?.expires_at : undefined;
    expect(() => new Date((end ?? Number.NaN) * 1000).toISOString()).not.toThrow();
  });

  it('is stamped later than the one it replaces, even where the clock went back', () => {
    expect(nextUpdatedAt(undefined, 5500)).toBe(5);
    expect(nextUpdatedAt(sampleRecord({ updated_at: 100 }), 5500)).toBe(101);
  });
});
