// Tests of src/downstream/login-shell.ts: what a shell prints, judged; shells of this machine, and odd ones, asked.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLoginShell, judgeShellOutput, shellArguments } from '../../src/downstream/login-shell.ts';
import { processesOfGroup, recordingLog, until } from './surroundings.ts';

const directory = mkdtempSync(join(tmpdir(), 'login-shell-'));
afterAll(() => rmSync(directory, { recursive: true }));

function program(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode: 0o755 });
  return file;
}

function shellOf(
  SHELL: string,
  env: Record<string, string> = {},
  guard?: Parameters<typeof createLoginShell>[0]['guard'],
) {
  const { log } = recordingLog();
  const surroundings = { PATH: '/usr/bin:/bin', HOME: directory, SHELL, SECRET: 'hidden', ...env };
  return createLoginShell({ env: surroundings, platform: 'linux', log, guard }, { ask: true });
}

describe('E40: what a login shell prints', () => {
  it.each([
    ['the PATH between two markers', 'M\n/a:/b\nM\n', ['/a', '/b']],
    ['noise before and after it', 'Welcome!\nM\n/a:/b\nM\nlogout\n', ['/a', '/b']],
    ['noise that does not end its line', '\u001b]0;title\u0007M\n/a\nM\n', ['/a']],
    ['carriage returns', 'M\r\n/a:/b\r\nM\r\n', ['/a', '/b']],
    ['relative and empty directories, and one twice', 'M\n.:/a::/a:bin:/b\nM\n', ['/a', '/b']],
    ['a marker that was echoed before', 'echo M; printenv PATH; echo M\nM\n/a\nM', ['/a']],
    ['nothing yet', '', undefined],
    ['half of it', 'M\n/a:/b\n', undefined],
    ['no PATH', 'M\nM\n', undefined],
    ['an empty PATH', 'M\n\nM\n', undefined],
    ['another marker', 'N\n/a\nN\n', undefined],
  ])('%s', (_, output, directories) => {
    expect(judgeShellOutput(output, 'M')).toEqual(directories);
  });

  it.each([
    ['/bin/zsh', ['-l', '-i', '-c', 'echo M; printenv PATH; echo M']],
    ['/usr/local/bin/fish', ['-l', '-i', '-c', 'echo M; printenv PATH; echo M']],
    ['/bin/tcsh', ['-c', 'echo M; printenv PATH; echo M']],
  ])('is asked for with words that every shell takes: %s', (shell, args) => {
    expect(shellArguments(shell, 'M')).toEqual(args);
  });
});

describe('E40: asking the login shell', () => {
  const shells = ['/bin/bash', '/bin/zsh', '/usr/bin/fish', '/bin/dash', '/bin/sh'].filter((shell) =>
    existsSync(shell),
  );

  it.each(shells)('%s tells the PATH that its own files set', async (shell) => {
    const line = 'export PATH="/from/rc:$PATH"\n';
    for (const name of ['.bash_profile', '.zprofile', '.profile']) program(name, `echo loading\n${line}`);
    mkdirSync(join(directory, '.config', 'fish'), { recursive: true });
    program('.config/fish/config.fish', 'set -gx PATH /from/rc $PATH\n');
    expect(await shellOf(shell).ask()).toMatchObject({
      kind: 'told',
      directories: expect.arrayContaining(['/from/rc']),
    });
  });

  it('happens once, without a terminal or input, and without what other servers may know', async () => {
    const text = `#!/bin/sh
echo asked >> '${directory}/asked'
env > '${directory}/seen'
[ -t 0 ] || read -r answer || echo "no input"
(: < /dev/tty) 2>/dev/null && exit 1
eval "$4"
`;
    const shell = shellOf(program('once', text));
    const [first, second] = await Promise.all([shell.ask(), shell.ask()]);
    expect(first).toEqual({ kind: 'told', shell: join(directory, 'once'), directories: ['/usr/bin', '/bin'] });
    expect(second).toBe(first);
    expect(await shell.ask()).toBe(first);
    expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('asked\n');
    expect(readFileSync(join(directory, 'seen'), 'utf8')).not.toContain('hidden');
  });

  it.each([
    ['exits without a word', '#!/bin/sh\nexit 3\n', /exited with code 3/],
    ['prints without end', '#!/bin/sh\nexec yes\n', /without end/],
    ['is killed', '#!/bin/sh\nkill -9 $$\n', /ended by SIGKILL/],
  ])('gives a reason where it %s', async (name, text, reason) => {
    const answer = await shellOf(program(name.replaceAll(' ', '-'), text)).ask();
    expect(answer).toMatchObject({ kind: 'silent', reason: expect.stringMatching(reason) });
  });

  it('gives a reason where there is no such shell', async () => {
    expect(await shellOf('/nowhere/zsh').ask()).toMatchObject({ kind: 'silent', shell: '/nowhere/zsh' });
  });

  it('ends all that it started: with the answer, and with the gateway', async () => {
    const watched: number[] = [];
    const forgotten: number[] = [];
    const guard = {
      watch: (pid: number) => watched.push(pid),
      forget: (pid: number) => forgotten.push(pid),
      close: () => [],
    };
    const told = shellOf(program('leaves', '#!/bin/sh\nsleep 600 &\neval "$4"\n'), {}, guard);
    expect(await told.ask()).toMatchObject({ kind: 'told' });
    const hanging = shellOf(program('hangs', '#!/bin/sh\nsleep 600 & sleep 600\n'), {}, guard);
    const answer = hanging.ask();
    await until(() => watched.length === 2);
    hanging.close();
    expect(await answer).toMatchObject({ kind: 'silent', reason: 'the gateway ends' });
    expect(forgotten).toEqual(watched);
    await until(() => watched.every((pid) => processesOfGroup(pid).length === 0));
  });

  it.each([
    ['it is switched off', 'linux', { ask: false }],
    ['there is none, on Windows', 'win32', { ask: true }],
  ] as const)('is left out where %s', async (_, platform, settings) => {
    const env = { SHELL: program('never', `#!/bin/sh\ntouch '${directory}/never-asked'\n`) };
    const shell = createLoginShell({ env, platform, log: recordingLog().log }, settings);
    expect(await shell.ask()).toEqual({ kind: 'not asked' });
    expect(existsSync(join(directory, 'never-asked'))).toBe(false);
  });
});
