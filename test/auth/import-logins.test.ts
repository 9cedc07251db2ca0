// Which of two logins stays, and that nobody's refresh is lost when one comes from elsewhere.
import { describe, expect, it } from 'vitest';
import { importLogin, judgeImport } from '../../src/auth/import-logins.ts';
import { createMemoryTokenStore } from '../../src/auth/memory-token-store.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { LoginRecord, SavedTokens } from '../../src/auth/token-store.ts';
import { sampleRecord } from './samples.ts';

const now = 1_800_000_000;

function login(token: string, updatedAt: number, change: Partial<SavedTokens> = {}): LoginRecord {
  const tokens = { access_token: token, refresh_token: `r-${token}`, token_type: 'Bearer', ...change };
  return { ...sampleRecord(), tokens, updated_at: updatedAt };
}

function registration(updatedAt: number): LoginRecord {
  const { tokens: _none, ...rest } = sampleRecord();
  return { ...rest, updated_at: updatedAt };
}

describe('judgeImport', () => {
  const rows: readonly [string, LoginRecord, LoginRecord | undefined, string, string][] = [
    ['where there is nothing', login('a', now), undefined, 'imported', 'imported'],
    ['the same login', login('a', now), login('a', now - 5), 'same', 'same'],
    ['one that is newer', login('a', now), login('b', now - 1), 'imported', 'imported'],
    ['one that is older', login('a', now - 1), login('b', now), 'kept', 'imported'],
    [
      'one saved at the same time, issued later',
      login('a', now, { issued_at: now }),
      login('b', now, { issued_at: now - 1 }),
      'imported',
      'imported',
    ],
    [
      'one issued at the same time that ends sooner',
      login('a', now, { issued_at: now, expires_at: now + 1 }),
      login('b', now, { issued_at: now, expires_at: now + 2 }),
      'kept',
      'imported',
    ],
    ['one that is as new in all', login('a', now), login('b', now), 'kept', 'imported'],
    ['over a newer registration without a login', login('a', now - 9), registration(now), 'imported', 'imported'],
    ['a registration without a login, over a login', registration(now), login('b', now - 9), 'kept', 'imported'],
  ];

  it.each(rows)('%s', (_, record, saved, outcome, forced) => {
    expect(judgeImport(record, saved, { force: false })).toBe(outcome);
    expect(judgeImport(record, saved, { force: true })).toBe(forced);
  });
});

describe('importLogin', () => {
  const key = loginKey(sampleRecord().server_url);

  it('C24: keeps what a newer version wrote, on both sides, and goes on from the higher version', async () => {
    const store = createMemoryTokenStore();
    await store.write(key, { ...login('old', now - 1), version: 3, theirs: 1 } as LoginRecord);
    await importLogin(store, { ...login('new', now), ours: 2 } as LoginRecord, { force: false });
    expect(await store.read(key)).toMatchObject({ version: 3, theirs: 1, ours: 2, updated_at: now });
  });

  it('lets the time of the last save grow where an older login is forced over a newer one', async () => {
    const store = createMemoryTokenStore();
    await store.write(key, login('newer', now));
    expect(await importLogin(store, login('older', now - 100), { force: true })).toBe('imported');
    expect(await store.read(key)).toMatchObject({ tokens: { access_token: 'older' }, updated_at: now + 1 });
  });

  it('waits for a refresh that is under way, and then judges what that saved', async () => {
    const store = createMemoryTokenStore();
    await store.write(key, login('first', now - 10));
    let finish: () => void = () => undefined;
    const answer = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const refreshing = store.withLock(key, async () => {
      await answer;
      await store.write(key, login('refreshed', now + 10));
    });
    const importing = importLogin(store, login('moved', now), { force: false });
    finish();
    await refreshing;
    expect(await importing).toBe('kept');
    expect(await store.read(key)).toMatchObject({ tokens: { access_token: 'refreshed' } });
  });

  it('A14: puts each account under its own key', async () => {
    const store = createMemoryTokenStore();
    await importLogin(store, { ...login('w', now), profile: 'work' }, { force: false });
    await importLogin(store, { ...login('h', now), profile: 'home' }, { force: false });
    const { server_url } = sampleRecord();
    expect((await store.read(loginKey(server_url, 'work')))?.tokens?.access_token).toBe('w');
    expect((await store.read(loginKey(server_url, 'home')))?.tokens?.access_token).toBe('h');
    expect(await store.read(key)).toBeUndefined();
  });
});
