// How the era of a local server is found out: src/downstream/open-conversation.ts, open-connection.ts, open-channel.ts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StdioServerEntry } from '../../src/config/server-entry.ts';
import type { Connection } from '../../src/downstream/connection.ts';
import { createEraMemory, type Era, type EraMemory } from '../../src/downstream/era-memory.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import type { StdioChannel } from '../../src/downstream/stdio.ts';
import { processesOfGroup, recordingLog, stdioEntry, testDeps, until } from './surroundings.ts';

let directory: string;
let record: string;
let eras: EraMemory;
const groups: number[] = [];
const open: Connection[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portico-eras-'));
  record = join(directory, 'record');
  eras = createEraMemory({ now: () => 0, log: recordingLog().log });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await until(() => groups.every((group) => processesOfGroup(group).length === 0));
  groups.length = 0;
  rmSync(directory, { recursive: true });
});

const entryOf = (behaviour: string, more: Partial<StdioServerEntry> = {}): StdioServerEntry =>
  stdioEntry({ fixture: 'first-request', args: [record, behaviour], ...more });

async function connect(entry: StdioServerEntry): Promise<Connection> {
  const connection = await openConnection(testDeps({ eras }), entry, {
    onChannel: (channel) => {
      const start = channel.start.bind(channel);
      channel.start = async () => {
        // No process of the attempt before is left when the next one starts.
        expect(groups.flatMap(processesOfGroup)).toEqual([]);
        await start();
        const { pid } = channel as StdioChannel;
        if (pid !== undefined) groups.push(pid);
      };
    },
  });
  open.push(connection);
  return connection;
}

/** What all processes of the server were asked, in order; `start` where one began. */
const asked = (): string[] => readFileSync(record, 'utf8').trim().split('\n');

const discover = 'server/discover';

describe('a local server of which nothing is known', () => {
  it.each([
    ['legacy', 'legacy', ['start', discover, 'initialize']],
    ['exits', 'legacy', ['start', discover, 'start', 'initialize']],
    ['sulks', 'legacy', ['start', discover, 'initialize', 'start', 'initialize']],
    ['silent', 'legacy', ['start', discover, 'initialize']],
    ['both', 'modern', ['start', discover]],
    ['modern', 'modern', ['start', discover]],
    ['modern, exits', 'modern', ['start', discover]],
  ] as const)('D36: that is "%s" is opened as %s, and remembered as that', async (behaviour, era, questions) => {
    // A silent one is asked `initialize` after a third of the time.
    const entry = entryOf(behaviour, behaviour === 'silent' ? { connectTimeoutMs: 3000 } : {});
    const connection = await connect(entry);
    expect(connection.info.protocolVersion).toBe(era === 'modern' ? '2026-07-28' : '2025-11-25');
    expect(asked()).toEqual(questions);
    expect(await eras.recall(entry)).toBe(era);
    expect(await connection.callTool('echo', { a: null })).toMatchObject({
      result: { content: [{ text: '{"a":null}' }] },
    });
  });

  it('that ends at whatever it is asked is one error with its own last words, and nothing is remembered', async () => {
    const entry = entryOf('dies');
    await expect(connect(entry)).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/during initialize: it exited with code 4.*here comes dies/s),
    });
    expect(asked()).toEqual(['start', discover, 'start', 'initialize']);
    expect(await eras.recall(entry)).toBeUndefined();
  });
});

describe('a local server whose era is known', () => {
  it.each<[string, Era, Era, string[]]>([
    ['legacy', 'legacy', 'legacy', ['start', 'initialize']],
    ['exits', 'legacy', 'legacy', ['start', 'initialize']],
    ['both', 'legacy', 'legacy', ['start', 'initialize']],
    // Exchanged for a newer one that no longer knows the old ways.
    ['modern', 'legacy', 'modern', ['start', 'initialize', 'start', discover]],
    ['modern, exits', 'legacy', 'modern', ['start', 'initialize', 'start', discover]],
    // Exchanged for an older one.
    ['legacy', 'modern', 'legacy', ['start', discover, 'initialize']],
    ['exits', 'modern', 'legacy', ['start', discover, 'start', 'initialize']],
  ])('D36: "%s", known as %s, is opened as %s', async (behaviour, known, era, questions) => {
    const entry = entryOf(behaviour);
    eras.keep(entry, known);
    const connection = await connect(entry);
    expect(connection.info.protocolVersion).toBe(era === 'modern' ? '2026-07-28' : '2025-11-25');
    expect(asked()).toEqual(questions);
    expect(await eras.recall(entry)).toBe(era);
  });

  it('and which dies is the error of the first question', async () => {
    const entry = entryOf('dies');
    eras.keep(entry, 'legacy');
    await expect(connect(entry)).rejects.toMatchObject({ message: expect.stringContaining('during initialize') });
  });
});

it('a local server that is pinned is asked as it is pinned, once', async () => {
  await expect(connect(entryOf('exits', { protocol: '2026-07-28' }))).rejects.toThrow('server/discover');
  await connect(entryOf('both', { protocol: '2025-06-18' }));
  expect(asked()).toEqual(['start', discover, 'start', 'initialize']);
});
