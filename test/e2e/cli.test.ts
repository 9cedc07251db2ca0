// The command line: what each command prints for people and for programs, and how it ends.
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { RunningCommand } from '../helpers/command-run.ts';
import { freePort } from '../helpers/http-servers.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const echo = { ...fixtureServer('echo'), description: 'Echoes. And more.' };

describe('help', () => {
  test('is the one that was agreed on', async () => {
    const home = stage.home();
    const texts: string[] = [];
    for (const command of [
      '',
      'serve',
      'login',
      'logout',
      'status',
      'tools',
      'call',
      'check',
      'doctor',
      'trust',
      'export',
      'import',
      'install',
      'import-config',
      'client-metadata',
      'init',
    ]) {
      const words = [command, '--help'].filter(Boolean);
      const { code, stdout, stderr } = await stage.run(home, words);
      expect([code, stderr]).toEqual([0, '']);
      texts.push(`$ portico ${words.join(' ')}\n${stdout}`);
    }
    await expect(texts.join('\n')).toMatchFileSnapshot('./contracts/help.txt');
  });

  test('the version is printed alone', async () => {
    expect(await stage.run(stage.home(), ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
    });
  });
});

describe('wrong usage ends with 2 and one line that says what is wrong', () => {
  test.each([
    { words: ['bogus'], says: /unknown command 'bogus'/ },
    { words: ['stauts'], says: /unknown command 'stauts'[\s\S]*status/ },
    { words: ['status', '--bogus'], says: /unknown option '--bogus'/ },
    { words: ['call', 'echo'], says: /missing required argument 'tool'/ },
    { words: ['login'], says: /no server named/ },
    { words: ['login', 'ehco'], says: /no server is called 'ehco'[\s\S]*echo/ },
    { words: ['login', 'echo'], says: /has no logins/ },
    { words: ['logout'], says: /no server named/ },
    { words: ['tools', 'ehco'], says: /no server is called 'ehco'[\s\S]*echo/ },
    { words: ['call', 'echo', 'ehco'], says: /no tool 'ehco'[\s\S]*echo/ },
    { words: ['call', 'echo', 'echo', '{}', '--timeout', 'soon'], says: /--timeout is "soon"/ },
    { words: ['status', '--config', 'nowhere.json'], says: /nowhere\.json/ },
  ])('portico $words', async ({ words, says }) => {
    const home = stage.home({ servers: { echo } });
    const { code, stdout, stderr } = await stage.run(home, words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });

  test.each([
    ['GATEWAY_LOGIN_WAIT_MS', 'soon'],
    ['GATEWAY_LOG_LEVEL', 'loud'],
    ['GATEWAY_INIT_STRATEGY', 'never'],
  ])('%s=%s names the variable', async (name, value) => {
    const home = stage.home({ servers: { echo }, env: { [name]: value } });
    const status = await stage.run(home, ['status']);
    expect(status).toMatchObject({ code: 2, stderr: expect.stringContaining(name) });
    const serve = await stage.run(home, ['serve']);
    expect(serve).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(name) });
  });
});

test('with --json, stdout holds one document and stderr nothing for people', async () => {
  const home = stage.home({ servers: { echo } });
  const commands = [
    ['status'],
    ['tools'],
    ['tools', 'echo'],
    ['call', 'echo', 'echo', '{"a":1}'],
    ['check'],
    ['call', 'echo', 'nothing'],
  ];
  for (const words of commands) {
    const result = await stage.run(home, [...words, '--json']);
    expect(result.json()).toEqual(expect.any(Object));
    expect(result.stderr).toBe('');
  }
});

