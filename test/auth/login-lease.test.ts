import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Claim, LoginLease, LoginLeases } from '../../src/auth/login-lease.ts';
import { createLoginLeases } from '../../src/auth/login-lease.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';

const key = '0123456789abcdef0123456789abcdef';
const limitMs = 600_000;
let directory: string;
let now: number;
let warnings: string[];
const held: LoginLease[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-lease-'));
  now = 1_700_000_000_123;
  warnings = [];
});

afterEach(async () => {
  for (const lease of held.splice(0)) await lease.finish();
  await rm(directory, { recursive: true, force: true });
});

/** Each call stands for a process of its own. */
function leasesOfAProcess(): LoginLeases {
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, error: quiet, warn: (_: object, text: string) => void warnings.push(text) };
  return createLoginLeases({ lock: createFileLock(), now: () => now, log }, { directory });
}

async function claim(leases: LoginLeases, takeOver = false): Promise<Claim> {
  const outcome = await leases.claim(key, { expiresAt: now + limitMs, takeOver });
  if (outcome.kind === 'held') held.push(outcome.lease);
  return outcome;
}

async function hold(leases = leasesOfAProcess()): Promise<LoginLease> {
  const outcome = await claim(leases);
  if (outcome.kind !== 'held') throw new Error('the lease is taken');
  return outcome.lease;
}

const onDisk = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(directory, `${key}.login.json`), 'utf8'));

describe('a lease', () => {
  test('is held by one of those that claim it at the same time, and the others see whose it is', async () => {
    const claims = await Promise.all(Array.from({ length: 5 }, () => claim(leasesOfAProcess())));
    expect(claims.filter(({ kind }) => kind === 'held')).toHaveLength(1);
    const owner = (await onDisk())['owner'];
    for (const outcome of claims) if (outcome.kind === 'taken') expect(outcome.by.owner).toBe(owner);
  });

  test('shows the others the URL, in a private file with epoch seconds', async () => {
    const lease = await hold();
    await lease.publish({ loginUrl: 'https://as.example/authorize' });
    expect(await onDisk()).toMatchObject({
      login_url: 'https://as.example/authorize',
      browser_opened: false,
      host: hostname(),
      state: 'open',
      started_at: 1_700_000_000.123,
      heartbeat_at: 1_700_000_000.123,
      expires_at: 1_700_000_600.123,
    });
    expect((await stat(join(directory, `${key}.login.json`))).mode & 0o777).toBe(0o600);
    const seen = await leasesOfAProcess().read(key);
    expect(seen).toMatchObject({ loginUrl: 'https://as.example/authorize', startedAt: now, expiresAt: now + limitMs });
  });

  test('A5: gives the window to the first process that asks, and to the next one if nothing came of it', async () => {
    const lease = await hold();
    const ask = () => leasesOfAProcess().claimWindow(key, lease.owner);
    const answers = await Promise.all([ask(), ask(), ask(), ask(), ask()]);
    expect(answers.filter(Boolean)).toHaveLength(1);
    await lease.publish({ loginUrl: 'https://as.example/authorize' });
    expect(await onDisk()).toMatchObject({ browser_opened: true });
    expect(await ask()).toBe(false);
    await leasesOfAProcess().releaseWindow(key, lease.owner);
    expect(await ask()).toBe(true);
    expect(await leasesOfAProcess().claimWindow(key, 'another login')).toBe(false);
  });

  test('with a finished login leaves nothing behind', async () => {
    const leases = leasesOfAProcess();
    await (await hold(leases)).finish();
    expect(await leases.read(key)).toBeUndefined();
  });
});

