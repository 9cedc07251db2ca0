// Tests of stdio servers, driven through connections: src/downstream/stdio.ts, process-tree.ts, open-connection.ts.
import { afterEach, describe, expect, it } from 'vitest';
import type { StdioServerEntry } from '../../src/config/server-entry.ts';
import { Connection } from '../../src/downstream/connection.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { StdioChannel } from '../../src/downstream/stdio.ts';
import { env, processesOfGroup, recordingLog, stdioEntry, testDeps, until } from './surroundings.ts';

const groups: number[] = [];
const open: Connection[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  // A connect that failed ends its processes without keeping the caller waiting.
  await until(() => groups.every((group) => processesOfGroup(group).length === 0));
  groups.length = 0;
});

async function connect(entry: StdioServerEntry, deps = testDeps()): Promise<Connection> {
  const connection = await openConnection(deps, entry, {
    onChannel: (channel) => {
      const start = channel.start.bind(channel);
      channel.start = async () => {
        await start();
        const { pid } = channel as StdioChannel;
        if (pid !== undefined) groups.push(pid);
      };
    },
  });
  open.push(connection);
  return connection;
}

const textOf = ({ result }: { result: Record<string, unknown> }): string =>
  (result['content'] as { text: string }[])[0]?.text ?? '';

describe('a stdio server', () => {
  it('is opened, listed and called', async () => {
    const connection = await connect(stdioEntry());
    expect(connection.info).toMatchObject({ protocolVersion: '2025-11-25', serverInfo: { name: 'echo' } });
    expect((await connection.listTools()).tools.find(({ name }) => name === 'echo')).toMatchObject({
      'x-unknown': { kept: true },
    });
    expect(textOf(await connection.callTool('echo', { a: null, b: 'é' }))).toBe('{"a":null,"b":"é"}');
  });

  it('gets the allowed environment and its own, and nothing else of the gateway', async () => {
    const gateway = { ...env, OTHER_SERVERS_TOKEN: 'hidden', WANTED_1: 'yes' };
    const entry = stdioEntry({ env: { MINE: '1' }, inheritEnv: ['WANTED_*'] });
    const connection = await connect(entry, testDeps({ env: gateway }));
    const child = JSON.parse(textOf(await connection.callTool('env', {})));
    expect(child).toMatchObject({ MINE: '1', WANTED_1: 'yes', HOME: env['HOME'] });
    expect(child).not.toHaveProperty('OTHER_SERVERS_TOKEN');
  });

  it('E39: may print what is no message, in any wrapping; the log says so at most five times', async () => {
    const { log, lines } = recordingLog();
    const connection = await connect(stdioEntry({ fixture: 'noisy-stdout' }), testDeps({ log, now: () => 0 }));
    expect((await connection.listTools()).tools).not.toHaveLength(0);
    expect(textOf(await connection.callTool('echo', { a: 1 }))).toBe('{"a":1}');
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(5);
  });

  it('passes messages of 16 MB', async () => {
    const connection = await connect(stdioEntry());
    const size = 16 * 1024 * 1024;
    const { result, size: bytes } = await connection.callTool('big', { size });
    expect(textOf({ result })).toHaveLength(size);
    expect(bytes).toBeGreaterThan(size);
    expect(textOf(await connection.callTool('echo', { text: 'y'.repeat(size) }))).toHaveLength(size + 11);
  });

  it.each([false, true])('fails one call alone with an answer over the limit (id last: %s)', async (idLast) => {
    const entry = stdioEntry({ fixture: 'big-message' });
    const connection = new Connection(testDeps(), entry, new StdioChannel(testDeps(), entry, 100_000));
    open.push(connection);
    await connection.open(new AbortController().signal);
    const big = connection.callTool('big', { size: 200_000, id_last: idLast });
    await expect(big).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE', server: 'one' });
    expect(textOf(await connection.callTool('small', { size: 10 }))).toBe('x'.repeat(10));
  });
});

