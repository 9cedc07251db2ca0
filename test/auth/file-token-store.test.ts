import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { createRecordSeal, type RecordSeal } from '../../src/auth/sealed-record.ts';
import { parseTokenKey } from '../../src/auth/token-key.ts';
import type { LoginRecord, TokenStore } from '../../src/auth/token-store.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import type { NotedLog } from './samples.ts';
import { noteLog, sampleRecord } from './samples.ts';
import { describeTokenStore } from './token-store.contract.ts';

let directory: string;
const open = (): TokenStore => createFileTokenStore({ lock: createFileLock() }, { directory });
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const onPosix = it.skipIf(process.platform === 'win32');

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'portico-store-')), 'logins');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const keys = {
  'a key': `base64:${randomBytes(32).toString('base64')}`,
  'a passphrase': 'correct horse battery staple',
};
const sealFrom = (key: string): RecordSeal => createRecordSeal(parseTokenKey(key, 'GATEWAY_TOKEN_KEY'));
const sealedBy = (seal: RecordSeal, log?: NotedLog): TokenStore =>
  createFileTokenStore({ lock: createFileLock(), seal: async () => seal, log }, { directory });
const sealedWith = (key: string, log?: NotedLog): TokenStore => sealedBy(sealFrom(key), log);

describeTokenStore('a directory', () => ({ store: open(), other: open() }));
for (const [what, key] of Object.entries(keys)) {
  // Two that know nothing of each other; what a passphrase gives is derived once by each, as in a gateway that goes on.
  const [one, another] = [sealFrom(key), sealFrom(key)];
  describeTokenStore(`a directory encrypted with ${what}`, () => ({ store: sealedBy(one), other: sealedBy(another) }));
}

const source = (file: string): string => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);

/** Adds one to a number in the login, under the lock, as often as it is told. */
const addingProgram = (key: string | undefined, times: number): string => `
  import { createFileTokenStore } from ${source('auth/file-token-store.ts')};
  import { createFileLock } from ${source('lib/file-lock.ts')};
  import { createRecordSeal } from ${source('auth/sealed-record.ts')};
  import { parseTokenKey } from ${source('auth/token-key.ts')};
  const key = ${JSON.stringify(key)};
  const seal = key === undefined ? undefined : createRecordSeal(parseTokenKey(key, 'x'));
  const deps = { lock: createFileLock(), seal: async () => seal };
  const store = createFileTokenStore(deps, { directory: ${JSON.stringify(directory)} });
  for (let i = 0; i < ${times}; i++) {
    await store.withLock('k1', async () => {
      const record = await store.read('k1');
      await store.write('k1', { ...record, updated_at: record.updated_at + 1 });
    });
  }
`;

describe.each([['nothing', undefined] as const, ...Object.entries(keys)])('encrypted with %s', (_, key) => {
  const store = (): TokenStore => (key === undefined ? open() : sealedWith(key));

  it('C24: five processes that write one login at once lose no write', async () => {
    await store().write('k1', sampleRecord({ updated_at: 0 }));
    const loader = new URL('./typescript-loader.mjs', import.meta.url).href;
    const args = ['--import', loader, '--input-type=module', '-e', addingProgram(key, 10)];
    const run = promisify(execFile);
    await Promise.all(Array.from({ length: 5 }, () => run(process.execPath, args)));
    expect(await store().read('k1')).toEqual(sampleRecord({ updated_at: 50 }));
    expect(await readdir(directory)).toEqual(['k1.json']);
  }, 90_000);

  it('C24: a login of a newer version keeps what this one does not know, on disk and in the seal', async () => {
    const newer = { ...sampleRecord({ version: 9 }), future_member: { kept: ['canary'] } };
    await store().write('k1', newer);
    await store().write('k1', sampleRecord({ account: 'a@example.com' }));
    expect(await store().read('k1')).toEqual({ ...newer, account: 'a@example.com' });
    const file = JSON.parse(await readFile(join(directory, 'k1.json'), 'utf8'));
    const version = key === undefined ? file.version : JSON.parse(atob(file.protected)).version;
    expect(version).toBe(9);
    expect(JSON.stringify(file).includes('canary')).toBe(key === undefined);
  });
});

