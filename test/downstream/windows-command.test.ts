// Tests of src/downstream/windows-command.ts: the command lines written down, and read back as Windows reads them.
import fc, { array, constantFrom, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchArgument, launchOf, programNames, unpassableArgument } from '../../src/downstream/windows-command.ts';
import { argvOf, expandAtPrompt, Injection, lineOfCmd, parseCommand, runBatchLine } from './windows-reader.ts';

const env = { SystemRoot: 'C:\\Windows', ComSpec: 'D:\\other\\shell.exe' };
const npx = 'C:\\Program Files\\nodejs\\npx.cmd';
const variables = { PATH: 'C:\\secret', cd: 'C:\\work', cd2: 'x', '~': 'tilde', 'PATH^': 'caret' };
const launch = (file: string, ...args: string[]) => launchOf(file, args, { env, platform: 'win32' });

/** How batch files hand on what they got: all at once as npm's do, one by one, and through a second batch file. */
const shims = [
  ['"C:\\node.exe" "C:\\npx-cli.js" %*'],
  ['"C:\\node.exe" "C:\\npx-cli.js" %1 %2 %3'],
  ['"C:\\second.cmd" %*', '"C:\\node.exe" "C:\\npx-cli.js" %*'],
] as const;

/** The arguments as the program gets them that a batch file starts. */
function throughShim(args: readonly string[], shim: readonly string[], file = npx): string[] {
  const line = expandAtPrompt(lineOfCmd(launch(file, ...args).args), variables);
  const { program, rest } = parseCommand(line);
  expect(program).toBe(`"${file}"`);
  const given = shim.reduce((text, template) => runBatchLine(template, text), rest);
  const [script, ...argv] = argvOf(given);
  expect(script).toBe('C:\\npx-cli.js');
  return argv;
}

/** Whatever is special to one of the readers, more often than by chance. */
const piece = constantFrom(
  '"',
  '\\',
  '%',
  '^',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
  '!',
  ' ',
  '\t',
  ',',
  ';',
  '=',
  '*',
  '~',
  ':',
  "'",
  '`',
  'PATH',
  'cd:~,',
  'a',
  'é',
  '€',
  '😀',
  '/c',
  '-y',
  '@scope/pkg',
  '%%',
  '""',
  '\\"',
  '"&calc"',
);
const argument = array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

