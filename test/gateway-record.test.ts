// Owns the tests of the files in which running gateways tell of themselves.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { execPath, pid } from 'node:process';
import { expect, test } from 'vitest';
import { type GatewayTale, keepGatewayRecord, readGatewayRecords } from '../src/gateway-record.ts';
import { ownMark } from '../src/lib/process-mark.ts';
import { temporaryDirectory } from './config/write-config.ts';
import { recordingLog } from './downstream/surroundings.ts';

const idle = { server: 'a', pids: [], protocol: null, since: null, last_error: null, next_try_at: null };
const first: GatewayTale = {
  client: 'a host',
  agent: null,
  servers_file: '/x/.mcp.json',
  rules_file: null,
  config_error: null,
  servers: [{ ...idle, state: 'idle' }],
};

async function scene() {
  const directory = join(await temporaryDirectory(), 'gateways');
  const clock = { now: Date.now() };
  const told = { tale: first };
  const { log, lines } = recordingLog();
  const settings = { directory, tell: () => told.tale };
  const writer = keepGatewayRecord({ now: () => clock.now, log, version: '1.2.3' }, settings);
  const path = async (): Promise<string> => join(directory, (await readdir(directory))[0] ?? '');
  return { directory, clock, told, lines, writer, path };
}

test('a gateway tells of itself in a private file, written where something changed and else touched', async () => {
  const { directory, clock, told, writer, path } = await scene();
  await writer.look();
  const file = await path();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1, pid, host: hostname(), ...first });
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readGatewayRecords(directory, clock.now)).toMatchObject([{ ...first, pid, portico_version: '1.2.3' }]);

  // Nothing new: the file is left alone, until it is time to say that somebody is there.
  const past = new Date(clock.now - 50_000);
  await utimes(file, past, past);
  clock.now += 29_999;
  await writer.look();
  expect((await stat(file)).mtime).toEqual(past);
  clock.now += 1;
  await writer.look();
  expect((await stat(file)).mtimeMs).toBeCloseTo(clock.now, -1);

  told.tale = { ...first, servers: [{ ...idle, state: 'ready', pids: [7] }] };
  await writer.look();
  expect(await readGatewayRecords(directory, clock.now)).toMatchObject([{ servers: [{ state: 'ready', pids: [7] }] }]);
  await writer.close();
  expect(await readdir(directory)).toEqual([]);
});

test('a file that was taken for that of a killed gateway comes back', async () => {
  const { directory, clock, writer, path } = await scene();
  await writer.look();
  await rm(await path());
  clock.now += 30_000;
  await writer.look();
  expect(await readdir(directory)).toHaveLength(1);
  writer.removeNow();
  expect(await readdir(directory)).toEqual([]);
});

test('a directory that cannot be written costs a line in the debug log, and nothing else', async () => {
  const { directory, lines, writer } = await scene();
  await writeFile(directory, 'no directory');
  await writer.look();
  expect(lines).toMatchObject([{ level: 'debug' }]);
  await writer.close();
});

test('what killed gateways left is removed by whoever looks; one of another machine goes by its heartbeat', async () => {
  const { directory, clock, writer } = await scene();
  await mkdir(directory);
  const ended = spawnSync(execPath, ['--version']).pid;
  const namespace = ownMark.pidNamespace ?? null;
  const at = (started_at: string) => ({ version: 1, host: hostname(), pid_namespace: namespace, started_at });
  const write = async (name: string, content: object | string, ageMs: number) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(directory, name), text);
    const touched = new Date(clock.now - ageMs);
    await utimes(join(directory, name), touched, touched);
  };
  await write('killed.json', { ...at('2026-01-01'), pid: ended }, 0);
  await write('reused.json', { ...at('2026-01-01'), pid }, 121_000);
  await write('here.json', { ...at('2026-01-03'), pid }, 0);
  await write('container.json', { ...at('2026-01-02'), pid: ended, host: 'another' }, 60_000);
  await write('lost.json', { ...at('2026-01-01'), pid: ended, host: 'another' }, 121_000);
  await write('spoiled.json', '{"pid": ', 0);
  await write('half.json.12345', '{', 121_000);
  const found = await readGatewayRecords(directory, clock.now);
  expect(found.map(({ host, pid: number }) => [host, number])).toEqual([
    ['another', ended],
    [hostname(), pid],
  ]);
  expect((await readdir(directory)).sort()).toEqual(['container.json', 'here.json', 'spoiled.json']);
  expect(await readGatewayRecords(join(directory, 'nowhere'), clock.now)).toEqual([]);
  await writer.close();
});

test('what killed gateways left is also removed by the next one that starts', async () => {
  const directory = join(await temporaryDirectory(), 'gateways');
  await mkdir(directory);
  const dead = spawnSync(execPath, ['-e', '']).pid;
  const { pidNamespace = null } = ownMark;
  const record = { pid: dead, host: hostname(), pid_namespace: pidNamespace, started_at: 'then', ...first };
  await writeFile(join(directory, `${dead}-0a1b2c3d.json`), JSON.stringify(record));
  const { log } = recordingLog();
  const writer = keepGatewayRecord({ now: Date.now, log, version: '1' }, { directory, tell: () => first });
  await expect.poll(() => readdir(directory)).toEqual([]);
  await writer.close();
});
