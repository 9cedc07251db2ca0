import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import type { TokenStore } from '../../src/auth/token-store.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { sampleRecord } from './samples.ts';
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

describeTokenStore('a directory', () => ({ store: open(), other: open() }));

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

  it('cannot be named with a key that leaves the directory', () => {
    for (const key of ['../k', 'a/b', 'a\\b', '', '.']) expect(() => open().read(key)).toThrow(/login key/);
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
