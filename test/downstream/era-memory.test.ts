// What is remembered of the eras of servers, and how long: src/downstream/era-memory.ts.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ServerEntry } from '../../src/config/server-entry.ts';
import { createEraMemory, type EraMemory, judgeAge, parseVerdict } from '../../src/downstream/era-memory.ts';
import { httpEntry, recordingLog, stdioEntry } from './surroundings.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portico-eras-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const memory = (now = 0, where: string | undefined = directory): EraMemory =>
  createEraMemory({ now: () => now, log: recordingLog().log }, { directory: where });

const hourMs = 3_600_000;

it.each([
  ['http', 'legacy', 24 * hourMs - 1, 'legacy'],
  ['http', 'legacy', 24 * hourMs, undefined],
  ['stdio', 'legacy', 7 * 24 * hourMs - 1, 'legacy'],
  ['stdio', 'legacy', 7 * 24 * hourMs, undefined],
  ['http', 'legacy', -1, undefined],
  ['http', 'modern', 1e12, 'modern'],
  ['stdio', 'modern', -1, 'modern'],
] as const)('D36: over %s, %s since %d ms counts as %s', (kind, era, age, counts) => {
  expect(judgeAge({ era, at: 5 * hourMs }, kind, 5 * hourMs + age)).toBe(counts);
});

it.each([
  ['{"version":1,"era":"modern","at":7}', { era: 'modern', at: 7 }],
  ['{"version":2,"era":"modern","at":7}', undefined],
  ['{"version":1,"era":"future","at":7}', undefined],
  ['{"version":1,"era":"legacy","at":"7"}', undefined],
  ['{"version":1,"era":"legacy"', undefined],
  ['null', undefined],
  [undefined, undefined],
])('a file %s reads as %o', (text, verdict) => {
  expect(parseVerdict(text)).toEqual(verdict);
});

it('a verdict is there for the next process, until it is forgotten', async () => {
  const entry = httpEntry('http://one.example/mcp');
  const first = memory();
  first.keep(entry, 'modern');
  await first.settled();
  const second = memory();
  expect(await second.recall(entry)).toBe('modern');
  second.forget(entry);
  await second.settled();
  expect(await memory().recall(entry)).toBeUndefined();
  expect(readdirSync(directory)).toEqual([]);
});

it('a verdict belongs to a URL, or to a command with its arguments and directory, whatever the server is called', async () => {
  const web = httpEntry('http://one.example/mcp?key=secret');
  const local = stdioEntry({ args: ['--token', 'secret'], cwd: '/a' });
  const eras = memory();
  eras.keep(web, 'legacy');
  eras.keep(local, 'legacy');
  await eras.settled();
  const known = async (entry: ServerEntry) => (await memory().recall(entry)) !== undefined;
  expect(await known({ ...web, name: 'other', timeoutMs: 1 })).toBe(true);
  expect(await known({ ...local, name: 'other', env: { A: '1' } })).toBe(true);
  expect(await known({ ...web, url: 'http://one.example/mcp' })).toBe(false);
  expect(await known({ ...local, cwd: '/b' })).toBe(false);
  expect(await known({ ...local, args: [] })).toBe(false);
  expect(await known({ ...local, command: 'other' })).toBe(false);
  const files = readdirSync(directory).map((name) => name + readFileSync(join(directory, name), 'utf8'));
  expect(files.join('\n')).not.toMatch(/secret|example/);
});

it('a file that cannot be used is as good as none, and is replaced', async () => {
  const entry = httpEntry('http://one.example/mcp');
  const first = memory();
  first.keep(entry, 'legacy');
  await first.settled();
  const [name = ''] = readdirSync(directory);
  writeFileSync(join(directory, name), 'half a fi');
  const eras = memory();
  expect(await eras.recall(entry)).toBeUndefined();
  eras.keep(entry, 'modern');
  await eras.settled();
  expect(await memory().recall(entry)).toBe('modern');
});

it('where nothing can be written the process remembers all the same', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const eras = memory(0, join(file, 'eras'));
  const entry = httpEntry('http://one.example/mcp');
  eras.keep(entry, 'modern');
  await eras.settled();
  expect(await eras.recall(entry)).toBe('modern');
});