describe('a login file', () => {
  it('is plain JSON named after its key, with nothing left beside it', async () => {
    await open().withLock('k1', () => open().write('k1', sampleRecord()));
    expect(await readdir(directory)).toEqual(['k1.json']);
    expect(JSON.parse(await readFile(join(directory, 'k1.json'), 'utf8'))).toEqual(sampleRecord());
  });

  onPosix('is for its owner alone, and so is its directory', async () => {
    await open().write('k1', sampleRecord());
    expect([await modeOf(directory), await modeOf(join(directory, 'k1.json'))]).toEqual(['700', '600']);
  });

  onPosix('that was copied with a loose mode is closed to others when it is read', async () => {
    await open().write('k1', sampleRecord());
    await chmod(join(directory, 'k1.json'), 0o644);
    await open().read('k1');
    expect(await modeOf(join(directory, 'k1.json'))).toBe('600');
  });

  const broken: readonly [string, string][] = [
    ['nothing', ''],
    ['half of a login', JSON.stringify(sampleRecord()).slice(0, 200)],
    ['a web page', '<!doctype html>'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['no client', JSON.stringify({ ...sampleRecord(), client: undefined })],
    ['a client without an id', JSON.stringify({ ...sampleRecord(), client: { token_endpoint_auth_method: 'none' } })],
    ['an empty access token', JSON.stringify({ ...sampleRecord(), tokens: { access_token: '' } })],
    ['a token endpoint that is no URL', JSON.stringify({ ...sampleRecord(), token_endpoint: '/token' })],
    [
      'an expiry that is no number',
      JSON.stringify({ ...sampleRecord(), tokens: { access_token: 'canary', expires_at: 'soon' } }),
    ],
  ];

  it.each(broken)(
    'holding %s is an error that names it and shows none of it, and it stays as it is',
    async (_what, text) => {
      await mkdir(directory, { recursive: true });
      const path = join(directory, 'k1.json');
      await writeFile(path, text);
      const failures = await Promise.allSettled([open().read('k1'), open().write('k1', sampleRecord())]);
      for (const failure of failures) {
        expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'CONFIG_INVALID' } });
        const { message, hint } = (failure as PromiseRejectedResult).reason;
        expect(message).toContain(path);
        expect(hint).toContain('log in again');
        expect(message).not.toMatch(/access-0|refresh-0|canary/);
      }
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );

  it('that is broken can be deleted', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'k1.json'), '{');
    await open().delete('k1');
    expect(await open().read('k1')).toBeUndefined();
  });

  it.each(['../k', 'a/b', 'a\\b', '', '.'])(
    'cannot be named with a key that leaves the directory: "%s"',
    async (key) => {
      await expect(open().read(key)).rejects.toThrow(/login key/);
      await expect(open().write(key, sampleRecord())).rejects.toThrow(/login key/);
    },
  );
});

