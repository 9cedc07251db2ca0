// Owns the tests of reading JSON files as people write them.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseJsonDocument, readJsonDocument } from '../../src/config/json-document.ts';
import { temporaryDirectory, writeConfig } from './write-config.ts';

async function failure(path: string): Promise<ConfigError> {
  const error: unknown = await readJsonDocument(path).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error('no ConfigError');
  expect(error.code).toBe('CONFIG_INVALID');
  return error;
}

describe('a file is read', () => {
  test.each<[string, string | Buffer]>([
    ['with comments', '// a\n{ /* b */ "a": 1 } // c'],
    ['with trailing commas', '{ "a": 1, }'],
    ['with a BOM', '\uFEFF{ "a": 1 }'],
    ['with Windows line ends', '{\r\n"a": 1\r\n}\r\n'],
    ['as UTF-16, as PowerShell writes it', Buffer.from('\uFEFF{ "a": 1 }', 'utf16le')],
  ])('%s', async (_, content) => {
    expect((await readJsonDocument(await writeConfig(content))).value).toEqual({ a: 1 });
  });
});

describe('a file that cannot be read says where and why', () => {
  test.each<[string, string | Buffer, number, number, RegExp]>([
    ['half written', '{\n  "a": {\n    "b": 1', 3, 11, /close brace expected/],
    ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', 3, 3, /comma expected/],
    ['no value', '{ "a": }', 1, 8, /value expected/],
    ['single quotes', "{ 'a': 1 }", 1, 3, /invalid symbol/],
    ['a missing comma after a BOM', '\uFEFF{ "a": 1 "b": 2 }', 1, 10, /comma expected/],
    ['two documents', '{} {}', 1, 4, /end of file expected/],
    ['an open comment', '{ "a": 1 } /* x', 1, 12, /comment/],
    ['empty', '', 1, 1, /is empty/],
    ['blank', ' \n\t', 1, 1, /is empty/],
    ['no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 1, 1, /not UTF-8/],
    ['absurd nesting', '['.repeat(200_000), 1, 1, /nested too deeply/],
  ])('%s', async (_, content, line, column, message) => {
    const path = await writeConfig(content);
    const error = await failure(path);
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`${path}:${line}:${column}: `)).toBe(true);
    expect(error.issues[0]).toMatchObject({ file: path, line, column, pointer: '', severity: 'error' });
  });

  test('a file that does not exist', async () => {
    const path = join(await temporaryDirectory(), 'none.json');
    const error = await failure(path);
    expect(error.message).toBe(`${path}:1:1: the file does not exist`);
    expect(error.hint).toBeDefined();
  });

  test('a directory', async () => {
    const path = join(await temporaryDirectory(), 'x.json');
    await mkdir(path);
    expect((await failure(path)).message).toMatch(/is a directory/);
  });

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a file of somebody else', async () => {
    const path = await writeConfig('{}');
    await chmod(path, 0o000);
    expect((await failure(path)).message).toMatch(/may not be read/);
  });
});

describe('the place of a value', () => {
  const document = parseJsonDocument('f.json', '{\n  "a/b": {\n    "c~d": [1,\n      2]\n  }\n}');

  test.each<[(string | number)[], 'value' | 'key', number, number, string]>([
    [[], 'value', 1, 1, ''],
    [['a/b'], 'value', 2, 10, '/a~1b'],
    [['a/b'], 'key', 2, 3, '/a~1b'],
    [['a/b', 'c~d', 1], 'value', 4, 7, '/a~1b/c~0d/1'],
    [['a/b', 'missing'], 'value', 2, 10, '/a~1b'],
    [['a/b', 'missing'], 'key', 2, 10, '/a~1b'],
  ])('%j (%s) is at %i:%i', (path, what, line, column, pointer) => {
    expect(document.place(path, what)).toEqual({ line, column, pointer });
  });
});

test('a name that stands twice is found', () => {
  const document = parseJsonDocument('f.json', '{"a": {"b": 1, "b": 2}, "c": [{"d": 1, "d": 1}], "a": 3}');
  expect(document.duplicates).toEqual([['a', 'b'], ['c', 0, 'd'], ['a']]);
});

test('a member named __proto__ is a member', () => {
  const { value } = parseJsonDocument('f.json', '{"__proto__": {"x": 1}}');
  expect(Object.keys(value as object)).toEqual(['__proto__']);
});
