// Tests of src/downstream/known-catalog.ts and catalog-file.ts.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerEntry } from '../../src/config/server-entry.ts';
import { createCatalogFile } from '../../src/downstream/catalog-file.ts';
import { KnownCatalog } from '../../src/downstream/known-catalog.ts';
import { catalogKey, removeUnusedFiles } from '../../src/downstream/server-file.ts';
import type { ToolListing } from '../../src/downstream/tool-pages.ts';
import { httpEntry, recordingLog, stdioEntry } from './surroundings.ts';

const hour = 3_600_000;
let parent: string;
let directory: string;
let now: number;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'portico-catalogs-'));
  directory = join(parent, 'cache', 'catalogs');
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const server = { title: 'The server', protocolVersion: '2025-11-25' };
const tools = [{ name: 'one', description: 'First.' }, { name: 'two' }];

/** What one gateway process knows of the server. */
function process(entry: ServerEntry = stdioEntry(), configuredAt?: number) {
  const { log, lines } = recordingLog();
  const changes: number[] = [];
  const file = createCatalogFile({ directory, log }, entry);
  const known = new KnownCatalog({ file, now: () => now, configuredAt, onChanged: () => changes.push(now) });
  return {
    known,
    lines,
    changes,
    list: async (listing: ToolListing = { tools }) => {
      known.listed(listing, now, server);
      await known.settled();
    },
  };
}

const files = () => readdirSync(directory).map((name) => join(directory, name));
const onlyFile = () => files()[0] ?? '';