describe('an encrypted login file', () => {
  const path = (): string => join(directory, 'k1.json');
  const [key, passphrase] = [keys['a key'], keys['a passphrase']];
  const otherKey = `base64:${randomBytes(32).toString('base64')}`;

  it.each([key, passphrase])('H56: is a JWE that shows no member of the login, for its owner alone', async (secret) => {
    await sealedWith(secret).write('k1', sampleRecord({ account: 'a@example.com' }));
    const text = await readFile(path(), 'utf8');
    expect(text).not.toMatch(/access-0|refresh-0|client-1|as\.example|a@example/);
    expect(JSON.parse(text)).toMatchObject({ ciphertext: expect.any(String), tag: expect.any(String) });
    if (process.platform !== 'win32') expect(await modeOf(path())).toBe('600');
  });

  const wrong: readonly [string, string, () => TokenStore, RegExp][] = [
    ['another key', key, () => sealedWith(otherKey), /^GATEWAY_TOKEN_KEY does not open .*another key/],
    [
      'another passphrase',
      passphrase,
      () => sealedWith(`${passphrase}r`),
      /^GATEWAY_TOKEN_KEY does not open .*another/,
    ],
    ['a passphrase instead of the key', key, () => sealedWith(passphrase), /saved with a key in base64/],
    ['a key instead of the passphrase', passphrase, () => sealedWith(key), /saved with a passphrase/],
    ['no key at all', key, open, /^GATEWAY_TOKEN_KEY is not set/],
  ];

  it.each(wrong)(
    'C24: with %s is an error that says so, never an empty login, and is not written over',
    async (_what, secret, openWrong, says) => {
      await sealedWith(secret).write('k1', sampleRecord());
      const before = await readFile(path());
      const store = openWrong();
      for (const ask of [() => store.read('k1'), () => store.write('k1', sampleRecord({ account: 'other' }))]) {
        const failure = await ask().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
        expect(failure).toMatchObject({ message: expect.stringContaining(path()), hint: expect.any(String) });
        expect(JSON.stringify(failure)).not.toMatch(/access-0|refresh-0|correct horse|base64:/);
      }
      expect(await readFile(path())).toEqual(before);
      expect(await sealedWith(secret).read('k1')).toEqual(sampleRecord());
      await store.delete('k1');
      expect(await store.read('k1')).toBeUndefined();
    },
  );

  it('C24: that was renamed to the name of another login is noticed, and left', async () => {
    await sealedWith(key).write('k1', sampleRecord());
    await rename(path(), join(directory, 'k2.json'));
    await expect(sealedWith(key).read('k2')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('another server'),
    });
    expect(await readdir(directory)).toEqual(['k2.json']);
  });

  it('takes the place of a plain one at the next save, which the log mentions', async () => {
    const log = noteLog();
    const store = sealedWith(key, log);
    await open().write('k1', { ...sampleRecord(), future_member: 1 } as LoginRecord);
    expect(await store.read('k1')).toMatchObject(sampleRecord());
    expect(await readFile(path(), 'utf8')).toContain('access-0');
    await store.write('k1', sampleRecord());
    await store.write('k1', sampleRecord());
    expect(await readFile(path(), 'utf8')).not.toContain('access-0');
    expect(await store.read('k1')).toEqual({ ...sampleRecord(), future_member: 1 });
    expect(log.lines.map(({ level }) => level)).toEqual(['debug']);
  });

  it('or a plain one cannot be read where the key cannot be had: a refresh could not be saved. Without a file nothing is asked', async () => {
    await open().write('k1', sampleRecord());
    const failure = new Error('no key');
    const seal = () => Promise.reject(failure);
    const store = createFileTokenStore({ lock: createFileLock(), seal }, { directory });
    await expect(store.read('k1')).rejects.toBe(failure);
    await expect(store.write('k1', sampleRecord())).rejects.toBe(failure);
    expect(await store.read('k2')).toBeUndefined();
    await expect(store.write('k2', sampleRecord())).rejects.toBe(failure);
    expect(await readdir(directory)).toEqual(['k1.json']);
  });
});

describe('a directory that cannot be written', () => {
  it.each(['EROFS', 'EACCES', 'EPERM'])('lets the work go on without a lock (%s)', async (code) => {
    const lock = { hold: () => Promise.reject(Object.assign(new Error('no'), { code })) };
    const store = createFileTokenStore({ lock }, { directory });
    expect(await store.withLock('k1', async () => 'done')).toBe('done');
  });

  it('does not run work twice that failed for such a reason itself', async () => {
    let runs = 0;
    const failure = Object.assign(new Error('no'), { code: 'EACCES' });
    const work = () => {
      runs++;
      return Promise.reject(failure);
    };
    await expect(open().withLock('k1', work)).rejects.toBe(failure);
    expect(runs).toBe(1);
  });

  it('is no reason to go on when the lock fails for another reason', async () => {
    const failure = Object.assign(new Error('no'), { code: 'EIO' });
    const store = createFileTokenStore({ lock: { hold: () => Promise.reject(failure) } }, { directory });
    await expect(store.withLock('k1', async () => 'done')).rejects.toBe(failure);
  });
});
