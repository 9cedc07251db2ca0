import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTokenKey, readKeySetting } from '../../src/auth/find-token-key.ts';
import type { OpenKeychain } from '../../src/auth/keychain.ts';
import type { GatewayError } from '../../src/errors.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { failureOf } from './login-scene.ts';
import { noteLog } from './samples.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-key-'));
});
afterEach(() => rm(directory, { recursive: true }));

const base64 = `base64:${randomBytes(32).toString('base64')}`;
const onPosix = it.skipIf(process.platform === 'win32');

describe('the variables of the key', () => {
  it('mean plain files where none is set, and read nothing', () => {
    expect(readKeySetting({}, undefined)).toBeUndefined();
  });

  it.each([
    ['a key', { GATEWAY_TOKEN_KEY: base64 }, { kind: 'text' }],
    ['a passphrase', { GATEWAY_TOKEN_KEY: 'keychains are not for me' }, { kind: 'text' }],
    ['a file', { GATEWAY_TOKEN_KEY_FILE: 'key' }, { kind: 'file', path: '/abs/key' }],
    ['the keychain', { GATEWAY_TOKEN_KEY: 'keychain' }, { kind: 'keychain', account: 'token-key' }],
    ['an entry of the keychain', { GATEWAY_TOKEN_KEY: 'keychain:work-2' }, { kind: 'keychain', account: 'work-2' }],
  ])('name %s', (_, env, expected) => {
    expect(readKeySetting(env, '/abs/key')).toMatchObject(expected);
  });

  it.each([
    ['both', { GATEWAY_TOKEN_KEY: base64, GATEWAY_TOKEN_KEY_FILE: 'canary' }, /GATEWAY_TOKEN_KEY and .*_FILE are both/],
    ['both, one empty', { GATEWAY_TOKEN_KEY: '', GATEWAY_TOKEN_KEY_FILE: 'canary' }, /both set/],
    ['an empty file name', { GATEWAY_TOKEN_KEY_FILE: ' ' }, /GATEWAY_TOKEN_KEY_FILE is empty/],
    ['an entry without a name', { GATEWAY_TOKEN_KEY: 'keychain:' }, /GATEWAY_TOKEN_KEY names no entry/],
    ['an entry with an odd name', { GATEWAY_TOKEN_KEY: 'keychain:canary/x' }, /GATEWAY_TOKEN_KEY names no entry/],
  ])('C24: naming %s are an error that shows no value', async (_, env, says) => {
    const failure = await failureOf((async () => readKeySetting(env, '/abs/canary'))());
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
    const { message, hint } = failure as GatewayError;
    expect(`${message} ${hint}`).not.toMatch(/canary|base64:[A-Za-z0-9]/);
  });
});

describe('a key file', () => {
  const find = (path: string, log = noteLog()) =>
    findTokenKey({ log, lock: createFileLock() }, { kind: 'file', path }, { dataDirectory: directory });

  onPosix('is read without the space around the key; one that others can read is used, with a warning', async () => {
    const [tight, loose] = [join(directory, 'tight'), join(directory, 'loose')];
    await writeFile(tight, `\uFEFF${base64}\r\n`, { mode: 0o600 });
    await writeFile(loose, 'a passphrase of many words\n', { mode: 0o644 });
    const log = noteLog();
    expect(await find(tight, log)).toMatchObject({ kind: 'key' });
    expect(log.lines).toEqual([]);
    expect(await find(loose, log)).toMatchObject({ kind: 'passphrase' });
    expect(log.lines).toEqual([
      { level: 'warn', details: expect.anything(), message: expect.stringMatching(/loose .*read by others/) },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('many words');
  });

  it.each([
    ['that is missing', 'missing', /\(ENOENT\)/],
    ['that is a directory', '.', /\(EISDIR\)/],
    ['that is empty', 'empty', /is empty/],
    ['with a short key', 'short', /shorter than 12/],
  ])('C24: %s is an error that names variable and path', async (_, name, says) => {
    await writeFile(join(directory, 'empty'), '\n');
    await writeFile(join(directory, 'short'), 'canary');
    const failure = await failureOf(find(join(directory, name)));
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
    expect(failure).toMatchObject({ message: expect.stringContaining(join(directory, name)) });
    expect(failure).toMatchObject({ message: expect.stringContaining('GATEWAY_TOKEN_KEY_FILE') });
    expect((failure as Error).message).not.toContain('canary');
  });
});

describe('the keychain', () => {
  /** What a system keeps: one text for each account. */
  function fakeKeychain(change: { read?: () => Promise<string | undefined>; write?: () => Promise<void> } = {}) {
    const entries = new Map<string, string>();
    const writes: string[] = [];
    const open: OpenKeychain = async (account) => ({
      read: change.read ?? (async () => entries.get(account)),
      write: async (text) => {
        writes.push(text);
        await change.write?.();
        entries.set(account, text);
      },
    });
    return { entries, writes, open };
  }
  const find = (openKeychain: OpenKeychain, account = 'token-key', dataDirectory = directory) =>
    findTokenKey(
      { log: noteLog(), lock: createFileLock(), openKeychain },
      { kind: 'keychain', account },
      { dataDirectory },
    );
  const bytesOf = (key: Awaited<ReturnType<typeof find>>): string =>
    key.kind === 'key' ? Buffer.from(key.bytes).toString('base64') : '';

  it('gets 32 random bytes at its first use, and gives the same ever after', async () => {
    const { open, entries, writes } = fakeKeychain();
    const first = bytesOf(await find(open));
    expect(entries.get('token-key')).toBe(`base64:${first}`);
    expect(bytesOf(await find(open))).toBe(first);
    expect(bytesOf(await find(open, 'work'))).not.toBe(first);
    expect(writes).toHaveLength(2);
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives one key to processes that use it for the first time at once, also where it is slow', async () => {
    const slow = () => new Promise<void>((resolve) => setImmediate(resolve));
    const { open, writes } = fakeKeychain({ write: slow });
    const found = await Promise.all(Array.from({ length: 5 }, () => find(open)));
    expect(new Set(found.map(bytesOf)).size).toBe(1);
    expect(writes).toHaveLength(1);
  });

  it('is used without the lock where its directory cannot be made', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const { open, entries } = fakeKeychain();
    expect(`base64:${bytesOf(await find(open, 'token-key', join(file, 'below')))}`).toBe(entries.get('token-key'));
  });

  it('counts for what it keeps, and not for what was written', async () => {
    let reads = 0;
    const { open } = fakeKeychain({ read: async () => (++reads > 2 ? base64 : undefined) });
    expect(`base64:${bytesOf(await find(open))}`).toBe(base64);
  });

  it.each([
    ['is locked', { read: () => Promise.reject(new Error('locked \u001b[2J')) }, /cannot be used: "locked \\u001b/],
    ['cannot be written', { write: () => Promise.reject(new Error('denied')) }, /cannot be used: "denied"/],
    ['keeps nothing', { read: async () => undefined }, /does not keep/],
    ['holds something else', { read: async () => 'canary' }, /portico\/token-key .*shorter than 12/],
  ])('C24: that %s is an error with the reason, and nothing is made up', async (_, change, says) => {
    const { open, writes } = fakeKeychain(change);
    const failure = await failureOf(find(open));
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
    expect((failure as Error).message).not.toMatch(/canary|base64:/);
    if ('read' in change) expect(writes.length).toBeLessThan(2);
  });
});
