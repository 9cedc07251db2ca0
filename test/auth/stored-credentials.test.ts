import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/auth/credentials.ts';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { createMemoryTokenStore } from '../../src/auth/memory-token-store.ts';
import { createCredentials } from '../../src/auth/stored-credentials.ts';
import { isDue } from '../../src/auth/token-lifetime.ts';
import type { LoginRecord, SavedTokens, TokenStore } from '../../src/auth/token-store.ts';
import { createFileLock, LockHeldError } from '../../src/lib/file-lock.ts';
import type { RotatingServer } from './rotating-server.ts';
import { startRotatingServer } from './rotating-server.ts';
import type { NotedLog } from './samples.ts';
import { noteLog, sampleRecord } from './samples.ts';

const key = 'k1';
const startS = 1_700_000_000;
const lifetimeS = 3600;
let clock: number;
let store: TokenStore;
let log: NotedLog;
let as: RotatingServer;

const now = (): number => clock;
const pass = (seconds: number): void => {
  clock += seconds * 1000;
};
const open = (on: TokenStore = store): Credentials =>
  createCredentials({ fetch, store: on, now, log }, { server: 'crm', key });

function login(tokens: Partial<SavedTokens> = {}): LoginRecord {
  const first = { access_token: 'access-0', refresh_token: 'refresh-0', token_type: 'Bearer' };
  return sampleRecord({
    server_url: 'http://127.0.0.1:9/mcp',
    token_endpoint: `${as.origin}/token`,
    tokens: { ...first, issued_at: startS, expires_at: startS + lifetimeS, ...tokens },
  });
}

beforeEach(async () => {
  clock = startS * 1000;
  store = createMemoryTokenStore();
  log = noteLog();
  as = await startRotatingServer({ lifetimeS, now });
});

afterEach(() => as.close());

describe('A1: a refresh is due', () => {
  it.each([
    [3600, 3539, false],
    [3600, 3541, true],
    [40, 29, false],
    [40, 31, true],
    [3, 2, false],
    [3, 2.5, true],
    [3600, 9999, true],
  ])('with a lifetime of %i s after %d s: %s', (lifetime, after, due) => {
    const tokens = { access_token: 'a', token_type: 'Bearer', issued_at: startS, expires_at: startS + lifetime };
    expect(isDue(tokens, (startS + after) * 1000)).toBe(due);
  });

  it('never where the server named no expiry, and a minute before it where the lifetime is unknown', () => {
    expect(isDue({ access_token: 'a', token_type: 'Bearer' }, Number.MAX_SAFE_INTEGER)).toBe(false);
    const tokens = { access_token: 'a', token_type: 'Bearer', expires_at: startS + 50 };
    expect(isDue(tokens, startS * 1000)).toBe(true);
  });
});

describe('the token', () => {
  it('A12: is undefined while there is no login, and there within a second after another process saved one', async () => {
    const credentials = open();
    expect(await credentials.token()).toBeUndefined();
    await store.write(key, login());
    pass(1);
    expect(await credentials.token()).toBe('access-0');
  });

  it('is refreshed before it expires, and saved with absolute times', async () => {
    await store.write(key, login());
    pass(lifetimeS - 30);
    expect(await open().token()).toBe('access-1');
    const { tokens, updated_at } = (await store.read(key)) ?? {};
    expect(tokens).toMatchObject({ refresh_token: 'refresh-1', expires_at: startS + 2 * lifetimeS - 30 });
    expect(updated_at).toBe(startS + lifetimeS - 30);
  });

  it('A8: is refreshed first after a cold start with an expired file', async () => {
    await store.write(key, login());
    pass(30 * 86_400);
    expect(await open().token()).toBe('access-1');
    expect(as.asked.map(({ path }) => path)).toEqual(['/token']);
  });

  it('A2: is refreshed once for all who ask at the same time', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    const credentials = open();
    const all = await Promise.all([
      credentials.token(),
      credentials.token(),
      credentials.renew('access-0'),
      credentials.token(),
    ]);
    expect(new Set(all)).toEqual(new Set(['access-1']));
    expect([as.refreshes(), as.reuses()]).toEqual([1, 0]);
  });

  it('is used until it ends where it cannot be refreshed, and is gone then', async () => {
    const { refresh_token: _none, ...tokens } = login().tokens as SavedTokens;
    await store.write(key, { ...login(), tokens });
    pass(lifetimeS - 5);
    const credentials = open();
    expect(await credentials.token()).toBe('access-0');
    pass(5);
    expect(await credentials.token()).toBeUndefined();
    expect(as.asked).toEqual([]);
  });

  it('arrives for the others and is saved although one caller went away', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    const credentials = open();
    const controller = new AbortController();
    const gone = expect(credentials.token({ signal: controller.signal })).rejects.toThrow('gone');
    const other = credentials.token();
    controller.abort(new Error('gone'));
    await gone;
    expect(await other).toBe('access-1');
    expect((await store.read(key))?.tokens?.refresh_token).toBe('refresh-1');
  });
});