describe('what is known of the tools of a server', () => {
  it('is known to the next process, member for member', async () => {
    const odd = JSON.parse('{"z":[1.50,null,"\\u2028\\ud800"],"name":"odd","__proto__":{"a":1},"10":0,"a":{}}');
    await process().list({ tools: [odd, ...tools], ttlMs: 5, cacheScope: 'private' });
    const recalled = await process().known.recall();
    expect(JSON.stringify(recalled?.tools)).toBe(JSON.stringify([odd, ...tools]));
    expect(recalled).toMatchObject({ ...server, listedAt: now, ttlMs: 5, cacheScope: 'private', isRecent: true });
  });

  it('is private: a file of its own for its owner alone, in a directory for its owner alone', async () => {
    await process().list();
    expect(files()).toHaveLength(1);
    expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('is written again only when it changed, or when it was no longer recent', async () => {
    const { list } = process();
    await list();
    const written = () => JSON.parse(readFileSync(onlyFile(), 'utf8')).saved_at;
    const first = now;
    now += hour;
    await list();
    await process().list(structuredClone({ tools }));
    expect(written()).toBe(first);
    await list({ tools: [{ name: 'other' }] });
    expect(written()).toBe(now);
    now += 24 * hour;
    await list({ tools: [{ name: 'other' }] });
    expect(written()).toBe(now);
  });

  it.each([
    { passed: 24 * hour - 1, ttlMs: undefined, isRecent: true },
    { passed: 24 * hour, ttlMs: undefined, isRecent: false },
    { passed: 23 * hour, ttlMs: 0, isRecent: true },
    { passed: 47 * hour, ttlMs: 48 * hour, isRecent: true },
    { passed: 48 * hour, ttlMs: 48 * hour, isRecent: false },
    { passed: -1, ttlMs: undefined, isRecent: false },
  ])('after $passed ms of a TTL of $ttlMs is recent: $isRecent', async ({ passed, ttlMs, isRecent }) => {
    await process().list({ tools, ttlMs });
    now += passed;
    expect(await process().known.recall()).toMatchObject({ tools, isRecent });
  });

  it('is not recent after the config was changed, nor after the server said that its tools changed', async () => {
    const { known, list } = process();
    await list();
    expect(await process(stdioEntry(), now + 1).known.recall()).toMatchObject({ isRecent: false });
    expect(await process(stdioEntry(), now).known.recall()).toMatchObject({ isRecent: true });
    known.doubt();
    expect(await known.recall()).toMatchObject({ tools, isRecent: false });
    await known.settled();
    const next = process();
    expect(await next.known.recall()).toMatchObject({ tools, isRecent: false });
    await next.list();
    next.known.doubt();
    await next.known.settled();
    const unread = process();
    unread.known.doubt();
    await unread.known.settled();
    expect(await unread.known.recall()).toMatchObject({ tools, isRecent: false });
    await list();
    expect(await process().known.recall()).toMatchObject({ isRecent: true });
    expect(await known.recall()).toMatchObject({ isRecent: true });
  });

  it('D33: a change is told, once each, and no news is not', async () => {
    const { known, changes, list } = process();
    await list({ tools: [] });
    expect(changes).toHaveLength(0);
    await list();
    await list(structuredClone({ tools }));
    expect(changes).toHaveLength(1);
    known.doubt();
    expect(changes).toHaveLength(2);
    await list({ tools: [{ ...tools[0], name: 'one', description: 'Another.' }, { name: 'two' }] });
    expect(changes).toHaveLength(3);
  });

  it('compares with what an earlier process saved, and keeps the same array while nothing changes', async () => {
    await process().list();
    const { known, changes, list } = process();
    const recalled = await known.recall();
    await list(structuredClone({ tools }));
    expect(changes).toHaveLength(0);
    expect(known.current?.tools).toBe(recalled?.tools);
  });

  it.each([
    ['{"version":1,"saved_at":1', 'cut'],
    ['null', 'null'],
    ['{"version":2,"saved_at":1,"tools":[]}', 'another version'],
    ['{"version":1,"saved_at":"1","tools":[]}', 'no time'],
    ['{"version":1,"saved_at":1,"tools":[{"title":"x"}]}', 'a tool without a name'],
    ['{"version":1,"saved_at":1,"tools":{}}', 'no list'],
  ])('a file with %s is ignored and replaced (%s)', async (text) => {
    await process().list();
    writeFileSync(onlyFile(), text);
    const { known, lines, list } = process();
    expect(await known.recall()).toBeUndefined();
    expect(lines).toMatchObject([{ level: 'debug' }]);
    await list();
    expect(await process().known.recall()).toMatchObject({ tools });
  });

  it('is not shown to another token in the headers, and its file tells nothing of either', async () => {
    const withToken = (token: string) => process(httpEntry('https://example.test', { headers: { 'X-Key': token } }));
    await withToken('canary-one').list();
    expect(await withToken('canary-one').known.recall()).toMatchObject({ tools });
    expect(await withToken('canary-two').known.recall()).toBeUndefined();
    const first = readFileSync(onlyFile(), 'utf8');
    expect(first).not.toMatch(/canary|X-Key|example\.test/);
    rmSync(onlyFile());
    await withToken('canary-one').list();
    const digestOf = (text: string) => JSON.parse(text).headers;
    expect(digestOf(readFileSync(onlyFile(), 'utf8'))).not.toBe(digestOf(first));
  });

  it('is kept in memory where nothing can be written', async () => {
    writeFileSync(join(parent, 'cache'), 'a file where the directory should be');
    const { known, lines, list } = process();
    await list();
    expect(await known.recall()).toMatchObject({ tools });
    await known.forget();
    expect(lines.every(({ level }) => level === 'debug')).toBe(true);
  });

  it('is forgotten with the login, on disk too, and a list that was asked for before does not bring it back', async () => {
    const { known, list } = process();
    await list();
    const askedAt = now;
    now += 1;
    await known.forget();
    expect(files()).toEqual([]);
    known.listed({ tools }, askedAt, server);
    await known.settled();
    expect(await known.recall()).toBeUndefined();
    expect(files()).toEqual([]);
    await list({ tools: [{ name: 'theirs' }] });
    expect(await process().known.recall()).toMatchObject({ tools: [{ name: 'theirs' }] });
  });

  it('does not come back from a disk that was being read when it was forgotten', async () => {
    await process().list();
    const { known } = process();
    const reading = known.recall();
    await known.forget();
    expect(await reading).toBeUndefined();
    expect(await known.recall()).toBeUndefined();
  });
});

describe('the file of a server', () => {
  const web = (more = {}) => httpEntry('https://example.test/mcp', more);
  it.each<[string, ServerEntry, ServerEntry, boolean]>([
    ['limits', stdioEntry(), stdioEntry({ timeoutMs: 1, description: 'x' }), true],
    ['arguments', stdioEntry({ args: ['a', 'b'] }), stdioEntry({ args: ['a b'] }), false],
    ['cwd', stdioEntry(), stdioEntry({ cwd: '/tmp' }), false],
    ['names of variables', stdioEntry(), stdioEntry({ env: { TOKEN: 'x' } }), false],
    ['values of variables', stdioEntry({ env: { TOKEN: 'y' } }), stdioEntry({ env: { TOKEN: 'x' } }), true],
    ['values of headers', web({ headers: { Authorization: 'y' } }), web({ headers: { Authorization: 'x' } }), true],
    ['profiles', web(), web({ profile: 'work' }), false],
    ['names', web(), web({ name: 'other' }), false],
    ['queries', web(), httpEntry('https://example.test/mcp?tenant=2'), false],
  ])('is the same for two entries with other %s: %#', (_what, one, other, isSame) => {
    expect(catalogKey(one) === catalogKey(other)).toBe(isSame);
    expect(catalogKey(one)).toMatch(/^[0-9a-f]{32}$/);
  });
});

it('of servers that are gone nothing is kept for longer than 90 days, and of those that are there everything', async () => {
  const kept = stdioEntry();
  const gone = stdioEntry({ name: 'gone' });
  for (const entry of [kept, gone]) await process(entry).list();
  const path = (entry: ServerEntry, suffix = '.json') => join(directory, `${catalogKey(entry)}${suffix}`);
  writeFileSync(path(gone, '.offers.json'), '{}');
  writeFileSync(join(directory, 'notes.json'), '{}');
  writeFileSync(path(gone, '.json.bak'), '{}');
  const writtenAt = statSync(path(gone)).mtimeMs + hour;
  const all = files().sort();
  await removeUnusedFiles(directory, () => writtenAt + 89 * 24 * hour, [kept]);
  expect(files().sort()).toEqual(all);
  await removeUnusedFiles(directory, () => writtenAt + 90 * 24 * hour, [kept]);
  expect(files().sort()).toEqual([path(kept), path(gone, '.json.bak'), join(directory, 'notes.json')].sort());
  await removeUnusedFiles(join(directory, 'not there'), () => now, []);
});
