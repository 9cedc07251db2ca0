// Tests of src/downstream/server-logs.ts, server-log-name.ts, stderr-lines.ts and src/lib/rotated-file.ts.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMask } from '../../src/downstream/mask-secrets.ts';
import { serverLogName } from '../../src/downstream/server-log-name.ts';
import { createServerLogs } from '../../src/downstream/server-logs.ts';
import { StderrLines } from '../../src/downstream/stderr-lines.ts';
import { handClock } from './hand-clock.ts';
import { recordingLog } from './surroundings.ts';

const isPosix = process.platform !== 'win32';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portico-logs-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function scene(maxBytes?: number) {
  const clock = handClock();
  const { log, lines } = recordingLog();
  const deps = { log, now: clock.now, later: clock.later, platform: process.platform };
  const logs = createServerLogs(deps, { directory: join(directory, 'servers'), maxBytes });
  const read = (file: string) => readFileSync(join(directory, 'servers', file), 'utf8');
  return { clock, logs, lines, read };
}

const plain = createMask({});

describe('the log of a server', () => {
  it('E42: holds what it wrote to stderr, when it came and how it went, with time and process', async () => {
    const { logs, read } = scene();
    const one = logs.open('one', plain);
    one.stderr(Buffer.from('before it is known\nhal'));
    one.started(42);
    one.stderr(Buffer.from('f a line\r\n\x1b[31mred\x1b[0m\n\n'));
    one.stderr(Buffer.from('last words'));
    one.ended('it exited with code 7');
    one.ended('it exited with code 7');
    await logs.close();
    const at = '2026-01-01T00:00:00.000Z';
    expect(read('one.log')).toBe(
      [
        `${at} before it is known`,
        `${at} [42] --- started`,
        `${at} [42] half a line`,
        `${at} [42] red`,
        `${at} [42] last words`,
        `${at} [42] --- it exited with code 7`,
        '',
      ].join('\n'),
    );
  });

  it.runIf(isPosix)('is readable by its owner alone, also where it was not before', async () => {
    const { logs } = scene();
    logs.open('one', plain).stderr(Buffer.from('a\n'));
    await logs.close();
    const file = join(directory, 'servers', 'one.log');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'servers')).mode & 0o777).toBe(0o700);
    chmodSync(file, 0o644);
    logs.open('one', plain).stderr(Buffer.from('b\n'));
    await logs.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('E42: holds no secret that the server was given or that looks like one, nor any line of a private key', async () => {
    const { logs, read } = scene();
    const mask = createMask({ MY_API_KEY: 'correct-horse-battery', PEM_SECRET: 'first-line-of-it\nsecond-line-of-it' });
    const key = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEabcdefgh', 'ijklmnop', '-----END RSA PRIVATE KEY-----'];
    const said = [
      'key correct-horse-battery',
      'Authorization: Bearer abcdefghijkl',
      ...key,
      'second-line-of-it',
      'after',
    ];
    const process = logs.open('one', mask);
    for (const character of `${said.join('\n')}\n`) process.stderr(Buffer.from(character));
    await logs.close();
    expect(read('one.log')).not.toMatch(/correct-horse|abcdefgh|ijklmnop|second-line/);
    expect(read('one.log')).toContain('after');
  });

  it('makes room once for a new file, so that both together stay small', async () => {
    const { logs, read } = scene(1000);
    const process = logs.open('one', plain);
    for (let batch = 0; batch < 10; batch++) {
      for (let line = 0; line < 5; line++) process.stderr(Buffer.from(`batch ${batch}, ${'x'.repeat(40)}\n`));
      await logs.close();
    }
    expect(readdirSync(join(directory, 'servers')).sort()).toEqual(['one.log', 'one.log.1']);
    expect(read('one.log').length).toBeLessThanOrEqual(1000);
    expect(read('one.log.1').length).toBeLessThanOrEqual(1000);
    expect(read('one.log')).toContain('batch 9');
  });

  it('leaves out what comes faster than it may be written, and says how much', async () => {
    const { clock, logs, read } = scene();
    const process = logs.open('one', plain);
    const line = Buffer.from(`${'y'.repeat(1000)}\n`);
    for (let count = 0; count < 400; count++) process.stderr(line);
    clock.advance(200);
    await logs.close();
    const written = read('one.log').split('\n');
    expect(written.length).toBeLessThan(300);
    expect(written.at(-2)).toMatch(/^--- \d+ lines were left out here$/);
  });

  it('that cannot be written is one warning for all, and nothing else', async () => {
    writeFileSync(join(directory, 'servers'), 'a file where a folder should be');
    const { logs, lines } = scene();
    for (const name of ['one', 'two', 'three']) logs.open(name, plain).stderr(Buffer.from('a\n'));
    await logs.close();
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
  });

  it('is not made for a process that never started', async () => {
    const { logs } = scene();
    logs.open('one', plain).ended('ended');
    await logs.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

it.each([
  ['files', 'files.log'],
  ['a.b_c-1', 'a.b_c-1.log'],
  ['My Server', /^my-server-[0-9a-f]{16}\.log$/],
  ['MY SERVER', /^my-server-[0-9a-f]{16}\.log$/],
  ['../../etc/passwd', /^etc-passwd-[0-9a-f]{16}\.log$/],
  ['日本', /^server-[0-9a-f]{16}\.log$/],
  ['', /^server-[0-9a-f]{16}\.log$/],
  ['con', /^con-[0-9a-f]{16}\.log$/],
  ['nul.x', /^nul-x-[0-9a-f]{16}\.log$/],
  ['.hidden', /^hidden-[0-9a-f]{16}\.log$/],
  ['dot.', /^dot-[0-9a-f]{16}\.log$/],
  ['a'.repeat(300), /^a{40}-[0-9a-f]{16}\.log$/],
  [serverLogName('My Server').slice(0, -4), /^my-server-[0-9a-f]+-[0-9a-f]{16}\.log$/],
])('the log of server %j is called %s', (server, expected) => {
  if (typeof expected === 'string') expect(serverLogName(server)).toBe(expected);
  else expect(serverLogName(server)).toMatch(expected);
});

it('no two servers share a log, also where case does not count', () => {
  const names = ['x', 'X', 'x ', 'x.', 'x/', 'x\\', 'é', 'É', serverLogName('X').slice(0, -4), 'x.log', 'x.log.1'];
  expect(new Set(names.map((name) => serverLogName(name).toLowerCase())).size).toBe(names.length);
});

it('a line without an end is cut, and characters in pieces are put together', () => {
  const lines: string[] = [];
  const stderr = new StderrLines((line) => lines.push(line));
  for (let count = 0; count < 100; count++) stderr.push(Buffer.from('z'.repeat(1000)));
  stderr.push(Buffer.from('\n'));
  for (const byte of Buffer.from('é\n')) stderr.push(Buffer.from([byte]));
  stderr.end();
  expect(lines.map(({ length }) => length)).toEqual([8193, 1]);
  expect(lines[1]).toBe('é');
});
