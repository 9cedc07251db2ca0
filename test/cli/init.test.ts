// Tests of src/cli/commands/init.ts and what it is made of, at a terminal and without one.

import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { emptyFile, startingFile } from '../../src/cli/starting-file.ts';
import { loadText } from '../config/write-config.ts';
import { cliContext } from '../helpers/cli-context.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'portico-init-'));
});
afterEach(() => rm(home, { recursive: true }));

const file = (): string => join(home, 'own', 'mcp.json');
const write = async (name: string, value: object): Promise<string> => {
  const path = join(home, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(value, null, 2));
  return path;
};
const servers = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path, 'utf8')).mcpServers;

/** Two hosts, of which one has servers. */
async function hosts(): Promise<{ cursor: string; gemini: string }> {
  const cursor = await write('.cursor/mcp.json', {
    mcpServers: {
      notes: { command: 'npx', args: ['-y', 'notes'] },
      crm: { url: 'https://crm.example.com/mcp?key=hidden' },
    },
  });
  return { cursor, gemini: await write('.gemini/settings.json', { theme: 'dark' }) };
}

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Each answer is typed when its question has appeared; without answers there is no terminal. */
async function init(
  words: readonly string[],
  answers?: readonly (readonly [question: string, keys: string])[],
): Promise<Run> {
  const isTTY = answers !== undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  const streams = [0, 1].map(() => Object.assign(new PassThrough(), { isTTY, columns: 120, rows: 40 }));
  const [stdout = new PassThrough(), stderr = new PassThrough()] = streams;
  const said = { stdout: '', stderr: '' };
  stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  const waiting = [...(answers ?? [])];
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    const [question, keys] = waiting[0] ?? [];
    if (question === undefined || !said.stderr.includes(question)) return;
    waiting.shift();
    setImmediate(() => stdin.write(keys));
  });
  const env = { HOME: home, USERPROFILE: home, APPDATA: home, XDG_DATA_HOME: join(home, 'data') };
  const context = cliContext({ env, cwd: home, mainFile: '/opt/portico/dist/main.js', stdin, stdout, stderr });
  const code = await run(['init', '--config', file(), ...words], context);
  expect(waiting).toEqual([]);
  return { code, ...said };
}

const enter = '\r';
const interrupt = '\u0003';
/** Of the first choice; a second time it is the other way round. */
const [tick, untick] = [' ', ' '];

describe('without a terminal', () => {
  it('writes a commented file that is valid, for its owner alone, and says what to do next', async () => {
    const { cursor } = await hosts();
    const before = await readFile(cursor, 'utf8');
    const { code, stderr } = await init([]);
    expect(code).toBe(0);
    expect(await readFile(file(), 'utf8')).toBe(startingFile);
    if (process.platform !== 'win32') expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(stderr).toContain(`${file()} was written`);
    expect(stderr).toContain(`Write your servers into ${file()}`);
    expect(stderr).toContain('portico import-config cursor');
    expect(stderr).toContain('portico install gemini-cli');
    expect(await readFile(cursor, 'utf8')).toBe(before);
  });

  it('leaves a file that is there as it is, also for programs', async () => {
    await write('own/mcp.json', { mcpServers: { mine: { command: 'mine' } } });
    const { code, stdout } = await init(['--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      file: file(),
      outcome: 'exists',
      servers: [],
      installed: [],
      hosts: [],
    });
    expect(await servers(file())).toEqual({ mine: { command: 'mine' } });
  });

  it('names the file that cannot be made, and where another one is named', async () => {
    await writeFile(join(home, 'own'), 'a file in the way');
    const { code, stderr } = await init([]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/mcp\.json cannot be written \((?:ENOTDIR|EEXIST)\)[\s\S]*--config/);
  });
});

describe('at a terminal', () => {
  it('takes over the servers that are ticked, and adds itself to the hosts that are', async () => {
    const { cursor, gemini } = await hosts();
    const { code, stderr, stdout } = await init(
      [],
      [
        ['Which servers', untick + enter],
        ['Which hosts', `${tick}${enter}`],
        ['Take the servers that Portico has then out of Cursor?', enter],
      ],
    );
    expect(code).toBe(0);
    const { issues, servers: loaded } = await loadText(await readFile(file(), 'utf8'));
    expect([issues, [...loaded.keys()]]).toEqual([[], ['crm']]);
    expect(await readFile(file(), 'utf8')).toContain('// The servers behind Portico');
    // The first of the two hosts is ticked, and keeps what it has.
    expect(Object.keys(await servers(cursor))).toEqual(['notes', 'crm', 'portico']);
    expect(await servers(cursor)).toMatchObject({
      portico: { args: ['/opt/portico/dist/main.js', 'serve', '--config', file()] },
    });
    expect(JSON.parse(await readFile(gemini, 'utf8'))).toEqual({ theme: 'dark' });
    expect(stderr).toContain('crm (Cursor)');
    expect(`${stderr}${stdout}`).not.toContain('hidden');
    expect(stdout).toContain('portico install gemini-cli');
    expect(stdout).toContain('portico import-config cursor --replace');
  });

  it('puts its entry in the place of what it took over, where that is wanted, and says how to undo it', async () => {
    const { cursor } = await hosts();
    const { code, stdout } = await init(
      [],
      [
        ['Which servers', enter],
        ['Which hosts', tick + enter],
        ['Take the servers', 'y'],
      ],
    );
    expect(code).toBe(0);
    expect(Object.keys(await servers(cursor))).toEqual(['portico']);
    expect([...(await loadText(await readFile(file(), 'utf8'))).servers.keys()]).toEqual(['notes', 'crm']);
    expect(stdout).toContain('portico import-config cursor --undo');
  });

  it.each([
    ['the first question', [['Which servers', interrupt]]],
    [
      'the last question',
      [
        ['Which servers', enter],
        ['Which hosts', interrupt],
      ],
    ],
  ] as const)('given up at %s has changed nothing', async (_, answers) => {
    const { cursor } = await hosts();
    const before = await readFile(cursor, 'utf8');
    const { code } = await init([], answers);
    expect(code).toBe(4);
    await expect(stat(file())).rejects.toThrow('ENOENT');
    expect(await readFile(cursor, 'utf8')).toBe(before);
  });

  it('asks nothing where there is nothing to choose', async () => {
    const { code, stdout } = await init([], []);
    expect(code).toBe(0);
    expect(await readFile(file(), 'utf8')).toBe(startingFile);
    expect(stdout).toContain('portico install HOST');
  });
});

it.each([
  ['for a human', startingFile],
  ['for servers to be added to', emptyFile],
])('the file %s is one without servers, errors and warnings', async (_, text) => {
  const { issues, servers: loaded } = await loadText(text, {});
  expect([issues, loaded.size]).toEqual([[], 0]);
});

it('each example of the file becomes a server when its comment marks are taken away', async () => {
  const { issues, servers: loaded } = await loadText(startingFile.replaceAll('// "', '"'), {
    HOME: '/h',
    GITHUB_PAT: 'x',
  });
  expect([issues, [...loaded.keys()]]).toEqual([[], ['files', 'notion', 'github']]);
});
