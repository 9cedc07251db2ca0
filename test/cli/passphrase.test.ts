// Where the passphrase of an export comes from, and that it is shown nowhere.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readPassphrase } from '../../src/cli/passphrase.ts';

const passphrase = 'canary correct horse';

/** A terminal at which the given keys are pressed. */
function terminal(...keys: readonly (string | Buffer)[]) {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  const modes: boolean[] = [];
  for (const key of keys) stdin.write(key);
  const setRawMode = (raw: boolean): void => void modes.push(raw);
  const context = { cwd: '/', env: {}, stdin: Object.assign(stdin, { isTTY: true, setRawMode }), stderr };
  return { context, modes, shown: () => String(stderr.read() ?? '') };
}

const choose = { file: undefined, isNew: true, mayAsk: true };
const open = { ...choose, isNew: false };

describe('a passphrase that is asked for', () => {
  const rows: readonly [string, readonly (string | Buffer)[]][] = [
    ['Enter', [`${passphrase}\r`]],
    ['the line break of a paste', [`${passphrase}\r\n`]],
    ['one key at a time', [...passphrase, '\n']],
    ['what was typed wrong and taken back', [`${passphrase}xy\u007f\b\r`]],
    ['a line that was begun anew', [`other\u0015${passphrase}\r`]],
    ['arrows and other keys', [`\u001b[D\u001b[1;5C\u001bOA${passphrase}\u001b[3~\t\r`]],
  ];

  it.each(rows)('C24: is read with %s', async (_, keys) => {
    const { context, modes, shown } = terminal(...keys);
    expect((await readPassphrase(context, open)).reveal()).toBe(passphrase);
    expect(modes).toEqual([true, false]);
    expect(shown()).toBe('Passphrase: \n');
  });

  it('may have letters that come in halves', async () => {
    const bytes = Buffer.from('caf\u00e9 caf\u00e9 caf\u00e9\r');
    const { context } = terminal(...[...bytes].map((byte) => Buffer.from([byte])));
    expect((await readPassphrase(context, open)).reveal()).toBe('caf\u00e9 caf\u00e9 caf\u00e9');
  });

  it('is asked for twice where it is new, also when both were pasted at once', async () => {
    const { context, shown } = terminal(`${passphrase}\r${passphrase}\r`);
    expect((await readPassphrase(context, choose)).reveal()).toBe(passphrase);
    expect(shown()).toBe('Passphrase (12 characters or more): \nOnce more: \n');
  });

  it.each([
    ['Ctrl-C', 'half\u0003', 'CANCELLED'],
    ['Ctrl-D', '\u0004', 'CANCELLED'],
    ['three that are too short', 'a\rb\rc\r', 'INVALID_ARGUMENTS'],
    ['three that differ', `${passphrase}\rx\r`.repeat(3), 'INVALID_ARGUMENTS'],
  ])('%s is none, and the terminal is as it was', async (_, keys, code) => {
    const { context, modes, shown } = terminal(keys);
    await expect(readPassphrase(context, choose)).rejects.toMatchObject({ code });
    expect(modes).toEqual([true, false]);
    expect(shown()).not.toContain('canary');
  });

  it('is none where the terminal goes away', async () => {
    const { context } = terminal('half');
    context.stdin.end();
    await expect(readPassphrase(context, choose)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a passphrase that is given', () => {
  const withEnv = (value: string) => ({ ...terminal().context, env: { GATEWAY_EXPORT_PASSPHRASE: value } });

  it('comes from the variable, without the space around it', async () => {
    expect((await readPassphrase(withEnv(` ${passphrase}\n`), choose)).reveal()).toBe(passphrase);
  });

  it.each([
    ['', true, /GATEWAY_EXPORT_PASSPHRASE is empty/],
    ['', false, /GATEWAY_EXPORT_PASSPHRASE is empty/],
    ['canary', true, /GATEWAY_EXPORT_PASSPHRASE is shorter than 12/],
  ])('%j is refused (new: %s), and not quoted', async (value, isNew, says) => {
    const failure = readPassphrase(withEnv(value), { ...choose, isNew });
    await expect(failure).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS', message: expect.stringMatching(says) });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
  });

  it('is not asked for where stdin brings the file, or is no terminal', async () => {
    const { context } = terminal(`${passphrase}\r`);
    const piped = { ...context, stdin: new PassThrough() };
    for (const failing of [readPassphrase(context, { ...open, mayAsk: false }), readPassphrase(piped, open)]) {
      await expect(failing).rejects.toMatchObject({ hint: expect.stringContaining('--passphrase-file') });
    }
  });
});
