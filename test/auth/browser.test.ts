import type { SpawnOptions } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, openBrowser, requireOpenableUrl } from '../../src/auth/browser.ts';

let directory: string;
let program: string;
let seen: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-browser-'));
  seen = join(directory, 'seen.json');
  program = join(directory, 'browser.mjs');
  const source = `#!${process.execPath}
import { writeFileSync } from 'node:fs';
writeFileSync(process.env.SEEN, JSON.stringify(process.argv.slice(2)));
process.exitCode = Number(process.env.EXIT ?? 0);
`;
  await writeFile(program, source);
  await chmod(program, 0o755);
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const open = (url: string, env: Record<string, string>, platform: NodeJS.Platform = 'linux') =>
  openBrowser(url, { env: { SEEN: seen, ...env }, platform });
const seenArguments = async (): Promise<unknown> => JSON.parse(await readFile(seen, 'utf8'));

describe('which URLs are opened', () => {
  test.each([
    'https://as.example/authorize?state=a&scope=x%20y',
    'http://127.0.0.1:4000/authorize?x=1',
    'http://localhost/authorize',
    'http://[::1]:9/authorize',
    'https://as.example/authorize?$(id)&;*!',
  ])('%s is openable, and stays the same string', (url) => {
    expect(requireOpenableUrl(url)).toBe(url);
  });

  test.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'ms-settings:',
    '-a Calculator',
    '/etc/passwd',
    '',
    'http://as.example/authorize',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'https://user:secret@as.example/',
    'https://as.example/"&calc&"',
    'https://as.example/`id`',
    'https://as.example/a b',
    'https://as.example/\nhttps://other.example/',
    'https://as.example/\u0000',
    'https://as.example/a|b',
    'https://as.example/%PATH%^',
    '\\\\host\\share',
  ])('%j is refused and starts no program', async (url) => {
    let started = 0;
    const spawn = (): never => {
      started += 1;
      throw new Error('must not be started');
    };
    const opening = openBrowser(url, { env: { GATEWAY_BROWSER: 'anything' }, platform: 'linux', spawn });
    await expect(opening).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    expect(started).toBe(0);
  });
});

test('H55: whatever is in a URL, it is refused, or handed over as one argument and to no shell', async () => {
  const nasty = fc.constantFrom(
    '&',
    '%',
    '"',
    "'",
    '`',
    '\n',
    '\r',
    '\0',
    ' ',
    '$(',
    '|',
    ';',
    '^',
    '\\',
    '<',
    '-',
    'a',
    '%0a',
    'é',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { maxLength: 12 }), async (parts) => {
      const url = `https://as.example/authorize?x=${parts.join('')}`;
      const calls: { args: readonly string[]; shell: unknown }[] = [];
      const spawn = (_command: string, args: readonly string[], { shell }: SpawnOptions): never => {
        calls.push({ args, shell });
        throw new Error('enough seen');
      };
      const opening = openBrowser(url, { env: { GATEWAY_BROWSER: 'x --new' }, platform: 'win32', spawn });
      if (/[^!#-;=?-Z_a-z~[\]]/.test(url)) await expect(opening).rejects.toMatchObject({ code: 'AUTH_FAILED' });
      else await opening;
      for (const call of calls) expect(call).toEqual({ args: ['--new', url], shell: false });
    }),
  );
});

