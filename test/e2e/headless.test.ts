// Logins where there is no browser: by paste alone out of a network that nothing reaches, by device code, and through
// the published port of a container.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { execPath } from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { RunningCommand } from '../helpers/command-run.ts';
import { freePort } from '../helpers/http-servers.ts';
import { JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { mainFile } from '../helpers/programs.ts';
import { noSealedNetwork, SealedNetwork } from '../helpers/sealed-network.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const whoami = { server: 'crm', tool: 'whoami' };
const alice = expect.objectContaining({ subject: 'alice' });

describe.skipIf(noSealedNetwork !== undefined)(`without a published port ${noSealedNetwork ?? ''}`, () => {
  async function scene() {
    const network = await SealedNetwork.open();
    stage.own(() => network.close());
    const home = stage.home({ servers: { crm: { url: network.url } } });
    const gateway = async (): Promise<JsonRpcProcess> => {
      const process_ = new JsonRpcProcess({
        ...network.inside(execPath, [mainFile, 'serve']),
        cwd: home.directory,
        env: home.env,
      });
      stage.own(() => process_.stop());
      await process_.initialize();
      return process_;
    };
    return { network, home, gateway };
  }

  /** Nobody out here reaches the callback. */
  const expectUnreachable = (callback: string) => expect(fetch(callback)).rejects.toThrow('fetch failed');

  test('C23: portico login is finished by the pasted address alone', async () => {
    const { network, home, gateway } = await scene();
    const { command, args } = network.inside(execPath, [mainFile, 'login', 'crm']);
    const login = spawn(command, args, { cwd: home.directory, env: home.env, stdio: ['pipe', 'ignore', 'pipe'] });
    stage.own(() => login.kill());
    let said = '';
    login.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(login, 'close');
    const callback = await network.browse(await until(() => /http:\S+\/authorize\S+/.exec(said)?.[0]));
    await expectUnreachable(callback);
    // What somebody pastes first, by mistake, ends nothing.
    login.stdin.write('hello\n');
    await until(() => said.includes('is not the end of a login'));
    login.stdin.write(`${callback}\n`);
    expect(await ended).toEqual([0, null]);
    expect(said).toContain('logged in');
    const later = await gateway();
    expect((await later.callTool('execute_tool', whoami)).structuredContent).toEqual(alice);
  });

  test('C23: login_server is finished by callback_url alone', async () => {
    const { network, gateway } = await scene();
    const running = await gateway();
    const required = (await running.callTool('execute_tool', whoami)).structuredContent.error;
    expect(required).toMatchObject({ code: 'AUTH_REQUIRED', login_url: expect.stringContaining('/authorize?') });
    // The URL is on stderr as well, for whoever reads the host's log.
    await until(() => running.stderr.includes(required.login_url));
    const callback = await network.browse(required.login_url);
    await expectUnreachable(callback);
    const { search } = new URL(callback);
    const finished = await running.callTool('login_server', { server: 'crm', callback_url: search.slice(1) });
    expect(finished.structuredContent).toMatchObject({ state: 'logged_in' });
    expect((await running.callTool('execute_tool', whoami)).structuredContent).toEqual(alice);
  });
});

describe('by device code', () => {
  async function scene() {
    const { server, as } = await stage.protectedPair({ deviceLogin: true, deviceInterval: 1 });
    return { as, home: stage.home({ servers: { crm: { url: server.url } } }) };
  }

  test('a call answers with URL and code, the login goes on by itself, and the next call works', async () => {
    const { home, as } = await scene();
    const gateway = await stage.gateway(home);
    const required = await gateway.failure('execute_tool', whoami);
    expect(required).toMatchObject({
      code: 'AUTH_REQUIRED',
      login_url: `${as.origin}/device?user_code=${required.user_code}`,
    });
    expect(required.hint).toContain(required.user_code);
    const pending = await gateway.value('login_server', { server: 'crm' });
    expect(pending).toMatchObject({
      state: 'login_pending',
      login_url: required.login_url,
      user_code: required.user_code,
      hint: expect.stringContaining(required.user_code),
    });
    await approve(required.login_url);
    await until(() => home.loginFiles().length === 1);
    expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
    expect(as.counts).toMatchObject({ deviceAuthorizations: 1, authorizations: 0 });
  });

  test('portico login shows URL and code, and ends by itself', async () => {
    const { home } = await scene();
    const command = new RunningCommand(home, ['login', 'crm', '--no-browser']);
    stage.own(() => command.kill());
    const [, url, code] = await until(() => /(http:\S+\/device\S*)\n {2}code: (\S+)/.exec(command.stderr));
    expect(url).toContain(code);
    await approve(url ?? '');
    expect(await command.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('logged in') });
  });
});

test('C23: with --no-browser nothing is opened, and the callback that arrives first counts', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const command = new RunningCommand(home, ['login', 'crm', '--no-browser']);
  stage.own(() => command.kill());
  const url = await until(() => /http:\S+\/authorize\S+/.exec(command.stderr)?.[0]);
  expect((await approve(url)).status).toBe(200);
  expect(await command.ended).toMatchObject({ code: 0 });
  expect(home.openings()).toEqual([]);
});

/** What `docker -p 127.0.0.1:PORT:CALLBACK_PORT` does. */
async function publish(target: number): Promise<number> {
  const server = createServer((outside) => {
    const inside = connect(target, '127.0.0.1');
    outside.on('error', () => inside.destroy());
    inside.on('error', () => outside.destroy());
    outside.pipe(inside).pipe(outside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.own(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

test('C23: callbackHost, callbackPort and redirectUri lead through the published port of a container', async () => {
  const { server, as } = await stage.protectedPair();
  const callbackPort = await freePort();
  const published = await publish(callbackPort);
  const redirectUri = `http://127.0.0.1:${published}/callback`;
  const oauth = { callbackHost: '0.0.0.0', callbackPort, redirectUri };
  const home = stage.home({ servers: { crm: { url: server.url, oauth } } });
  const gateway = await stage.gateway(home);
  const { login_url } = await gateway.failure('execute_tool', whoami);
  expect(new URL(login_url).searchParams.get('redirect_uri')).toBe(redirectUri);
  const arrival = await approve(login_url);
  expect(arrival).toMatchObject({ status: 200, body: expect.stringContaining('You are logged in') });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect([...as.clients.values()].map((client) => client.redirect_uris)).toEqual([[redirectUri]]);
});