describe('a stdio server that fails', () => {
  it('E42: at start is reported with its exit code and its last lines, secrets removed', async () => {
    const error = await connect(stdioEntry({ fixture: 'crash-on-start' })).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'SERVER_UNAVAILABLE', server: 'one' });
    expect(String(error)).toContain('exited with code 3');
    expect(String(error)).toContain('cannot open database');
    expect(String(error)).not.toContain('sk-live-1234567890abcdefghij');
  });

  it.each([
    [[], 'exited with code 7'],
    [['SIGSEGV'], 'ended by SIGSEGV'],
  ])('E42: during a call %j is reported: %s', async (args, end) => {
    const connection = await connect(stdioEntry({ fixture: 'crash-on-call', args }));
    await expect(connection.callTool('die', {})).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(`during tool 'die': it (was )?${end}.*about to divide.*it was zero`, 's'),
      ),
    });
    await connection.closed;
  });

  it('and writes much to stderr has its last lines shown, and its given secrets hidden', async () => {
    const entry = stdioEntry({ fixture: 'stderr-chatter', env: { CHATTER_API_KEY: 'correct-horse' } });
    const connection = await connect(entry);
    const error = await connection.callTool('exit', {}).catch((thrown: unknown) => thrown as Error);
    expect(String(error)).toContain('last line');
    expect(String(error)).not.toContain('correct-horse');
    expect(String(error).length).toBeLessThan(2000);
  });

  it('to answer in time is a TIMEOUT that names the server and the limit', async () => {
    const connecting = connect(stdioEntry({ fixture: 'hang', connectTimeoutMs: 300 }));
    await expect(connecting).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/'one'.*300 ms \(connectTimeoutMs\)/),
    });
    await until(() => groups.every((group) => processesOfGroup(group).length === 0));
  });

  it('D30: to answer a call in time is a TIMEOUT that names the tool, and the next call works', async () => {
    const connection = await connect(stdioEntry());
    const slow = connection.callTool('slow', { ms: 60_000 }, { timeoutMs: 50 });
    await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining("tool 'slow'") });
    expect(JSON.parse(textOf(await connection.callTool('cancelled', {})))).toHaveLength(1);
  });

  it.each([
    [{ fixture: 'not-mcp' }, 'SERVER_UNAVAILABLE'],
    [{ command: 'no-such-command' }, 'SERVER_UNAVAILABLE'],
    [{ protocol: '1999-01-01' }, 'CONFIG_INVALID'],
  ])('to be an MCP server %j is one clear error', async (entry, code) => {
    await expect(connect(stdioEntry({ connectTimeoutMs: 3000, ...entry }))).rejects.toMatchObject({
      code,
      server: 'one',
    });
  });
});

describe('the end of a stdio server', () => {
  it.each([
    ['E38: takes all that npx-like wrappers started', 'grandchildren', ['2']],
    ['E38: takes stubborn grandchildren by KILL', 'grandchildren', ['2', 'stubborn']],
    ['waits for a server that finishes in its own time', 'exit-slowly', ['300']],
    ['takes a server that ignores everything', 'exit-slowly', ['never']],
  ])('%s', async (_, name, args) => {
    const connection = await connect(stdioEntry({ fixture: name, args }));
    const group = groups[0] as number;
    expect(processesOfGroup(group).length).toBeGreaterThanOrEqual(name === 'grandchildren' ? 3 : 1);
    await connection.close();
    expect(processesOfGroup(group)).toEqual([]);
  });

  it('can be had at once, without waiting', async () => {
    const connection = await connect(stdioEntry({ fixture: 'grandchildren', args: ['2', 'stubborn'] }));
    connection.killNow();
    await connection.closed;
    await until(() => processesOfGroup(groups[0] as number).length === 0);
  });

  it('rejects what is pending', async () => {
    const connection = await connect(stdioEntry());
    const call = connection.callTool('slow', { ms: 60_000 });
    const failure = expect(call).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    await connection.close();
    await failure;
  });
});
