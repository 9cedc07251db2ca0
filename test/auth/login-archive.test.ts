// The file that logins travel in: what opens it, and what is said of every other file.
import fc from 'fast-check';
import { FlattenedEncrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { archiveVersion, judgeArchive, openArchive, sealArchive } from '../../src/auth/login-archive.ts';
import { Secret } from '../../src/lib/secret.ts';
import { sampleRecord } from './samples.ts';

const passphrase = new Secret('correct horse battery');
const quick = { iterations: 1000 };
const record = sampleRecord();

function sealed(text: string): Record<string, string> {
  return JSON.parse(text) as Record<string, string>;
}

/** A JWE of the same make, with another header or content. */
async function forged(header: object, content: string): Promise<string> {
  const plain = new TextEncoder().encode(content);
  const protectedHeader = { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', typ: 'portico-logins', version: 1, ...header };
  const jwe = await new FlattenedEncrypt(plain)
    .setProtectedHeader(protectedHeader)
    .setKeyManagementParameters({ p2c: 1000 })
    .encrypt(new TextEncoder().encode(passphrase.reveal()));
  return JSON.stringify(jwe);
}

describe('an archive', () => {
  it('C24: gives back every member of every login, and shows none of them', async () => {
    const other = { ...sampleRecord({ profile: 'home' }), unknown_member: { kept: [1] } };
    const text = await sealArchive([record, other], passphrase, quick);
    expect(await openArchive(text, passphrase)).toEqual({
      kind: 'opened',
      records: [record, other].map((one) => ({ kind: 'record', record: one })),
    });
    expect(text).not.toMatch(/mcp\.example|as\.example|client-1|access|home/);
  });

  it('derives its key with so many iterations that guessing is slow, and says in its header what it is', async () => {
    const { protected: header = '' } = sealed(await sealArchive([record], passphrase));
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
      alg: 'PBES2-HS512+A256KW',
      enc: 'A256GCM',
      typ: 'portico-logins',
      cty: 'json',
      version: archiveVersion,
      p2c: 600_000,
    });
  });

  it('is another one each time', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => sealed(await sealArchive([record], passphrase, quick))),
    );
    for (const member of ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag']) {
      expect(one?.[member]).not.toBe(other?.[member]);
    }
  });

  it('opens with the same words however the keyboard composes its accents', async () => {
    const text = await sealArchive([record], new Secret('caf\u00e9 caf\u00e9 caf\u00e9'), quick);
    expect((await openArchive(text, new Secret('cafe\u0301 cafe\u0301 cafe\u0301'))).kind).toBe('opened');
  });

  it('reports a login in it that cannot be used, beside those that can', async () => {
    const text = await forged({}, JSON.stringify({ logins: [{ version: 1 }, record, 'x'] }));
    expect(await openArchive(text, passphrase)).toMatchObject({
      kind: 'opened',
      records: [{ kind: 'invalid' }, { kind: 'record' }, { kind: 'invalid' }],
    });
  });
});

describe('what is no archive', () => {
  const judged: readonly [string, string, RegExp][] = [
    ['nothing', '', /no complete JSON object/],
    ['half of it', '{"protected": "eyJ', /no complete JSON object/],
    ['a list', '[]', /no complete JSON object/],
    ['other JSON', '{"mcpServers": {}}', /holds no logins that were exported/],
    ['a header that is no JSON', '{"protected": "AAAA", "ciphertext": "AAAA"}', /holds no logins that were exported/],
    ['a header that is no text', '{"protected": 7}', /holds no logins that were exported/],
  ];

  it.each(judged)('%s is told without the passphrase', (_, text, reason) => {
    expect(judgeArchive(text)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });

  it.each<[string, object, RegExp]>([
    ['a login file that is encrypted', { typ: undefined }, /holds no logins that were exported/],
    ['one of a newer version', { version: 2 }, /newer Portico \(version 2 of the format; this one reads 1\)/],
    ['one without a version', { version: undefined }, /does not say its version/],
  ])('%s is told by its header', async (_, header, reason) => {
    const text = await forged(header, '{"logins": []}');
    expect(await openArchive(text, passphrase)).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  it('whatever else stands in a file is refused, and never a crash', async () => {
    const header = fc.record(
      {
        typ: fc.constantFrom('portico-logins', 'x'),
        version: fc.oneof(fc.constant(1), fc.jsonValue()),
        alg: fc.string(),
      },
      { requiredKeys: [] },
    );
    const encoded = header.map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'));
    const member = fc.oneof(fc.jsonValue(), fc.base64String());
    const file = fc.record(
      {
        protected: fc.oneof(encoded, member),
        header: member,
        encrypted_key: member,
        iv: member,
        ciphertext: member,
        tag: member,
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      file.map((one) => JSON.stringify(one)),
      fc.json(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        expect(await openArchive(one, passphrase)).toMatchObject({ kind: 'refused' });
      }),
    );
  });

  it('one that asks for endless work is refused at once', async () => {
    const good = sealed(await forged({}, '{"logins": []}'));
    const header = JSON.parse(Buffer.from(good['protected'] ?? '', 'base64url').toString()) as object;
    const costly = Buffer.from(JSON.stringify({ ...header, p2c: 1e12 })).toString('base64url');
    const opened = await openArchive(JSON.stringify({ ...good, protected: costly }), passphrase);
    expect(opened).toMatchObject({ kind: 'refused', reason: expect.stringContaining('rounds') });
  });

  it.each([
    ['encrypted_key', 'is not opened by this passphrase, or was changed after the export'],
    ['iv', 'is not opened by this passphrase, or was changed after the export'],
    ['tag', 'is not opened by this passphrase, or was changed after the export'],
    ['ciphertext', 'is not opened by this passphrase, or was changed after the export'],
  ])('a change in its %s is noticed', async (member, reason) => {
    const good = sealed(await forged({}, '{"logins": []}'));
    const changed = { ...good, [member]: flipped(good[member] ?? '') };
    expect(await openArchive(JSON.stringify(changed), passphrase)).toMatchObject({ kind: 'refused', reason });
  });

  it.each(['encrypted_key', 'iv', 'tag', 'ciphertext'])('one without its %s is not complete', async (member) => {
    const { [member]: _gone, ...rest } = sealed(await forged({}, '{"logins": []}'));
    expect(await openArchive(JSON.stringify(rest), passphrase)).toMatchObject({ kind: 'refused' });
  });

  it.each(['{}', '{"logins": {}}', 'no JSON'])('content such as %s is refused', async (content) => {
    const opened = await openArchive(await forged({}, content), passphrase);
    expect(opened).toMatchObject({ kind: 'refused', reason: 'holds no list of logins' });
  });

  it('another passphrase does not open it, and neither of the two is quoted', async () => {
    const text = await sealArchive([record], passphrase, quick);
    const opened = await openArchive(text, new Secret('correct horse batterx'));
    expect(opened).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(opened)).not.toContain('horse');
  });
});

function flipped(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
}
