import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryTokenStore } from '../../../src/auth/memory-token-store.ts';
import type { SavedLogin, SavedLoginContext } from '../../../src/auth/trace/saved-login.ts';
import { judgeSavedLogin, lookAtSavedLogin } from '../../../src/auth/trace/saved-login.ts';
import { GatewayError } from '../../../src/errors.ts';
import { sampleRecord } from '../samples.ts';

const saved: SavedLogin = {
  path: '/logins/k.json',
  directory: '/logins',
  file: { mode: '0600', uid: 1000 },
  place: { mode: '0700', uid: 1000, writable: true },
  uid: 1000,
  record: sampleRecord(),
  lease: undefined,
};
const context: SavedLoginContext = {
  server: 'crm',
  now: 1_700_000_000_000,
  discovery: { issuer: 'https://as.example', resource: 'https://mcp.example/mcp' },
  needed: true,
};
const { tokens } = sampleRecord();
const withTokens = (change: object) => sampleRecord({ tokens: { ...(tokens ?? {}), ...change } as never });

describe('a saved login is judged', () => {
  it.each<[string, Partial<SavedLogin>, Partial<SavedLoginContext>, object]>([
    ['ok', {}, {}, { status: 'ok', summary: 'a login is saved' }],
    [
      'with its account',
      { record: sampleRecord({ account: 'alice' }) },
      {},
      { summary: 'a login of "alice" is saved' },
    ],
    ['absent', { record: undefined }, {}, { status: 'warning', fix: { command: 'portico login crm' } }],
    ['absent and not needed', { record: undefined }, { needed: false }, { status: 'ok' }],
    [
      'due for a refresh',
      {},
      { now: 1_700_003_590_000 },
      { status: 'ok', facts: { state: 'usable', refresh_due: true } },
    ],
    [
      'expired, with a refresh token',
      {},
      { now: 1_800_000_000_000 },
      { status: 'ok', facts: { state: 'refreshable' } },
    ],
    [
      'without a refresh token',
      { record: withTokens({ refresh_token: undefined }) },
      {},
      { status: 'warning', summary: expect.stringContaining('no refresh token was issued') },
    ],
    [
      'made for another resource',
      { record: sampleRecord({ resource: 'https://mcp.example/' }) },
      {},
      { status: 'warning', requirement: { spec: 'RFC 8707' } },
    ],
    [
      'of another issuer',
      { record: sampleRecord({ issuer: 'https://other.example' }) },
      {},
      { status: 'warning', requirement: { spec: 'RFC 9700', section: '4.4' } },
    ],
    [
      'unreadable: never an empty login',
      {
        record: undefined,
        unreadable: new GatewayError('CONFIG_INVALID', 'encrypted with another key', { hint: 'Set it.' }),
      },
      {},
      { status: 'failed', summary: 'encrypted with another key', fix: { explanation: 'Set it.' } },
    ],
    [
      'C24: in a directory of somebody else',
      { place: { mode: '0755', uid: 0, writable: false } },
      {},
      {
        status: 'failed',
        fix: { command: "sudo chown -R 1000 '/logins'" },
        summary: expect.stringContaining('uid 1000'),
      },
    ],
    [
      'C24: in a directory of our own that is closed',
      { place: { mode: '0500', uid: 1000, writable: false } },
      {},
      { status: 'failed', fix: { command: "chmod u+rwx '/logins'" } },
    ],
    ['F56: in a file that others can read', { file: { mode: '0644', uid: 1000 } }, {}, { status: 'warning' }],
  ])('%s', (_what, change, about, expected) => {
    expect(judgeSavedLogin({ ...saved, ...change }, { ...context, ...about })).toMatchObject(expected);
  });
});

describe('what lies on disk is looked at', () => {
  const directories: string[] = [];
  afterEach(async () => {
    await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
  });

  it('with the modes of the file and of the directory, and without writing there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'portico-doctor-'));
    directories.push(directory);
    await writeFile(join(directory, 'k.json'), '{}', { mode: 0o640 });
    await chmod(directory, 0o750);
    const lease = { read: async () => undefined, isFresh: () => true };
    const seen = await lookAtSavedLogin({ store: createMemoryTokenStore(), leases: lease }, { key: 'k', directory });
    expect(seen).toMatchObject({ file: { mode: '0640' }, place: { mode: '0750', writable: true }, record: undefined });
    const absent = await lookAtSavedLogin(
      { store: createMemoryTokenStore(), leases: lease },
      { key: 'k', directory: join(directory, 'not-there') },
    );
    expect(absent).toMatchObject({ file: undefined, place: undefined });
  });
});
