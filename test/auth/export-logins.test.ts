// What leaves with an export, and what is left behind when it was to move.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExport } from '../../src/auth/export-logins.ts';
import { openArchive } from '../../src/auth/login-archive.ts';
import { createMemoryTokenStore } from '../../src/auth/memory-token-store.ts';
import type { LoginRecord, TokenStore } from '../../src/auth/token-store.ts';
import { GatewayError } from '../../src/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { deriveCheaply } from '../helpers/derive-cheaply.mjs';
import { sampleRecord } from './samples.ts';

let endCheapKeys: () => void;
beforeAll(() => {
  endCheapKeys = deriveCheaply();
});
afterAll(() => endCheapKeys());

const passphrase = new Secret('correct horse battery');

function login(token: string): LoginRecord {
  return sampleRecord({ tokens: { access_token: token, refresh_token: `r-${token}`, token_type: 'Bearer' } });
}

async function tokensIn(text: string): Promise<readonly (string | undefined)[]> {
  const opened = await openArchive(text, passphrase);
  if (opened.kind === 'refused') throw new Error(opened.reason);
  return opened.records.map((one) => (one.kind === 'record' ? one.record.tokens?.access_token : undefined));
}

describe('an export', () => {
  it('takes the logins, and neither a bare registration nor what is not there', async () => {
    const store = createMemoryTokenStore();
    const { tokens: _none, ...registration } = sampleRecord();
    await store.write('a', login('one'));
    await store.write('b', registration);
    const opened = await openExport(store, ['a', 'b', 'c']);
    expect(opened.logins.map(({ key }) => key)).toEqual(['a']);
    expect(await tokensIn(await opened.seal(passphrase))).toEqual(['one']);
  });

  it('seals what a gateway refreshed while the human typed the passphrase', async () => {
    const store = createMemoryTokenStore();
    await store.write('a', login('before'));
    const opened = await openExport(store, ['a']);
    await store.write('a', login('after'));
    expect(await tokensIn(await opened.seal(passphrase))).toEqual(['after']);
  });

  it('C24: that is to move deletes what it sealed, and keeps a login that was renewed after that', async () => {
    const store = createMemoryTokenStore();
    await store.write('a', login('one'));
    await store.write('b', login('two'));
    const opened = await openExport(store, ['a', 'b']);
    await opened.seal(passphrase);
    await store.write('b', login('renewed'));
    expect(await opened.forget()).toEqual([{ key: 'b', reason: 'renewed' }]);
    expect(await store.read('a')).toBeUndefined();
    expect((await store.read('b'))?.tokens?.access_token).toBe('renewed');
  });

  it('C24: that is to move says what it cannot delete, and deletes the others', async () => {
    const store = createMemoryTokenStore();
    await store.write('a', login('one'));
    await store.write('b', login('two'));
    const stuck: TokenStore = {
      ...store,
      delete: async (key) => {
        if (key === 'a') throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
        await store.delete(key);
      },
    };
    const opened = await openExport(stuck, ['a', 'b']);
    await opened.seal(passphrase);
    const reason = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('EROFS') });
    expect(await opened.forget()).toEqual([{ key: 'a', reason }]);
    expect(await store.read('b')).toBeUndefined();
  });

  it('goes on where one login cannot be read, and names it', async () => {
    const store = createMemoryTokenStore();
    await store.write('a', login('one'));
    const broken: TokenStore = {
      ...store,
      read: async (key) => {
        if (key === 'b') throw new GatewayError('CONFIG_INVALID', 'cannot be used');
        return await store.read(key);
      },
    };
    const opened = await openExport(broken, ['b', 'a']);
    expect(opened.logins.map(({ key }) => key)).toEqual(['a']);
    expect([...opened.unreadable.keys()]).toEqual(['b']);
  });
});
