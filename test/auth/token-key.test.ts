import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTokenKey } from '../../src/auth/token-key.ts';

const bytes = randomBytes(32);

describe('a key of the login files', () => {
  it.each([
    ['base64', `base64:${bytes.toString('base64')}`],
    ['base64 without padding', `base64:${bytes.toString('base64').replace(/=+$/, '')}`],
    ['base64url', `base64:${bytes.toString('base64url')}`],
    ['base64 with a line end, as a file has it', `base64:${bytes.toString('base64')}\r\n`],
    ['another case of the prefix', `Base64:${bytes.toString('base64')}`],
  ])('is 32 bytes in %s', (_, text) => {
    const key = parseTokenKey(text, 'GATEWAY_TOKEN_KEY');
    expect(key).toMatchObject({ kind: 'key', from: 'GATEWAY_TOKEN_KEY' });
    expect(Buffer.from(key.kind === 'key' ? key.bytes : '')).toEqual(bytes);
  });

  it('or a passphrase, without the space around it, that shows nowhere by accident', () => {
    const key = parseTokenKey('  twelve chars\n', 'x');
    expect(key.kind === 'passphrase' && key.text.reveal()).toBe('twelve chars');
    expect(JSON.stringify(key)).not.toContain('twelve');
  });

  it.each([
    ['nothing', '', /is empty/],
    ['space', ' \n', /is empty/],
    ['eleven characters', 'canary4567!', /shorter than 12/],
    ['eleven characters of two units each', '😀'.repeat(11), /shorter than 12/],
    ['base64 of too few bytes', `base64:${Buffer.from('canary').toString('base64')}`, /holds 6 bytes/],
    ['base64 of too many bytes', `base64:${Buffer.alloc(33, 'canary').toString('base64')}`, /holds 33 bytes/],
    ['what is no base64', 'base64:canary canary canary canary', /is no base64/],
    ['hexadecimal digits behind the prefix', `base64:${Buffer.alloc(32, 'canary').toString('hex')}`, /holds 48 bytes/],
    ['nothing behind the prefix', 'base64:', /is no base64/],
  ])('C24: is refused where it is %s: the error names the variable and never the value', (_, text, says) => {
    const refusal = expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(says),
      hint: expect.stringContaining('openssl rand -base64 32'),
    });
    expect(() => parseTokenKey(text, 'GATEWAY_TOKEN_KEY')).toThrow(refusal);
    expect(() => parseTokenKey(text, 'GATEWAY_TOKEN_KEY')).toThrow(/^GATEWAY_TOKEN_KEY /);
    expect(() => parseTokenKey(text, 'GATEWAY_TOKEN_KEY')).not.toThrow(/canary/);
  });
});