describe('a rejected token', () => {
  it('is refreshed although it has not expired', async () => {
    await store.write(key, login());
    const credentials = open();
    await credentials.token();
    expect(await credentials.renew('access-0')).toBe('access-1');
  });

  it('is replaced by what another process has saved, without asking anybody', async () => {
    await store.write(key, login());
    const credentials = open();
    await credentials.token();
    await store.write(key, login({ access_token: 'access-9', refresh_token: 'refresh-9' }));
    expect(await credentials.renew('access-0')).toBe('access-9');
    expect(as.asked).toEqual([]);
  });

  it('A12: is replaced at once by a login that was saved after there was none', async () => {
    const credentials = open();
    await credentials.token();
    await store.write(key, login());
    expect(await credentials.renew(undefined)).toBe('access-0');
  });

  it('is a matter for a human where there is no login, or none that can be refreshed', async () => {
    expect(await open().renew(undefined)).toBeUndefined();
    const { refresh_token: _none, ...tokens } = login().tokens as SavedTokens;
    await store.write(key, { ...login(), tokens });
    expect(await open().renew('access-0')).toBeUndefined();
  });

  it('that was new is not refreshed again, until there is another login', async () => {
    await store.write(key, login());
    const credentials = open();
    credentials.giveUp((await credentials.renew('access-0')) as string);
    for (let call = 0; call < 5; call++) expect(await credentials.renew(await credentials.token())).toBeUndefined();
    expect(as.refreshes()).toBe(1);
    const next = login({ access_token: 'access-9', refresh_token: 'refresh-1' });
    await store.write(key, next);
    credentials.accept(next, true);
    expect(await credentials.token()).toBe('access-9');
  });
});

describe('A4: an authorization server that gives no verdict', () => {
  const away = { status: 503, body: 'maintenance' };

  it('is no harm while the token is good', async () => {
    await store.write(key, login());
    pass(lifetimeS - 30);
    as.faults.push(away);
    expect(await open().token()).toBe('access-0');
  });

  it('is reported as such when the token has ended; the login stays', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    as.faults.push(away);
    await expect(open().token()).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/temporarily unreachable.*status 503 "maintenance"$/),
      hint: expect.stringContaining('1 s'),
    });
    expect((await store.read(key))?.tokens?.refresh_token).toBe('refresh-0');
  });

  it('C25: is not asked where another process does not give the lock back: the error names that one', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    const holder = { pid: 4711, host: 'box' };
    const withLock = () => Promise.reject(new LockHeldError('k1.json', { holder, waitedMs: 25_000 }));
    const error = await open({ ...store, withLock })
      .token()
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/could not be refreshed: process 4711 on box holds the lock of k1\.json/),
    });
    expect(error).not.toMatchObject({ message: expect.stringContaining('authorization server') });
    expect((await store.read(key))?.tokens).toBeDefined();
  });

  it.each<[string, RotatingServer['faults'][number]]>([
    ['429', { status: 429, body: { error: 'rate_limited' } }],
    ['a web page', { body: '<html>' }],
    ['a broken connection', 'drop'],
    ['an error that is no verdict', { status: 400, body: { error: 'temporarily_unavailable' } }],
  ])('keeps the login: %s', async (_what, fault) => {
    await store.write(key, login());
    as.faults.push(fault);
    const credentials = open();
    await expect(credentials.renew('access-0')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    pass(1);
    expect(await credentials.renew('access-0')).toBe('access-1');
  });

  it('is asked less and less often, at least once a minute, and as late as it wants', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    const credentials = open();
    const askedAfter = async (seconds: number): Promise<number> => {
      pass(seconds);
      const before = as.asked.length;
      await expect(credentials.token()).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
      return as.asked.length - before;
    };
    as.faults.push(...Array.from({ length: 9 }, () => away));
    expect(await askedAfter(0)).toBe(1);
    for (const seconds of [1, 2, 4, 8, 16, 32, 60]) {
      expect(await askedAfter(seconds - 0.5)).toBe(0);
      expect(await askedAfter(0.5)).toBe(1);
    }
    as.faults.splice(0, 9, { status: 503, headers: { 'retry-after': '300' } });
    expect(await askedAfter(60)).toBe(1);
    expect(await askedAfter(299)).toBe(0);
    pass(1);
    expect(await credentials.token()).toBe('access-1');
  });

  it('is not waited for when another process has refreshed in the meantime', async () => {
    await store.write(key, login());
    pass(lifetimeS);
    as.faults.push({ status: 503, headers: { 'retry-after': '300' } });
    const credentials = open();
    await expect(credentials.token()).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(await open().token()).toBe('access-1');
    pass(1);
    expect(await credentials.token()).toBe('access-1');
  });
});

