// Tests of src/downstream/pool.ts and server-slot.ts.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerEntry } from '../../src/config/server-entry.ts';
import { createServerPool, type ServerPool } from '../../src/downstream/pool.ts';
import { LoginRequiredError } from '../../src/errors.ts';
import { httpEntry, processesOfGroup, stdioEntry, testDeps, until } from './surroundings.ts';

const pools: ServerPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function createPool(entries: readonly ServerEntry[], deps = testDeps()): ServerPool {
  const pool = createServerPool(deps, { entries });
  pools.push(pool);
  return pool;
}

async function pidOf(pool: ServerPool, name: string): Promise<number> {
  const { connection } = await pool.get(name);
  const { result } = await connection.callTool('pid', {});
  return Number((result['content'] as { text: string }[])[0]?.text);
}

const needsLogin = new LoginRequiredError('web', {});

describe('a pool', () => {
  it('E38, E43: starts nothing before it is asked, and one process however many ask', async () => {
    const pool = createPool([stdioEntry()]);
    expect(pool.snapshot('one')).toEqual({ state: 'idle' });
    const handles = [pool.get('one'), pool.get('one'), pool.get('one')];
    expect(pool.snapshot('one')).toEqual({ state: 'connecting' });
    expect(new Set(await Promise.all(handles)).size).toBe(1);
    await (await pool.get('one')).catalog.tools();
    expect(pool.snapshot('one')).toMatchObject({
      state: 'ready',
      info: { transport: 'stdio' },
      tools: expect.any(Array),
    });
  });

  it('E37: lets one good server answer while others hang, crash, need a login, or are disabled', async () => {
    const pool = createPool(
      [
        stdioEntry({ name: 'hangs', fixture: 'hang' }),
        stdioEntry({ name: 'crashes', fixture: 'crash-on-start' }),
        stdioEntry({ name: 'off', disabled: true }),
        httpEntry('https://example.com/mcp'),
        stdioEntry({ name: 'good' }),
      ],
      testDeps({ fetchFor: () => () => Promise.reject(needsLogin) }),
    );
    const eager = pool.startEager(() => true);
    const { connection } = await pool.get('good');
    expect(await connection.callTool('echo', {})).toMatchObject({ result: { content: [{ text: '{}' }] } });
    await until(() => pool.snapshot('crashes').state === 'failed' && pool.snapshot('web').state === 'needs_login');
    expect(pool.snapshot('hangs')).toMatchObject({ state: 'connecting' });
    expect(pool.snapshot('off')).toEqual({ state: 'disabled' });
    await pool.close();
    await eager;
  });

  it('rethrows what says that a login is needed, and tries again at the next call', async () => {
    let tries = 0;
    const fetchFor = () => () => {
      tries++;
      return Promise.reject(needsLogin);
    };
    const pool = createPool([httpEntry('https://example.com/mcp')], testDeps({ fetchFor }));
    for (const expected of [1, 2]) {
      expect(await pool.get('web').catch((error: unknown) => error)).toBe(needsLogin);
      expect(pool.snapshot('web')).toMatchObject({ state: 'needs_login', error: needsLogin });
      expect(tries).toBe(expected);
    }
  });

  it.each([
    ['unknown', 'SERVER_NOT_FOUND'],
    ['off', 'SERVER_UNAVAILABLE'],
  ])('refuses a server that is %s with %s', async (name, code) => {
    const pool = createPool([stdioEntry({ name: 'off', disabled: true })]);
    await expect(pool.get(name)).rejects.toMatchObject({ code, server: name });
  });
});