describe('E41: the command line of a .cmd file on Windows', () => {
  it.each([
    ['-y', '-y'],
    ['@scope/server@1.2.3', '@scope/server@1.2.3'],
    ['C:\\data', 'C:\\data'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a&b', '"a&b"'],
    ['a|b<c>d(e)', '"a|b<c>d(e)"'],
    ['caret^', '"caret^"'],
    ['bang!', '"bang!"'],
    ['%PATH%', '"%%cd:~,%PATH%%cd:~,%"'],
    ['say "hi"', '"say ""hi"""'],
    ['"&calc', '"""&calc"'],
    ['C:\\data\\', '"C:\\data\\\\"'],
    ['C:\\my data\\', '"C:\\my data\\\\"'],
    ['back\\"quote', '"back\\\\""quote"'],
    ['https://x.example/mcp?a=1&b=2', '"https://x.example/mcp?a=1&b=2"'],
    ['Authorization: Bearer x', '"Authorization: Bearer x"'],
    ['a=b;c,d', '"a=b;c,d"'],
  ])('takes %s as %s', (given, written) => {
    expect(batchArgument(given)).toBe(written);
    for (const shim of shims) expect(throughShim([given], shim)).toEqual([given]);
  });

  it('is given whole to the cmd.exe of the system, whatever COMSPEC names', () => {
    expect(launch(npx, '-y', 'a b')).toEqual({
      file: 'C:\\Windows\\System32\\cmd.exe',
      args: ['/q', '/d', '/e:on', '/v:off', '/s', '/c', '""C:\\Program Files\\nodejs\\npx.cmd" -y "a b""'],
      verbatim: true,
    });
    expect(launchOf(npx, [], { env: {}, platform: 'win32' }).file).toBe('C:\\Windows\\System32\\cmd.exe');
  });

  it('names a file whose path has spaces, percent signs and operators', () => {
    const file = 'C:\\100%PATH% & more (x86)\\run.cmd';
    expect(throughShim(['x'], shims[0], file)).toEqual(['x']);
  });

  it('gives any arguments back unchanged, and never lets one of them become a command', () => {
    fc.assert(
      property(array(argument, { maxLength: 3 }), constantFrom(...shims), (args, shim) => {
        expect(throughShim(args, shim)).toEqual(args);
      }),
      { numRuns: 400 },
    );
  });

  it('gives arguments of any other ASCII characters back unchanged', () => {
    const words = array(
      string({ unit: 'binary-ascii', maxLength: 20 }).filter(
        (text) => unpassableArgument(npx, [text], 'win32') === undefined,
      ),
      { maxLength: 4 },
    );
    fc.assert(
      property(words, (args) => {
        expect(throughShim(args, shims[0])).toEqual(args);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['line\nbreak', 'carriage\rreturn', 'nul\0'])('cannot hold %j, which is known before', (bad) => {
    expect(unpassableArgument(npx, ['good', bad], 'win32')).toBe(2);
    expect(unpassableArgument('C:\\node.exe', [bad], 'win32')).toBeUndefined();
    expect(unpassableArgument('/bin/npx', [bad], 'linux')).toBeUndefined();
  });
});

describe('a program that is no batch file', () => {
  it.each([
    ['C:\\Program Files\\nodejs\\node.exe', 'win32'],
    ['/usr/bin/npx.cmd', 'linux'],
  ] as const)('%s is started as it is on %s', (file, platform) => {
    const args = ['a b', '"&calc', '%PATH%'];
    expect(launchOf(file, args, { env, platform })).toEqual({ file, args, verbatim: false });
  });
});

describe('the names of a program on Windows', () => {
  const pathext = { PathExt: '.COM;.EXE;.BAT;.CMD;.VBS;.JS;.PY' };
  it.each([
    ['npx', pathext, ['npx.COM', 'npx.EXE', 'npx.BAT', 'npx.CMD']],
    ['npx.cmd', pathext, ['npx.cmd']],
    ['node.EXE', pathext, ['node.EXE']],
    ['python3.11', { PATHEXT: '.EXE' }, ['python3.11.EXE']],
    ['server.js', { PATHEXT: '.EXE;.JS' }, ['server.js.EXE']],
    // Windows drops dots and spaces at the end of a name, and would start it as a batch file without these rules.
    ['npx.cmd. .', { PATHEXT: '.EXE' }, ['npx.cmd. ..EXE']],
    ['uvx', {}, ['uvx.COM', 'uvx.EXE', 'uvx.BAT', 'uvx.CMD']],
  ])('%s with %j', (base, surroundings, names) => {
    expect(programNames(base, surroundings)).toEqual(names);
  });
});

describe('the reader of these tests', () => {
  const quote = (text: string): string => `"${text.replaceAll('"', '\\"')}"`;

  it('finds what other ways of quoting let through', () => {
    expect(() => runBatchLine(shims[0][0], ` ${quote('"&calc')}`)).toThrow(Injection);
    expect(expandAtPrompt(`"C:\\npx.cmd" ${quote('%PATH%')}`, variables)).toContain('secret');
    expect(() => parseCommand('npx.cmd a&b')).toThrow(Injection);
    expect(argvOf(' "a\\" b')).toEqual(['a" b']);
  });

  it('takes lone backslashes for what they are', () => {
    fc.assert(
      property(stringMatching(/^[a-z\\]{1,9}$/), (text) => {
        expect(argvOf(` ${text}`)).toEqual([text]);
      }),
      { numRuns: 50 },
    );
  });
});
