import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { FlattenedEncrypt, flattenedDecrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { createRecordSeal, type SealedRecord } from '../../src/auth/sealed-record.ts';
import { parseTokenKey } from '../../src/auth/token-key.ts';

const passphrase = 'correct horse battery staple';
const bytes = randomBytes(32);
const byKey = () => createRecordSeal(parseTokenKey(`base64:${bytes.toString('base64')}`, 'the key'));
const byPassphrase = () => createRecordSeal(parseTokenKey(passphrase, 'the passphrase'));
const bound = { login: 'k1', version: 1 };
const plain = '{"tokens":{"access_token":"canary"}}';
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

describe.each([
  ['a key', byKey],
  ['a passphrase', byPassphrase],
])('H56: a login that was sealed with %s', (_, seal) => {
  it('opens again, in this process and in another', async () => {
    const here = seal();
    const sealed = await here.seal(plain, bound);
    expect(await here.open({ ...sealed }, 'k1')).toEqual({ kind: 'opened', plain });
    expect(await seal().open(JSON.parse(JSON.stringify(sealed)), 'k1')).toEqual({ kind: 'opened', plain });
  });

  it('shows nothing of it, is never the same twice, and says which format it has', async () => {
    const here = seal();
    const [one, two] = [await here.seal(plain, bound), await here.seal(plain, bound)];
    expect(JSON.stringify(one)).not.toMatch(/canary|access_token/);
    expect([one.iv, one.ciphertext, one.tag]).not.toEqual([two.iv, two.ciphertext, two.tag]);
    const header = JSON.parse(Buffer.from(one.protected ?? '', 'base64url').toString());
    expect(header).toMatchObject({ enc: 'A256GCM', login: 'k1', version: 1 });
  });

  it('does not open under the name of another login', async () => {
    const sealed = await seal().seal(plain, bound);
    expect(await seal().open({ ...sealed }, 'k2')).toEqual({
      kind: 'closed',
      reason: expect.stringContaining('another server'),
    });
  });

  it('does not open where a single character of it was changed, and says so without a throw', async () => {
    const sealed: SealedRecord = { ...(await seal().seal(plain, bound)) };
    const opener = seal();
    for (const [name, value] of Object.entries(sealed)) {
      if (typeof value !== 'string') continue;
      const changed = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`;
      expect(await opener.open({ ...sealed, [name]: changed }, 'k1'), name).toMatchObject({ kind: 'closed' });
      expect(await opener.open({ ...sealed, [name]: '!' }, 'k1'), name).toMatchObject({ kind: 'closed' });
      expect(await opener.open({ ...sealed, [name]: undefined }, 'k1'), name).toMatchObject({ kind: 'closed' });
    }
  });
});

describe('the other key', () => {
  it('of the same kind does not open it, and the reason says that it is another one', async () => {
    const other = createRecordSeal(parseTokenKey(`base64:${randomBytes(32).toString('base64')}`, 'x'));
    const reason = expect.stringContaining('another key');
    expect(await other.open({ ...(await byKey().seal(plain, bound)) }, 'k1')).toEqual({ kind: 'closed', reason });
    const otherPhrase = createRecordSeal(parseTokenKey(`${passphrase}!`, 'x'));
    const sealed = await byPassphrase().seal(plain, bound);
    expect(await otherPhrase.open({ ...sealed }, 'k1')).toEqual({ kind: 'closed', reason });
  });

  it('of the other kind does not open it, and the reason names the kind that would', async () => {
    expect(await byKey().open({ ...(await byPassphrase().seal(plain, bound)) }, 'k1')).toEqual({
      kind: 'closed',
      reason: expect.stringContaining('with a passphrase'),
    });
    expect(await byPassphrase().open({ ...(await byKey().seal(plain, bound)) }, 'k1')).toEqual({
      kind: 'closed',
      reason: expect.stringContaining('with a key'),
    });
  });
});

describe('RFC 7516', () => {
  it('is kept: a JOSE library opens what was sealed, with the passphrase or the key alone', async () => {
    const options = { maxPBES2Count: 210_000, keyManagementAlgorithms: ['PBES2-HS512+A256KW'] };
    const phrase = await byPassphrase().seal(plain, bound);
    const opened = await flattenedDecrypt(phrase, new TextEncoder().encode(passphrase), options);
    expect(text(opened.plaintext)).toBe(plain);
    expect(opened.unprotectedHeader).toMatchObject({ alg: 'PBES2-HS512+A256KW', p2c: 210_000 });
    expect(text((await flattenedDecrypt(await byKey().seal(plain, bound), bytes)).plaintext)).toBe(plain);
  });

  it('is kept: what a JOSE library sealed with the key opens here', async () => {
    const jwe = new FlattenedEncrypt(new TextEncoder().encode(plain));
    const sealed = await jwe.setProtectedHeader({ alg: 'dir', enc: 'A256GCM', login: 'k1' }).encrypt(bytes);
    expect(await byKey().open({ ...sealed }, 'k1')).toEqual({ kind: 'opened', plain });
  });
});

describe('a passphrase', () => {
  const saltOf = (sealed: SealedRecord): unknown => (sealed['header'] as { p2s: string }).p2s;

  it('is derived once: all that one process seals has one salt, and another process that opened it goes on with that', async () => {
    const [first, second] = [byPassphrase(), byPassphrase()];
    const sealed = [await first.seal(plain, bound), await first.seal(plain, { login: 'k2', version: 1 })];
    expect(new Set(sealed.map((one) => saltOf({ ...one }))).size).toBe(1);
    await second.open({ ...sealed[0] }, 'k1');
    expect(saltOf({ ...(await second.seal(plain, bound)) })).toBe(saltOf({ ...sealed[0] }));
    expect(saltOf({ ...(await byPassphrase().seal(plain, bound)) })).not.toBe(saltOf({ ...sealed[0] }));
  });

  it('does not go on with the salt of a file that it does not open', async () => {
    const here = byPassphrase();
    const foreign = await createRecordSeal(parseTokenKey('another passphrase', 'x')).seal(plain, bound);
    await here.open({ ...foreign }, 'k1');
    expect(saltOf({ ...(await here.seal(plain, bound)) })).not.toBe(saltOf({ ...foreign }));
  });

  it('does not go on with fewer rounds than its own, though it opens what has fewer', async () => {
    const [alg, p2s, p2c] = ['PBES2-HS512+A256KW', randomBytes(16), 1000] as const;
    const derived = pbkdf2Sync(passphrase, Buffer.concat([Buffer.from(`${alg}\0`), p2s]), p2c, 32, 'sha512');
    const jwe = new FlattenedEncrypt(new TextEncoder().encode(plain)).setProtectedHeader({
      enc: 'A256GCM',
      login: 'k1',
    });
    const weak = await jwe.setUnprotectedHeader({ alg: 'A256KW' }).encrypt(derived);
    const here = byPassphrase();
    const file = { ...weak, header: { alg, p2s: p2s.toString('base64url'), p2c } };
    expect(await here.open(file, 'k1')).toEqual({ kind: 'opened', plain });
    expect((await here.seal(plain, bound)).header).toMatchObject({ p2c: 210_000 });
  });

  it.each([
    ['no salt', { p2s: undefined }],
    ['a salt that is none', { p2s: 7 }],
    ['no count', { p2c: undefined }],
    ['a count that would take hours', { p2c: 2 ** 31 }],
    ['a count below one', { p2c: 0 }],
  ])('is not tried on a file with %s', async (_, change) => {
    const sealed = await byPassphrase().seal(plain, bound);
    const changed = { ...sealed, header: { ...sealed.header, ...change } };
    expect(await byPassphrase().open(changed, 'k1')).toEqual({ kind: 'closed', reason: 'is no complete JWE' });
  });
});