describe('A4: a refusal of the request itself', () => {
  it('keeps the login, uses the token to its end, asks a human then, and is not repeated by every call', async () => {
    await store.write(key, login());
    as.faults.push({ status: 400, body: { error: 'invalid_request' } });
    const credentials = open();
    pass(lifetimeS - 1);
    expect(await credentials.token()).toBe('access-0');
    pass(2);
    for (let calls = 0; calls < 5; calls++) {
      expect(await credentials.token()).toBeUndefined();
      expect(await credentials.renew(undefined)).toBeUndefined();
    }
    expect(as.asked).toHaveLength(1);
    expect(await store.read(key)).toEqual(login());
    pass(600);
    expect(await credentials.token()).toBe('access-1');
  });
});

describe('A4: the verdict of the authorization server', () => {
  it.each([
    [400, 'invalid_grant', true],
    [401, 'invalid_client', false],
    [400, 'unauthorized_client', false],
  ])('%i %s deletes the tokens and keeps the registration: %s', async (status, error, keepsClient) => {
    await store.write(key, login());
    as.faults.push({ status, body: { error } });
    const credentials = open();
    expect(await credentials.renew('access-0')).toBeUndefined();
    const left = await store.read(key);
    expect(left?.tokens).toBeUndefined();
    expect(left?.client).toEqual(keepsClient ? login().client : undefined);
    pass(3600);
    expect(await credentials.token()).toBeUndefined();
    expect(await credentials.renew(undefined)).toBeUndefined();
    expect(as.asked).toHaveLength(1);
  });

  it('A2: does not touch a login that was put there while it was asked', async () => {
    await store.write(key, login());
    const other = login({ access_token: 'access-9', refresh_token: 'refresh-9' });
    const slow: TokenStore = { ...store, withLock: (_key, work) => work() };
    as.faults.push({ status: 400, body: { error: 'invalid_grant' } });
    let reads = 0;
    const credentials = open({
      ...slow,
      // The third look is the one after the verdict.
      read: async (of) => {
        reads++;
        if (reads === 3) await store.write(key, other);
        return await store.read(of);
      },
    });
    expect(await credentials.renew('access-0')).toBe('access-9');
    expect(await store.read(key)).toEqual(other);
  });
});

