// Tests of the life of servers in a pool, by a clock that is turned by hand: src/downstream/server-slot.ts with
// restarts.ts, start-limit.ts, idle-clock.ts and server-logs.ts.
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import type { ServerEntry } from '../../src/config/server-entry.ts';
import { createServerPool, type ServerPool } from '../../src/downstream/pool.ts';
import type { ServerLogs } from '../../src/downstream/server-logs.ts';
import { handClock } from './hand-clock.ts';
import { httpEntry, legacyEras, processesOfGroup, stdioEntry, testDeps, until } from './surroundings.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Started {
  readonly server: string;
  readonly pid: number;
  /** What was left of the server's processes before, at that moment. */
  readonly left: readonly number[];
}

function scene(...entries: ServerEntry[]) {
  const clock = handClock();
  const started: Started[] = [];
  const serverLogs: ServerLogs = {
    open: (server) => ({
      started(pid) {
        const before = started.filter((each) => each.server === server);
        started.push({ server, pid, left: before.flatMap((each) => processesOfGroup(each.pid)) });
      },
      stderr: () => undefined,
      ended: () => undefined,
    }),
    close: async () => undefined,
  };
  const { now, later } = clock;
  const pool = createServerPool(testDeps({ now, later, serverLogs, eras: legacyEras() }), { entries });
  closers.push(() => pool.close());
  return { pool, clock, started };
}

/** Of one revision, so that one start is one process. */
const pinned = { protocol: '2025-11-25' } as const;
const crashing = stdioEntry({ ...pinned, fixture: 'crash-on-call' });