describe('which program opens them', () => {
  test('GATEWAY_BROWSER gets the URL as its last argument, in one piece', async () => {
    const url = "https://as.example/authorize?a=%22&b=$(touch%20x)&c=%PATH%&d='e'";
    expect(await open(url, { GATEWAY_BROWSER: `${program}  --new-window`, BROWSER: '/no/such/program' })).toEqual({
      opened: true,
    });
    expect(await seenArguments()).toEqual(['--new-window', url]);
  });

  test('H55: no shell reads the URL', async () => {
    const options: unknown[] = [];
    const spawn = (_command: string, _args: readonly string[], given: object): never => {
      options.push(given);
      throw new Error('enough seen');
    };
    await openBrowser('https://as.example/', { env: { GATEWAY_BROWSER: 'x' }, platform: 'win32', spawn });
    expect(options).toMatchObject([{ shell: false }]);
  });

  test('C26: BROWSER may list several commands, with %s where the URL goes', async () => {
    const url = 'https://as.example/?x=1';
    expect(await open(url, { BROWSER: `/no/such/program:${program} --url=%s --last` })).toEqual({ opened: true });
    expect(await seenArguments()).toEqual([`--url=${url}`, '--last']);
  });

  test.each([
    ['a program that is missing', { GATEWAY_BROWSER: '/no/such/program' }, /ENOENT/],
    ['none', { GATEWAY_BROWSER: 'none', BROWSER: 'firefox', DISPLAY: ':0' }, /none/],
    ['no display', {}, /no browser here: no display/],
  ])('%s opens nothing and is no error', async (_name, env, reason) => {
    const outcome = await open('https://as.example/', env);
    expect(outcome.opened).toBe(false);
    expect(outcome.reason).toMatch(reason);
  });

  test('C26: a program that ends with an error opened nothing, and says so', async () => {
    const outcome = await open('https://as.example/', { GATEWAY_BROWSER: program, EXIT: '3' });
    expect(outcome).toEqual({ opened: false, reason: `'${program}' ended with 3` });
  });

  test('a program that goes on running is a browser', async () => {
    const running = `${process.execPath} -e setTimeout(()=>{},2500)`;
    expect(await open('https://as.example/', { GATEWAY_BROWSER: running })).toEqual({ opened: true });
  });
});

test.each<[Record<string, string>, NodeJS.Platform, boolean]>([
  [{}, 'darwin', true],
  [{}, 'win32', true],
  [{ SSH_CONNECTION: '1.2.3.4 1 5.6.7.8 22' }, 'darwin', false],
  [{}, 'linux', false],
  [{ DISPLAY: ':0' }, 'linux', true],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true],
  [{ WSL_DISTRO_NAME: 'Debian', WSL_INTEROP: '/run/WSL/8_interop' }, 'linux', true],
  // The way to Windows is switched off (wsl.conf), and there is no display of its own either.
  [{ WSL_DISTRO_NAME: 'Debian' }, 'linux', false],
  [{ WSL_DISTRO_NAME: 'Debian', WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true],
  [{ WSL_DISTRO_NAME: 'Debian', WSL_INTEROP: 'x', SSH_CONNECTION: 'x' }, 'linux', false],
  // A systemd service: no session, no display.
  [{ INVOCATION_ID: 'x', JOURNAL_STREAM: '8:1' }, 'linux', false],
  // `open` on a Mac opens a window there, also for somebody who came by SSH with X forwarding.
  [{ SSH_CONNECTION: 'x', DISPLAY: 'localhost:10.0' }, 'darwin', false],
  [{ SSH_CLIENT: 'x' }, 'win32', false],
  // What an editor that is connected from elsewhere hands down.
  [{ SSH_CONNECTION: 'x', BROWSER: '/vscode/browser.sh' }, 'linux', true],
  [{ BROWSER: 'none', DISPLAY: ':0' }, 'linux', false],
  [{ SSH_CONNECTION: 'x', DISPLAY: 'localhost:10.0' }, 'linux', true],
  [{ SSH_CONNECTION: 'x' }, 'linux', false],
  [{ GATEWAY_BROWSER: 'firefox' }, 'linux', true],
  [{ BROWSER: 'firefox' }, 'linux', true],
  [{ GATEWAY_BROWSER: 'none', DISPLAY: ':0' }, 'darwin', false],
])('C23: with %j on %s, a browser is there: %s', (env, platform, expected) => {
  expect(hasBrowser(env, platform)).toBe(expected);
});