describe('a store that cannot be written', () => {
  beforeEach(async () => {
    await store.write(key, login());
    pass(lifetimeS);
  });

  it('costs no login: the rotated token lives in memory and is reported once', async () => {
    const readOnly: TokenStore = { ...store, write: () => Promise.reject(new Error('EROFS')) };
    const credentials = open(readOnly);
    expect(await credentials.token()).toBe('access-1');
    pass(60);
    expect(await credentials.token()).toBe('access-1');
    pass(lifetimeS);
    expect(await credentials.token()).toBe('access-2');
    expect(as.reuses()).toBe(0);
    expect(log.lines.map(({ level }) => level).filter((level) => level !== 'debug')).toEqual(['warn', 'warn']);
    expect(JSON.stringify(log.lines)).not.toMatch(/refresh-\d|access-\d/);
  });

  it('gives way to a login that somebody else saves', async () => {
    const credentials = open({ ...store, write: () => Promise.reject(new Error('EROFS')) });
    await credentials.token();
    await store.write(key, login({ access_token: 'access-9', expires_at: startS + 9 * lifetimeS }));
    pass(1);
    expect(await credentials.token()).toBe('access-9');
  });

  it('does not bring back the old login after a new one that could not be saved', async () => {
    const credentials = open();
    await credentials.token();
    credentials.accept(login({ access_token: 'access-9', expires_at: startS + 9 * lifetimeS }), false);
    pass(5);
    expect(await credentials.token()).toBe('access-9');
  });
});

it('C24: a refreshed login that could not be saved says so, and is saved as soon as that is possible', async () => {
  await store.write(key, login());
  let full = true;
  const credentials = open({
    ...store,
    write: async (...args) => {
      if (full) throw new Error('ENOSPC');
      await store.write(...args);
    },
  });
  expect(await credentials.renew('access-0')).toBe('access-1');
  expect(credentials.unsaved()).toContain('could not be saved');
  expect((await store.read(key))?.tokens?.access_token).toBe('access-0');
  full = false;
  pass(5);
  expect(await credentials.token()).toBe('access-1');
  expect(credentials.unsaved()).toBeUndefined();
  expect((await store.read(key))?.tokens?.access_token).toBe('access-1');
  expect(as.refreshes()).toBe(1);
});

it('C24: another login that was saved in the meantime is not written over by one that could not be', async () => {
  await store.write(key, login());
  let full = true;
  const credentials = open({
    ...store,
    write: async (...args) => {
      if (full) throw new Error('ENOSPC');
      await store.write(...args);
    },
  });
  await credentials.renew('access-0');
  full = false;
  await store.write(key, login({ access_token: 'access-9', expires_at: startS + 9 * lifetimeS }));
  pass(5);
  expect(await credentials.token()).toBe('access-9');
  expect((await store.read(key))?.tokens?.access_token).toBe('access-9');
});

it('a login that was forgotten is not used', async () => {
  await store.write(key, login());
  const credentials = open();
  await credentials.token();
  await store.delete(key);
  credentials.forget();
  expect(await credentials.token()).toBeUndefined();
});

it('a login file that cannot be read is an error, not the absence of a login', async () => {
  const failure = new Error('broken file');
  await expect(open({ ...store, read: () => Promise.reject(failure) }).token()).rejects.toBe(failure);
});

describe('A2: five processes on one directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portico-credentials-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('refresh single-use tokens exactly once for each of 60 expiries', async () => {
    const on = (): TokenStore => createFileTokenStore({ lock: createFileLock() }, { directory });
    await on().write(key, login());
    const processes = Array.from({ length: 5 }, () => open(on()));
    for (let expiry = 1; expiry <= 60; expiry++) {
      // Odd ones are met before the request, even ones by a 401 after it.
      const rejected = `access-${expiry - 1}`;
      if (expiry % 2) pass(lifetimeS);
      const ask = (one: Credentials) => (expiry % 2 ? one.token() : one.renew(rejected));
      const tokens = await Promise.all(processes.flatMap((one) => [ask(one), ask(one)]));
      expect(new Set(tokens)).toEqual(new Set([`access-${expiry}`]));
      expect(as.isValid(`access-${expiry}`)).toBe(true);
    }
    expect([as.refreshes(), as.reuses(), as.asked.length]).toEqual([60, 0, 60]);
    expect((await on().read(key))?.tokens?.refresh_token).toBe('refresh-60');
  });
});

it('a login that was saved here and deleted elsewhere is not used any more', async () => {
  const credentials = open();
  expect(await credentials.token()).toBeUndefined();
  await store.write(key, login());
  credentials.accept(login(), true);
  expect(await credentials.token()).toBe('access-0');
  await store.delete(key);
  expect(await credentials.renew('access-0')).toBeUndefined();
  expect(as.refreshes()).toBe(0);
});