async function crash(pool: ServerPool): Promise<void> {
  const { connection } = await pool.get('one');
  await expect(connection.callTool('die', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  await connection.closed;
  expect(pool.snapshot('one')).toMatchObject({ state: 'failed' });
}

const isReady = (pool: ServerPool) => () => pool.snapshot('one').state === 'ready';

describe('a local server that had been up and crashed', () => {
  it('is started again in the background, later each time, and calls wait for a start that is near', async () => {
    const { pool, clock, started } = scene(crashing);
    await crash(pool);
    expect(pool.snapshot('one')).toMatchObject({ nextTryAt: expect.toSatisfy((at) => at >= clock.now() + 1000) });
    clock.advance(999);
    expect(pool.snapshot('one').state).toBe('failed');
    clock.advance(251);
    await until(isReady(pool));
    expect(started).toHaveLength(2);

    await crash(pool);
    const caller = new AbortController();
    const waiting = pool.get('one', { signal: caller.signal });
    expect(pool.snapshot('one').state).toBe('connecting');
    clock.advance(1999);
    expect(started).toHaveLength(2);
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(pool.snapshot('one').state).toBe('failed');
    // Nobody waits any more; it comes back all the same.
    clock.advance(501);
    await until(isReady(pool));
    expect(started).toHaveLength(3);
  });

  it('E42: that goes on crashing is not started by calls: they get exit code, last lines and the next start', async () => {
    const { pool, clock, started } = scene(crashing);
    for (const pauseMs of [0, 2500, 5000]) {
      await crash(pool);
      const opening = pool.get('one');
      clock.advance(pauseMs);
      await opening;
    }
    await crash(pool);
    expect(started).toHaveLength(4);
    for (let call = 0; call < 3; call++) {
      await expect(pool.get('one')).rejects.toMatchObject({
        code: 'SERVER_UNAVAILABLE',
        message: expect.stringMatching(/4 times in a row.* (8|9|10) s;.*exited with code 7.*it was zero/s),
        hint: expect.stringMatching(/call again in (8|9|10) s/),
      });
    }
    expect(started).toHaveLength(4);
    clock.advance(10_000);
    await until(isReady(pool));
    expect(started).toHaveLength(5);

    // A minute of health, and it begins anew.
    clock.advance(60_000);
    await crash(pool);
    clock.advance(1250);
    await until(isReady(pool));
    expect(started).toHaveLength(6);
  });
});

it.skipIf(process.platform === 'win32')(
  'E38: a server that takes its time to end is not started again before it is gone',
  async () => {
    const entry = stdioEntry({ ...pinned, fixture: 'exit-slowly', args: ['300'], idleTimeoutMs: 1000 });
    const { pool, clock, started } = scene(entry);
    await pool.get('one');
    clock.advance(1000);
    const group = started[0]?.pid ?? 0;
    expect(processesOfGroup(group)).toEqual([group]);
    await pool.get('one');
    expect(started.map(({ left }) => left)).toEqual([[], []]);
  },
);

describe('a local server that never came up', () => {
  it('is not started in the background, and by calls no more often than the pauses say', async () => {
    const { pool, clock, started } = scene(stdioEntry({ ...pinned, fixture: 'crash-on-start' }));
    const fails = (opening: Promise<unknown>) =>
      expect(opening).rejects.toMatchObject({ message: expect.stringContaining('cannot open database') });
    await fails(pool.get('one'));
    expect(pool.snapshot('one')).toMatchObject({ nextTryAt: undefined });
    await fails(pool.get('one'));
    const near = pool.get('one');
    clock.advance(2500);
    await fails(near);
    const leaving = new AbortController();
    const left = pool.get('one', { signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    // Nobody waited for it any more.
    clock.advance(3_600_000);
    expect(pool.snapshot('one').state).toBe('failed');
    expect(started).toHaveLength(3);
    await fails(pool.get('one'));
    for (let call = 0; call < 20; call++) await fails(pool.get('one'));
    expect(started).toHaveLength(4);
    expect(clock.pending()).toBe(0);
  });

  it('over HTTP is asked anew by each call', async () => {
    let asked = 0;
    const fetchFor = () => () => {
      asked++;
      return Promise.reject(new TypeError('fetch failed'));
    };
    const pool = createServerPool(testDeps({ fetchFor, eras: legacyEras() }), {
      entries: [httpEntry('https://example.com/mcp')],
    });
    closers.push(() => pool.close());
    for (let call = 1; call <= 5; call++) {
      const before = asked;
      await expect(pool.get('web')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
      expect(asked).toBeGreaterThan(before);
    }
  });
});

describe('E43: a server that nobody uses', () => {
  it('is ended when its time is up, stays known, and is started by the next call', async () => {
    const { pool, clock, started } = scene(stdioEntry({ ...pinned, idleTimeoutMs: 1000 }));
    const { connection, catalog } = await pool.get('one');
    const tools = await catalog.tools();
    clock.advance(999);
    await pool.get('one');
    clock.advance(999);
    expect(pool.snapshot('one').state).toBe('ready');

    const caller = new AbortController();
    const call = connection.callTool('slow', { ms: 60_000 }, { signal: caller.signal });
    clock.advance(60_000);
    expect(pool.snapshot('one').state).toBe('ready');
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    clock.advance(2000);
    expect(pool.snapshot('one')).toMatchObject({ state: 'idle', tools, protocolVersion: '2025-11-25' });
    await until(() => processesOfGroup(started[0]?.pid ?? 0).length === 0);
    await connection.closed;
    expect(pool.snapshot('one').state).toBe('idle');

    const next = await pool.get('one');
    expect(next.connection).not.toBe(connection);
    expect(started).toHaveLength(2);
  });

  it('is in use as long as somebody follows one of its resources', async () => {
    const { pool, clock } = scene(stdioEntry({ ...pinned, fixture: 'resources', idleTimeoutMs: 1000 }));
    const { connection } = await pool.get('one');
    await connection.changes.subscribe('test://text');
    clock.advance(60_000);
    expect(pool.snapshot('one').state).toBe('ready');
    await connection.changes.unsubscribe('test://text');
    clock.advance(2000);
    expect(pool.snapshot('one').state).toBe('idle');
  });

  it('is not started again in the background after a crash', async () => {
    const { pool, clock, started } = scene({ ...crashing, idleTimeoutMs: 500 });
    await crash(pool);
    clock.advance(60_000);
    expect(pool.snapshot('one').state).toBe('idle');
    expect(started).toHaveLength(1);
  });

  it('over HTTP has its session ended', async () => {
    const server = await startHttpEcho();
    closers.push(() => server.close());
    const { pool, clock } = scene(httpEntry(server.url, { idleTimeoutMs: 1000 }));
    await pool.get('web');
    expect(server.sessions.size).toBe(1);
    clock.advance(1000);
    expect(pool.snapshot('web').state).toBe('idle');
    await until(() => server.sessions.size === 0);
    await pool.get('web');
    expect(server.sessions.size).toBe(1);
  });
});

describe('E43: many servers', () => {
  const hanging = (count: number) =>
    Array.from({ length: count }, (_, index) => stdioEntry({ ...pinned, name: `s${index}`, fixture: 'hang' }));

  it('are started four at a time, and who gives up before the turn is not started', async () => {
    const entries = hanging(7);
    const { pool, clock, started } = scene(...entries);
    const callers = entries.map(({ name }) => {
      const caller = new AbortController();
      return { caller, outcome: pool.get(name, { signal: caller.signal }).catch((error: unknown) => error) };
    });
    await until(() => started.length === 4);
    callers[4]?.caller.abort();
    expect(await callers[4]?.outcome).toMatchObject({ code: 'CANCELLED' });
    expect(pool.snapshot('s4').state).toBe('idle');
    // Servers that hang do not keep the others from starting for ever.
    clock.advance(10_000);
    await until(() => started.length === 6);
    expect(started.map(({ server }) => server).sort()).toEqual(['s0', 's1', 's2', 's3', 's5', 's6']);
    await pool.close();
  });

  it('that wait for their turn to come back do so also when the caller leaves', async () => {
    const entries = hanging(4);
    const { pool, clock, started } = scene(crashing, ...entries);
    await crash(pool);
    const others = entries.map(({ name }) => pool.get(name).catch(() => undefined));
    await until(() => started.length === 5);
    const caller = new AbortController();
    const call = pool.get('one', { signal: caller.signal });
    clock.advance(1250);
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(pool.snapshot('one').state).toBe('failed');
    clock.advance(10_000);
    await until(isReady(pool));
    await pool.close();
    await Promise.all(others);
  });

  it('have their time to connect from their start on, not while they wait for it', async () => {
    const entries = [...hanging(4), stdioEntry({ ...pinned, name: 'late', connectTimeoutMs: 5000 })];
    const { pool, clock, started } = scene(...entries);
    const others = entries.slice(0, 4).map(({ name }) => pool.get(name).catch(() => undefined));
    await until(() => started.length === 4);
    const late = pool.get('late');
    clock.advance(10_000);
    expect((await late).connection.info.serverInfo).toMatchObject({ name: 'echo' });
    await pool.close();
    await Promise.all(others);
  });
});
