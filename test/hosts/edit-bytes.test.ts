// What an edit leaves alone: every byte around it, in every way that hosts and humans write these files.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { parseJsonDocument } from '../../src/config/json-document.ts';
import type { HostDeps, HostTarget } from '../../src/hosts/find-hosts.ts';
import { type HostId, hostIds } from '../../src/hosts/host-places.ts';
import { hostTable, type StartCommand, serverTextOf } from '../../src/hosts/host-table.ts';
import { installInto, uninstallFrom } from '../../src/hosts/install.ts';

// Every write is synced to the disk; in memory that takes no time.
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const directory = mkdtempSync(join(inMemory, 'portico-hosts-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const deps: HostDeps = {
  platform: 'linux',
  env: {},
  home: directory,
  dataDir: join(directory, 'data'),
  mainFile: '/opt/portico/dist/main.js',
};
const start: StartCommand = {
  command: '/usr/bin/node',
  args: [deps.mainFile, 'serve', '--config', '/home/me/a "b"/mcp.json'],
  env: {},
  slowStart: false,
};

const json = (key: string): string =>
  JSON.stringify({ theme: 'dark', [key]: { a: { command: 'x', args: ['1', '2'] } }, last: [1, { b: null }] }, null, 2);

const jsonShapes: Readonly<Record<string, (key: string) => string>> = {
  'two spaces': (key) => `${json(key)}\n`,
  'no final newline': json,
  'four spaces': (key) => `${JSON.stringify(JSON.parse(json(key)), null, 4)}\n`,
  tabs: (key) => `${JSON.stringify(JSON.parse(json(key)), null, '\t')}\n`,
  CRLF: (key) => `${json(key)}\n`.replaceAll('\n', '\r\n'),
  'a byte order mark': (key) => `\uFEFF${json(key)}\n`,
  'a byte order mark, CRLF and tabs': (key) =>
    `\uFEFF${JSON.stringify(JSON.parse(json(key)), null, '\t')}\n`.replaceAll('\n', '\r\n'),
  minified: (key) => JSON.stringify(JSON.parse(json(key))),
  'minified, no servers': (key) => `{"a":1,"${key}":{}}`,
  'one line with spaces': (key) => `{ "a": 1, "${key}": { "b": { "command": "x" } } }\n`,
  'an empty object': () => '{}',
  'an empty object with space in it': () => '{ }\n',
  'an empty object on two lines': () => '{\n}\n',
  'an empty file': () => '',
  'a blank file': () => ' \r\n\r\n',
  'a byte order mark alone': () => '\uFEFF',
  'unknown keys and no servers': () => '{\n  "zoom": 1.50,\n  "x": 1e3,\n  "é": "\\u00e9"\n}\n',
  'empty servers': (key) => `{\n  "${key}": {}\n}\n`,
  'servers on two lines': (key) => `{\n  "${key}": {\n  }\n}\n`,
  'empty servers with a comment': (key) => `{\n  "${key}": {\n    // none yet\n  }\n}\n`,
  comments: (key) =>
    `// top\n{\n  /* a */ "a": 1, // one\n  "${key}": { // servers\n    "b": { "command": "x" } // last\n    // end\n  } /* z */\n}\n// bottom\n`,
  'trailing commas': (key) => `{\n  "${key}": {\n    "b": { "command": "x", }, // last\n  },\n}\n`,
  'trailing commas on one line': (key) => `{"${key}":{"b":{"command":"x",},},}`,
  'a comma before each member': (key) => `{ "a": 1\n, "${key}":\n  { "b": {}\n  , "c": {}\n  }\n}\n`,
};

const toml = '# mine\nmodel = "gpt"  # why\n\n[mcp_servers.a]\ncommand = "x"\nargs = [\n  "1", # one\n  "]",\n]\n';

const tomlShapes: Readonly<Record<string, () => string>> = {
  'plain, with comments': () => toml,
  'no final newline': () => toml.trimEnd(),
  CRLF: () => toml.replaceAll('\n', '\r\n'),
  'a byte order mark': () => `\uFEFF${toml}`,
  tabs: () => '[a]\n\tb = 1\n\n\t[a.c]\n\td = 2\n',
  'an empty file': () => '',
  'a blank file': () => '\n\n',
  'a comment alone': () => '# nothing here',
  'unknown keys': () => 'x = 1979-05-27T07:32:00Z\ny = 0xff\nz = 1e3\n[[list]]\nb = 1\n[[list]]\nb = 2\n',
  'a table of servers': () => '[mcp_servers]\n[mcp_servers.a]\ncommand = "x"\n',
  'headers in strings': () => 'a = """\n[mcp_servers.portico]\n"""\nb = \'\'\'\n[x]\'\'\'\n',
  'quoted keys': () => '["mcp_servers"."a.b"]\ncommand = "x"\n[\'mcp_servers\'."c"]\ncommand = "y"\n',
};

const rows = hostIds.flatMap((host) => {
  const { format, key } = hostTable[host];
  const shapes = format === 'toml' ? tomlShapes : jsonShapes;
  return Object.entries(shapes).map(([shape, text]) => ({ host, shape, text: text(key) }));
});

let files = 0;

function targetWith(host: HostId, text: string): HostTarget {
  const file = join(directory, `${++files}`);
  writeFileSync(file, text);
  return { id: host, title: 'Host', file };
}

const textOf = ({ file }: HostTarget): string => readFileSync(file, 'utf8');
const parsed = (host: HostId, text: string): Record<string, unknown> => {
  const bare = text.replace(/^\uFEFF/, '');
  if (hostTable[host].format === 'toml') return parseToml(bare);
  return bare.trim() === '' ? {} : (parseJsonDocument('f', bare).value as Record<string, unknown>);
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Whether `text` is `longer` with some stretches taken out, and nothing else. */
function isWithin(text: string, longer: string): boolean {
  let at = 0;
  for (const character of longer) if (character === text[at]) at++;
  return at === text.length;
}

async function roundTrip(host: HostId, text: string): Promise<void> {
  const target = targetWith(host, text);
  const wishes = { name: 'portico', start, force: false, dryRun: false };
  expect(await installInto(target, wishes, deps)).toMatchObject({ kind: 'installed' });
  const installed = textOf(target);
  expect(readFileSync(`${target.file}.portico-backup`, 'utf8')).toBe(text);
  const { key, entryOf } = hostTable[host];
  const before = parsed(host, text);
  const servers = { ...(before[key] as object | undefined), portico: entryOf(start) };
  expect(plain(parsed(host, installed))).toEqual(plain({ ...before, [key]: servers }));
  expect(await installInto(target, wishes, deps)).toEqual({ kind: 'unchanged', target });
  expect(textOf(target)).toBe(installed);
  expect(await uninstallFrom(target, { name: 'portico', force: false, dryRun: false }, deps)).toMatchObject({
    exact: true,
  });
  expect(textOf(target)).toBe(text);
}

it.each(hostIds)('%s: every file comes back to the byte when the entry is put in and taken out', async (host) => {
  const own = rows.filter((row) => row.host === host);
  expect(own.length).toBeGreaterThan(10);
  await Promise.all(own.map(({ text }) => roundTrip(host, text)));
});

/** One for each shape of a file; the others differ in the name of a key. */
const shapes = rows.filter(({ host }) => host === 'cursor' || host === 'codex');

describe.each(shapes)('$host, $shape', ({ host, text }) => {
  it('keeps every byte that was there, and one kind of line end', async () => {
    const target = targetWith(host, text);
    await installInto(target, { name: 'portico', start, force: false, dryRun: false }, deps);
    const after = textOf(target);
    const blankInside = /\{[ \t]+\}/.test(text);
    expect(isWithin(blankInside ? text.replace(/\{[ \t]+\}/, '{}') : text, after)).toBe(true);
    if (text.includes('\r\n')) expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    else expect(after).not.toContain('\r');
    if (text.includes('\n\t')) expect(after).not.toMatch(/^ +/m);
    if (text !== '' && !text.includes('\n') && text.startsWith('{"')) expect(after).not.toContain('\n');
  });

  it('loses nothing but the entry where somebody else has edited the file since', async () => {
    const target = targetWith(host, text);
    await installInto(target, { name: 'portico', start, force: false, dryRun: false }, deps);
    const edited = `${textOf(target)}${hostTable[host].format === 'toml' ? '# later\n' : '\n// later\n'}`;
    writeFileSync(target.file, edited);
    const outcome = await uninstallFrom(target, { name: 'portico', force: false, dryRun: false }, deps);
    expect(outcome).toMatchObject({ kind: 'removed', exact: false });
    expect(textOf(target)).toContain('later');
    const { key } = hostTable[host];
    const had = parsed(host, text);
    const has = parsed(host, textOf(target));
    expect(plain({ [key]: {}, ...has })).toEqual(plain({ [key]: {}, ...had }));
    expect(isWithin(textOf(target), edited)).toBe(true);
  });
});

const spaces = fc.constantFrom('', ' ', '  ', '\n', '\r\n', '\t', '\n  ', ' // note\n', ' /* x, } */ ');
const name = fc.oneof(fc.constantFrom('a', 'b c', 'x.y', '"q"', '\\', 'é'), fc.string({ maxLength: 5 }));

/** JSON text of an object with random spaces, comments and trailing commas. */
function jsonText(value: unknown, next: () => string, comma: () => boolean): string {
  if (Array.isArray(value))
    return `[${value.map((member) => `${next()}${jsonText(member, next, comma)}${next()}`).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${next()}${JSON.stringify(key)}${next()}:${next()}${jsonText(member, next, comma)}${next()}`,
  );
  return `{${members.join(',')}${members.length > 0 && comma() ? ',' : ''}${next()}}`;
}

describe('whatever the file holds', () => {
  it('a JSON edit changes one entry and keeps the rest of the text', () => {
    const entry = fc.record({
      command: fc.string({ maxLength: 8 }),
      args: fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
    });
    const root = fc.record(
      { a: fc.jsonValue({ maxDepth: 2 }), mcpServers: fc.dictionary(name, entry, { maxKeys: 4 }), z: fc.boolean() },
      { requiredKeys: [] },
    );
    const format = serverTextOf('cursor', 'f');
    fc.assert(
      fc.property(root, fc.infiniteStream(spaces), fc.infiniteStream(fc.boolean()), (value, gaps, commas) => {
        const text = jsonText(
          value,
          () => gaps.next().value,
          () => commas.next().value,
        );
        const servers = format.read(text);
        fc.pre(servers['portico'] === undefined);
        const added = format.add(text, 'portico', { command: 'n', args: ['a'] });
        expect(isWithin(text.replaceAll(/\{[ \t]+\}/g, '{}'), added.replaceAll(/\{[ \t]+\}/g, '{}'))).toBe(true);
        expect(plain(format.parse(added))).toEqual(
          plain({ ...value, mcpServers: { ...value.mcpServers, portico: { command: 'n', args: ['a'] } } }),
        );
        for (const server of Object.keys(format.read(added))) {
          const taken = format.remove(added, server);
          expect(taken && isWithin(taken.text, added)).toBe(true);
          const rest: Record<string, unknown> = { ...format.read(added) };
          delete rest[server];
          expect(plain(format.read(taken?.text ?? ''))).toEqual(plain(rest));
          const back = format.addBack(taken?.text ?? '', server, taken?.removed ?? '');
          expect(plain(format.parse(back))).toEqual(plain(format.parse(added)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a TOML edit changes one table and keeps the rest of the text', () => {
    const line = fc.constantFrom(
      '# note',
      '',
      'k1 = "[x]"',
      "k2 = '''\n[mcp_servers.portico]\n'''",
      'k3 = [\n  [1], # ]\n  [2],\n]',
      'k4 = { a = 1 }',
      'k5 = """a\\"""b\n[y] """',
    );
    const table = fc.tuple(name, fc.uniqueArray(line), fc.boolean());
    const tables = fc.uniqueArray(table, { selector: ([key]) => key, maxLength: 4 });
    const format = serverTextOf('codex', 'f');
    fc.assert(
      fc.property(
        fc.uniqueArray(line),
        tables,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (head, parts, eol, last) => {
          const blocks = parts.flatMap(([key, lines, nested]) => [
            `[mcp_servers.${JSON.stringify(key).replaceAll('\u007f', '\\u007f')}]`,
            ...lines,
            ...(nested ? [`[mcp_servers.${JSON.stringify(key).replaceAll('\u007f', '\\u007f')}.env]`, 'A = "1"'] : []),
          ]);
          const text = [...head, ...blocks].join(eol) + (last ? eol : '');
          fc.pre(!parts.some(([key]) => key === 'portico'));
          const added = format.add(text, 'portico', { command: 'n', env: { PATH: '/x' } });
          expect(added.startsWith(text)).toBe(true);
          for (const server of Object.keys(format.read(added))) {
            const taken = format.remove(added, server);
            expect(taken && isWithin(taken.text, added)).toBe(true);
            const rest: Record<string, unknown> = { ...format.read(added) };
            delete rest[server];
            expect(plain(format.read(taken?.text ?? ''))).toEqual(plain(rest));
            const back = format.addBack(taken?.text ?? '', server, taken?.removed ?? '');
            expect(plain(format.parse(back))).toEqual(plain(format.parse(added)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