describe('a server in a pool', () => {
  it('is opened for the others when one caller gives up', async () => {
    const pool = createPool([stdioEntry()]);
    const caller = new AbortController();
    const left = pool.get('one', { signal: caller.signal });
    const stays = pool.get('one');
    caller.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED', server: 'one' });
    expect((await stays).connection.info.serverInfo).toMatchObject({ name: 'echo' });
  });

  it('that crashed is failed with its last words, and opened anew by the next call', async () => {
    const pool = createPool([stdioEntry({ fixture: 'crash-on-call' })]);
    const { connection, catalog } = await pool.get('one');
    await catalog.tools();
    await expect(connection.callTool('die', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    await connection.closed;
    expect(pool.snapshot('one')).toMatchObject({
      state: 'failed',
      error: { code: 'SERVER_UNAVAILABLE', message: expect.stringContaining('it was zero') },
      tools: [{ name: 'die' }],
    });
    expect((await pool.get('one')).connection).not.toBe(connection);
    expect(pool.snapshot('one')).toMatchObject({ state: 'ready' });
  });

  it('that failed to start is tried again by the next call', async () => {
    const pool = createPool([stdioEntry({ command: '/no/such/command' })]);
    for (let round = 0; round < 2; round++) {
      await expect(pool.get('one')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
      expect(pool.snapshot('one')).toMatchObject({ state: 'failed', failedAt: expect.any(Number) });
    }
  });

  it('has its list asked for anew when it says that it changed', async () => {
    const pool = createPool([stdioEntry({ fixture: 'list-changed' })]);
    const { connection, catalog } = await pool.get('one');
    expect(await catalog.tools()).toHaveLength(1);
    await connection.callTool('tool_1', {});
    expect(await catalog.tools()).toHaveLength(2);
  });

  it('D33: says whose tools changed, and is known to the next gateway by what it listed last', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'portico-pool-'));
    const changed: string[] = [];
    const settings = {
      entries: [stdioEntry({ fixture: 'list-changed' })],
      catalogs: { directory },
      onToolsChanged: (server: string) => void changed.push(server),
    };
    try {
      const pool = createServerPool(testDeps(), settings);
      pools.push(pool);
      expect(await pool.knownTools('one')).toBeUndefined();
      const { connection, catalog } = await pool.get('one');
      await catalog.tools();
      expect(changed).toHaveLength(1);
      await connection.callTool('tool_1', {});
      expect(changed).toHaveLength(2);
      await catalog.tools();
      expect(changed).toEqual(['one', 'one', 'one']);
      expect(await pool.knownTools('one')).toMatchObject({ tools: [{ name: 'tool_1' }, { name: 'tool_2' }] });
      await pool.close();

      const next = createServerPool(testDeps(), settings);
      pools.push(next);
      expect(next.snapshot('one')).toEqual({ state: 'idle' });
      const known = await next.knownTools('one');
      expect(known).toMatchObject({ tools: [{ name: 'tool_1' }, { name: 'tool_2' }], isRecent: true });
      expect(next.snapshot('one')).toMatchObject({ state: 'idle', tools: known?.tools, protocolVersion: '2025-11-25' });
      await next.forgetTools('one');
      expect(next.snapshot('one').tools).toBeUndefined();
      expect(readdirSync(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('is not kept from working by one that runs under the same pool with other secrets', async () => {
    const entries = ['a', 'b'].map((name) => stdioEntry({ name, env: { [`KEY_${name}`]: name } }));
    const pool = createPool(entries);
    const environments = await Promise.all(
      entries.map(async ({ name }) => {
        const { result } = await (await pool.get(name)).connection.callTool('env', {});
        return JSON.parse((result['content'] as { text: string }[])[0]?.text ?? '');
      }),
    );
    expect(environments[0]).toMatchObject({ KEY_a: 'a' });
    expect(environments[0]).not.toHaveProperty('KEY_b');
    expect(environments[1]).not.toHaveProperty('KEY_a');
  });
});

describe('the end of a pool', () => {
  it('takes every process with it, and refuses what comes after', async () => {
    const pool = createPool(['a', 'b'].map((name) => stdioEntry({ name })));
    const groups = await Promise.all([pidOf(pool, 'a'), pidOf(pool, 'b')]);
    await pool.close();
    for (const group of groups) expect(processesOfGroup(group)).toEqual([]);
    await expect(pool.get('a')).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('takes what is still being opened', async () => {
    const pool = createPool([stdioEntry({ fixture: 'hang' })]);
    const opening = pool.get('one');
    const failure = expect(opening).rejects.toMatchObject({ code: 'CANCELLED' });
    await pool.close();
    await failure;
  });

  it('can be had at once', async () => {
    const pool = createPool([stdioEntry({ fixture: 'exit-slowly', args: ['never'] })]);
    const group = await pidOf(pool, 'one');
    pool.killNow();
    await until(() => processesOfGroup(group).length === 0);
  });
});

describe('a config that changes under a pool', () => {
  const slow = (ms: number) => ['slow', { ms }] as const;
  const textOf = ({ result }: { readonly result: Readonly<Record<string, unknown>> }): unknown =>
    (result['content'] as { text: string }[])[0]?.text;

  it('G52: leaves process, tools and state of a server that stays, also where only limits are others', async () => {
    const pool = createPool([stdioEntry({ name: 'stays' }), stdioEntry({ name: 'goes' })]);
    const [handle, pid] = [await pool.get('stays'), await pidOf(pool, 'stays')];
    await handle.catalog.tools();
    await pool.apply([
      stdioEntry({ name: 'stays', timeoutMs: 5000, description: 'new' }),
      stdioEntry({ name: 'comes' }),
    ]);
    expect(await pool.get('stays')).toBe(handle);
    expect(await pidOf(pool, 'stays')).toBe(pid);
    expect(pool.snapshot('stays')).toMatchObject({ state: 'ready', tools: expect.any(Array) });
    expect(pool.snapshot('comes')).toEqual({ state: 'idle' });
    await expect(pool.get('goes')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
  });

  it('G52: lets calls on a changed server end, and gives those that come to the new one, one process at a time', async () => {
    const pool = createPool([stdioEntry({ env: { ROUND: '1' } })]);
    const old = await pidOf(pool, 'one');
    const { connection } = await pool.get('one');
    const running = connection.callTool(...slow(300));
    let isOver = false;
    const applied = pool.apply([stdioEntry({ env: { ROUND: '2' } })]);
    const next = pidOf(pool, 'one').then((pid) => {
      expect(isOver).toBe(true);
      expect(processesOfGroup(old)).toEqual([]);
      return pid;
    });
    // Somebody was given the connection in the moment before, and has not asked yet.
    const late = Promise.resolve().then(() => connection.callTool('pid', {}));
    expect(textOf(await running)).toBeDefined();
    isOver = true;
    expect(textOf(await late)).toBe(String(old));
    expect(await next).not.toBe(old);
    await applied;
  });

  it('moves those who wait for a server that does not come up to the new entry', async () => {
    const pool = createPool([stdioEntry({ fixture: 'hang' })]);
    const waiting = pidOf(pool, 'one');
    await pool.apply([stdioEntry()]);
    expect(await waiting).toBeGreaterThan(0);
  });

  it('tells those who wait for a server that is removed', async () => {
    const pool = createPool([stdioEntry({ fixture: 'hang' })]);
    const waiting = pool.get('one');
    waiting.catch(() => undefined);
    await pool.apply([]);
    await expect(waiting).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
  });

  it('ends what is leaving when everything ends, and says to its calls why', async () => {
    const pool = createPool([stdioEntry()]);
    const pid = await pidOf(pool, 'one');
    const running = (await pool.get('one')).connection.callTool(...slow(600_000));
    running.catch(() => undefined);
    const applied = pool.apply([]);
    await pool.close();
    await applied;
    expect(processesOfGroup(pid)).toEqual([]);
    await expect(running).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('removed from the config'),
    });
  });
});