test('without --json, a pipe gets nothing on stdout and people read stderr', async () => {
  const home = stage.home({ servers: { echo } });
  for (const [words, says] of [
    [['status'], /SERVER +TRANSPORT +STATE[\s\S]*echo +stdio +idle/],
    [['tools'], /echo +idle +Echoes/],
    [['tools', 'echo'], /slow\(.*ms[\s\S]*Answers late\./],
    [['call', 'echo', 'echo', '{"a":1}'], /^\{"a":1\}$/m],
    [['call', 'echo', 'image'], /image\/png/],
    [['check'], /0 errors, 0 warnings[\s\S]*1 server\n/],
  ] as const) {
    const { code, stdout, stderr } = await stage.run(home, words);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(says);
  }
});

test('tools and call pass the same rules as the gateway', async () => {
  const home = stage.home({
    servers: { echo, secret: echo },
    rules: { agents: { me: { allow: { servers: ['echo'] }, deny: { tools: { echo: ['e*'] } } } } },
  });
  const listed = await stage.run(home, ['tools', '--json', '--agent', 'me']);
  expect(listed.json().servers).toMatchObject([{ name: 'echo' }]);
  const tools = await stage.run(home, ['tools', 'echo', '--json', '--agent', 'me']);
  const names = tools.json().tools.map(({ name }: { name: string }) => name);
  expect(names).toContain('image');
  expect(names).not.toContain('echo');
  for (const words of [
    ['call', 'echo', 'echo', '{}', '--agent', 'me'],
    ['tools', 'secret', '--agent', 'me'],
    ['tools', '--agent', 'stranger', 'echo'],
  ]) {
    const denied = await stage.run(home, [...words, '--json']);
    expect(denied).toMatchObject({ code: 2 });
    expect(denied.json().error).toMatchObject({ code: 'DENIED_BY_POLICY' });
  }
});

describe('exit codes', () => {
  test('1: check found something, or the tool itself reports an error', async () => {
    const home = stage.home({ servers: { echo, bad: {} } });
    expect(await stage.run(home, ['check', '--json'])).toMatchObject({ code: 1 });
    const call = await stage.run(home, ['call', 'echo', 'error', '--json']);
    expect(call).toMatchObject({ code: 1 });
    expect(call.json()).toEqual({ content: [{ type: 'text', text: 'it went wrong' }], isError: true });
  });

  test('3: a login is needed, or was refused', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const call = await stage.run(home, ['call', 'crm', 'whoami', '--json']);
    expect(call).toMatchObject({ code: 3 });
    expect(call.json().error).toMatchObject({ code: 'AUTH_REQUIRED', server: 'crm', login_url: expect.any(String) });
    as.faults.authorize = 'access_denied';
    const approving = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    const login = await stage.run(approving, ['login', 'crm', '--json']);
    expect(login).toMatchObject({ code: 3 });
    expect(login.json().error).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining('access_denied'),
    });
  });

  test('4: a server is unreachable, or too slow', async () => {
    const gone = { url: `http://127.0.0.1:${await freePort()}/mcp` };
    const home = stage.home({ servers: { echo, gone, crashing: fixtureServer('crash-on-start') } });
    for (const words of [
      ['tools', 'crashing'],
      ['call', 'gone', 'x'],
      ['call', 'echo', 'slow', '{"ms":60000}', '--timeout', '150'],
    ]) {
      expect([words, (await stage.run(home, words)).code]).toEqual([words, 4]);
    }
  });
});

describe('login', () => {
  test('to a server that cannot be reached ends with 4, and says so', async () => {
    const gone = { url: `http://127.0.0.1:${await freePort()}/mcp` };
    const home = stage.home({ servers: { gone } });
    const login = await stage.run(home, ['login', 'gone', '--json']);
    expect(login.json().error).toMatchObject({ code: 'SERVER_UNAVAILABLE', server: 'gone' });
    expect(login.code).toBe(4);
  });

  test('prints the URL, takes what is pasted, and tells what was wrong with it', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const command = new RunningCommand(home, ['login', 'crm', '--no-browser']);
    stage.own(() => command.kill());
    const url = await until(() => /http:\/\/127\S+\/authorize\S+/.exec(command.stderr)?.[0]);
    command.type('this is not it\n');
    await until(() => command.stderr.includes('not the end of a login'));
    command.type(`${(await approve(url, { visitCallback: false })).url}\n`);
    expect(await command.ended).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('crm: logged in'),
    });
    const call = await stage.run(home, ['call', 'crm', 'whoami', '--json']);
    expect(call.json().structuredContent).toMatchObject({ subject: 'alice' });
    const again = await stage.run(home, ['login', 'crm', '--json']);
    expect(again.json()).toEqual({ servers: [{ server: 'crm', state: 'logged_in' }] });
  });

  test('--all logs in to every server that can have a login, and goes on after one that fails', async () => {
    const [one, two] = [await stage.protectedPair(), await stage.protectedPair()];
    one.as.faults.registration = '403-plain-text';
    const servers = { one: { url: one.server.url }, two: { url: two.server.url }, echo };
    const home = stage.home({ servers, browser: 'approves' });
    const login = await stage.run(home, ['login', '--all', '--json']);
    expect(login).toMatchObject({ code: 3 });
    expect(login.json().servers).toMatchObject([
      { server: 'one', state: 'failed' },
      { server: 'two', state: 'logged_in' },
    ]);
  });

  test('an interrupt ends it, and leaves no login', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const command = new RunningCommand(home, ['login', 'crm', '--no-browser']);
    await until(() => command.stderr.includes('/authorize'));
    command.kill('SIGINT');
    expect(await command.ended).toMatchObject({ code: 4, stderr: expect.stringContaining('interrupted') });
    expect(home.loginFiles()).toEqual([]);
  });
});