describe('a lease that ended', () => {
  test('with a failure says why, keeps the unproven registration in mind, and can be claimed', async () => {
    const lease = await hold();
    await lease.publish({ unprovenClientId: 'client-1' });
    await lease.fail({ message: 'it went wrong', hint: 'try this' }, false);
    const other = leasesOfAProcess();
    const seen = await other.read(key);
    expect(seen).toMatchObject({ state: 'failed', error: { message: 'it went wrong', hint: 'try this' } });
    expect(seen && other.isFresh(seen)).toBe(false);
    expect(await claim(other)).toMatchObject({ kind: 'held', before: { unprovenClientId: 'client-1' } });
  });

  test('with a failure and a client the authorization server knows keeps no doubt about it', async () => {
    const lease = await hold();
    await lease.publish({ unprovenClientId: 'client-1' });
    await lease.fail({ message: 'the human said no' }, true);
    expect(await leasesOfAProcess().read(key)).not.toHaveProperty('unprovenClientId');
  });

  test('keeps the doubt of the login before it until a login finishes', async () => {
    const first = await hold();
    await first.publish({ unprovenClientId: 'client-1' });
    await first.fail({ message: 'closed' }, false);
    const second = await hold();
    await second.fail({ message: 'the network was away' }, false);
    expect(await leasesOfAProcess().read(key)).toMatchObject({ unprovenClientId: 'client-1' });
    await (await hold()).finish();
    expect(await leasesOfAProcess().read(key)).toBeUndefined();
  });

  test('taken over is lost to its holder, who then writes nothing any more', async () => {
    const lease = await hold();
    expect((await claim(leasesOfAProcess(), true)).kind).toBe('held');
    const owner = (await onDisk())['owner'];
    expect(lease.lost.aborted).toBe(false);
    await lease.publish({ loginUrl: 'https://old.example/' });
    expect(lease.lost.aborted).toBe(true);
    await lease.fail({ message: 'late' }, false);
    expect(await onDisk()).toMatchObject({ owner, state: 'open' });
    expect(await onDisk()).not.toHaveProperty('login_url');
  });

  test.each(['', '{"owner": "x', '[]', '"x"', '{"pid": 1}', '{"owner": 5}'])(
    'file that holds %j is no lease and is replaced',
    async (text) => {
      await writeFile(join(directory, `${key}.login.json`), text);
      expect((await claim(leasesOfAProcess())).kind).toBe('held');
    },
  );
});

describe('the heartbeat', () => {
  /** Takes the lease in a process of its own, and kills that. */
  async function leaveKilledHolder(): Promise<void> {
    const source = `
      import { createLoginLeases } from ${JSON.stringify(new URL('../../src/auth/login-lease.ts', import.meta.url).href)};
      import { createFileLock } from ${JSON.stringify(new URL('../../src/lib/file-lock.ts', import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const leases = createLoginLeases({ lock: createFileLock(), now: () => ${now}, log }, { directory: ${JSON.stringify(directory)} });
      await leases.claim(${JSON.stringify(key)}, { expiresAt: ${now + limitMs} });
      process.stdout.write('held');
      setInterval(() => {}, 1000);
    `;
    const flags = ['--import', new URL('./typescript-loader.mjs', import.meta.url).href];
    const holder = spawn(process.execPath, [...flags, '--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(holder, 'exit');
    await Promise.race([once(holder.stdout, 'data'), gone]);
    holder.kill('SIGKILL');
    await gone;
    expect(await onDisk()).toMatchObject({ pid: holder.pid, state: 'open' });
  }

  test('C25: of a holder that was killed need not be waited for on its own machine', async () => {
    await leaveKilledHolder();
    expect((await claim(leasesOfAProcess())).kind).toBe('held');
  });

  test.each([{ host: 'another-machine' }, { pid_namespace: 'pid:[1]' }])(
    'of a holder elsewhere, %j, stops, and 15 s later another process takes the lease',
    async (elsewhere) => {
      await leaveKilledHolder();
      await writeFile(join(directory, `${key}.login.json`), JSON.stringify({ ...(await onDisk()), ...elsewhere }));
      expect(await claim(leasesOfAProcess())).toMatchObject({ kind: 'taken' });
      now += 14_999;
      expect((await claim(leasesOfAProcess())).kind).toBe('taken');
      now += 1;
      expect((await claim(leasesOfAProcess())).kind).toBe('held');
    },
  );

  test('does not keep a login alive after its time limit', async () => {
    const lease = await hold();
    now += limitMs;
    await lease.publish({});
    expect((await claim(leasesOfAProcess())).kind).toBe('held');
  });
});

test('a directory that cannot be written gives a lease that is only not shared', async () => {
  // Below a file there is no directory for anybody, root included.
  await writeFile(join(directory, 'file'), '');
  directory = join(directory, 'file', 'tokens');
  const outcome = await claim(leasesOfAProcess());
  directory = join(directory, '..', '..');
  expect(outcome.kind).toBe('held');
  expect(warnings).toHaveLength(1);
});
