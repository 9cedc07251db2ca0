// When a browser window appears, and what happens where it does not: nobody is surprised by one, and none is waited for.
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { RunningCommand } from '../helpers/command-run.ts';
import { silentBrowser } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const names = ['a', 'b', 'c', 'd'];

test('A7: logins that die together open no window in the background, and one for each server that is called', async () => {
  const pairs = await Promise.all(names.map(() => stage.protectedPair()));
  const servers = Object.fromEntries(pairs.map(({ server }, index) => [names[index], { url: server.url }]));
  const home = stage.home({ servers, browser: 'approves' });
  expect(await stage.run(home, ['login', '--all'])).toMatchObject({ code: 0 });
  const before = home.openings().length;
  for (const { as } of pairs) as.revokeLogins();

  // The lid is opened: the gateway starts and connects everything it has logins for.
  const gateway = await stage.gateway(home, {
    env: { GATEWAY_INIT_STRATEGY: 'eager', GATEWAY_BROWSER: silentBrowser, GATEWAY_LOGIN_WAIT_MS: '0' },
  });
  await until(async () => {
    const { servers: listed } = await gateway.value('list_servers');
    return listed.every(({ state }: { state: string }) => state === 'needs_login');
  });
  expect(home.openings()).toHaveLength(before);

  for (let round = 0; round < 3; round++) {
    for (const server of names) {
      const code = round === 0 ? 'AUTH_REQUIRED' : 'AUTH_PENDING';
      expect(await gateway.failure('execute_tool', { server, tool: 'whoami' })).toMatchObject({ code });
    }
  }
  expect(home.openings()).toHaveLength(before + names.length);
});

test.each([
  ['is missing', '/no/such/browser'],
  ['ends with an error', 'false'],
])('C26: an opener that %s costs nobody the login, and the message asks to open the URL', async (_case, opener) => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, env: { GATEWAY_BROWSER: opener } });
  const gateway = await stage.gateway(home, { env: { GATEWAY_LOGIN_WAIT_MS: '0' } });
  const required = await gateway.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  expect(required).toMatchObject({
    code: 'AUTH_REQUIRED',
    hint: expect.stringMatching(/^Ask the user to open login_url/),
  });
  const { expires_in_s } = await gateway.value('login_server', { server: 'crm' });
  expect(expires_in_s).toBeGreaterThan(5 * 60);
  expect((await approve(required.login_url)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
});

test('C26: BROWSER is honoured, and the terminal still shows the URL', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const env = { GATEWAY_BROWSER: '', BROWSER: home.env['GATEWAY_BROWSER'] ?? '' };
  const command = new RunningCommand(home, ['login', 'crm'], env);
  stage.own(() => command.kill());
  expect(await command.ended).toMatchObject({ code: 0 });
  expect(home.openings()).toHaveLength(1);
  expect(command.stderr).toContain(home.openings()[0]);
  expect(command.stderr).toContain('if none appears, open this URL');
});

test('A5: a gateway that starts again opens no window by itself for a login that was never finished', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, env: { GATEWAY_BROWSER: silentBrowser } });
  const env = { GATEWAY_LOGIN_WAIT_MS: '0', GATEWAY_INIT_STRATEGY: 'eager' };
  const first = await stage.gateway(home, { env });
  await first.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  expect(home.openings()).toHaveLength(1);
  expect(await first.stop()).toBe(0);
  const second = await stage.gateway(home, { env });
  await until(async () => (await second.listed('crm')).state === 'needs_login');
  expect(home.openings()).toHaveLength(1);
});
