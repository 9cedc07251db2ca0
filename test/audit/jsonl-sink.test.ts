// Owns the tests of the audit file: nothing lost, in order, private, and never in the way of a call.
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createJsonlSink } from '../../src/audit/jsonl-sink.ts';
import type { AuditEntry } from '../../src/audit/record.ts';
import { silentSink } from '../../src/audit/sink.ts';
import type { LogPort } from '../../src/lib/log-port.ts';

let directory: string;
let path: string;
let lines: string[];
let log: LogPort;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-audit-'));
  path = join(directory, 'new', 'deep', 'audit.jsonl');
  lines = [];
  const keep =
    (level: string) =>
    (_: Record<string, unknown>, message: string): void => {
      lines.push(`${level} ${message}`);
    };
  log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function record(index: number): AuditEntry {
  return {
    at: 0,
    agent_id: 'a',
    operation: 'execute_tool',
    server: 's',
    tool: 't',
    decision: 'ALLOW',
    rule: null,
    error_code: null,
    latency_ms: 1,
    result_bytes: null,
    request_id: index,
  };
}

async function written(): Promise<number[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { request_id: number }).request_id);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('close() leaves every record in the file, in order', async () => {
  const sink = createJsonlSink({ path, log });
  for (const index of numbers(3000)) {
    sink.write(record(index));
    // Let batches be written in between.
    if (index % 700 === 0) await new Promise(setImmediate);
  }
  await sink.close();
  expect(await written()).toEqual(numbers(3000));
  expect(lines).toEqual([]);
});

test('records are written without close()', async () => {
  const sink = createJsonlSink({ path, log });
  sink.write(record(0));
  await vi.waitFor(async () => expect(await written()).toEqual([0]), { timeout: 10_000 });
  sink.write(record(1));
  await vi.waitFor(async () => expect(await written()).toEqual([0, 1]), { timeout: 10_000 });
  await sink.close();
});

test.skipIf(process.platform === 'win32')(
  'directory and file are private, and a readable file becomes so',
  async () => {
    const sink = createJsonlSink({ path, log });
    sink.write(record(0));
    await sink.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);

    const older = join(directory, 'older.jsonl');
    await writeFile(older, '', { mode: 0o644 });
    const second = createJsonlSink({ path: older, log });
    second.write(record(0));
    await second.close();
    expect((await stat(older)).mode & 0o777).toBe(0o600);
  },
);

test.skipIf(process.platform === 'win32')('a directory that is there already keeps its mode', async () => {
  const shared = join(directory, 'shared');
  await mkdir(shared, { mode: 0o755 });
  const sink = createJsonlSink({ path: join(shared, 'audit.jsonl'), log });
  sink.write(record(0));
  await sink.close();
  expect((await stat(shared)).mode & 0o777).toBe(0o755);
});

test('two gateways on one file lose nothing and tear no line', async () => {
  const sinks = [createJsonlSink({ path, log }), createJsonlSink({ path, log })];
  for (const index of numbers(1200)) sinks[index % 2]?.write(record(index));
  await Promise.all(sinks.map((sink) => sink.close()));
  expect((await written()).sort((a, b) => a - b)).toEqual(numbers(1200));
});

test('a file that was moved away is made anew', async () => {
  const sink = createJsonlSink({ path, log });
  sink.write(record(0));
  await vi.waitFor(async () => expect(await written()).toEqual([0]), { timeout: 10_000 });
  await rename(path, `${path}.1`);
  sink.write(record(1));
  await sink.close();
  expect(await written()).toEqual([1]);
});

test('a failure is said once, and what waited is written when the file can be', async () => {
  await writeFile(join(directory, 'new'), 'a file where the directory should be');
  const sink = createJsonlSink({ path, log });
  sink.write(record(0));
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 10_000 });
  sink.write(record(1));
  await rm(join(directory, 'new'));
  await sink.close();
  expect(await written()).toEqual([0, 1]);
  expect(lines).toEqual(['warn the audit log cannot be written; calls go on', 'info the audit log is written again']);
});

test('a file that can never be written does not fail close(), and says what was lost', async () => {
  await writeFile(join(directory, 'new'), '');
  const sink = createJsonlSink({ path, log });
  for (const index of numbers(11_000)) sink.write(record(index));
  await sink.close();
  sink.write(record(1));
  expect(lines).toEqual(['warn the audit log cannot be written; calls go on', 'warn audit records were lost']);
});

test('the silent sink keeps nothing', async () => {
  silentSink.write(record(0));
  await expect(silentSink.close()).resolves.toBeUndefined();
});
