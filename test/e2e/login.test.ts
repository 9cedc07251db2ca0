// Logins by themselves: a server that answers 401 is logged in to without anybody having configured OAuth.
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { RunningCommand } from '../helpers/command-run.ts';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { HomeOptions } from '../helpers/home.ts';
import { silentBrowser } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const whoami = { server: 'crm', tool: 'whoami' };
const alice = { subject: 'alice', scope: 'tools offline_access', client_id: expect.stringMatching(/^client-/) };

async function scene(options: HomeOptions = {}) {
  const pair = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: pair.server.url } }, ...options });
  return { ...pair, home };
}

const callbackOf = async (loginUrl: string): Promise<string> => (await approve(loginUrl, { visitCallback: false })).url;

test('a call logs in by itself, and a gateway that starts later needs no login', async () => {
  const { home, as, server } = await scene({ browser: 'approves' });
  const gateway = await stage.gateway(home);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect(home.openings()).toHaveLength(1);
  expect(as.counts).toMatchObject({ registrations: 1, authorizations: 1, codeExchanges: 1, refreshes: 0 });
  expect(await gateway.listed('crm')).toMatchObject({ state: 'ready', transport: 'http', url: server.url });
  expect(await gateway.stop()).toBe(0);

  server.log.length = 0;
  const later = await stage.gateway(home);
  expect((await later.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect(home.openings()).toHaveLength(1);
  expect(as.counts).toMatchObject({ registrations: 1, authorizations: 1, codeExchanges: 1 });
  // The saved token goes with the first request: there is no 401 on the way.
  expect(server.log.filter(({ status }) => status === 401)).toEqual([]);
});

test('get_server_tools logs in as well', async () => {
  const { home } = await scene({ browser: 'approves' });
  const gateway = await stage.gateway(home);
  const { tools } = await gateway.value('get_server_tools', { server: 'crm', detail: 'names' });
  expect(tools).toEqual(['echo', 'whoami', 'add', 'admin'].map((name) => ({ name })));
});

test('C26: where nobody approves, the call answers with the URL, and works after the login', async () => {
  const { home } = await scene();
  const gateway = await stage.gateway(home);
  const required = await gateway.failure('execute_tool', whoami);
  expect(required).toEqual({
    code: 'AUTH_REQUIRED',
    message: expect.stringContaining("'crm'"),
    hint: expect.stringContaining('callback_url'),
    server: 'crm',
    tool: 'whoami',
    login_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/authorize\?/),
  });
  const pending = await gateway.failure('execute_tool', whoami);
  expect(pending).toMatchObject({ code: 'AUTH_PENDING', login_url: required.login_url });
  expect(await gateway.listed('crm')).toMatchObject({ state: 'login_pending', hint: expect.any(String) });
  expect((await approve(required.login_url)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect(home.openings()).toEqual([]);
});

test('a call waits for its login as long as GATEWAY_LOGIN_WAIT_MS says, and reports the URL as progress', async () => {
  const { home } = await scene({ env: { GATEWAY_LOGIN_WAIT_MS: '20000' } });
  const gateway = await stage.gateway(home);
  const told: string[] = [];
  const onProgress = ({ message = '' }: { message?: string }) => told.push(message);
  const call = gateway.callTool('execute_tool', whoami, { onProgress });
  const url = await until(() => /http:\S+/.exec(told.join(' '))?.[0]);
  expect((await approve(url)).status).toBe(200);
  expect((await call).structuredContent).toEqual(alice);
});

test('C23: login_server finishes a login with the address that the browser could not reach', async () => {
  const { home } = await scene();
  const gateway = await stage.gateway(home);
  const started = await gateway.value('login_server', { server: 'crm' });
  expect(started).toMatchObject({ state: 'login_pending', login_url: expect.any(String) });
  expect(started.expires_in_s).toBeGreaterThan(500);
  const callback_url = await callbackOf(started.login_url);
  const finished = await gateway.value('login_server', { server: 'crm', callback_url });
  expect(finished).toMatchObject({ server: 'crm', state: 'logged_in' });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  const again = await gateway.failure('login_server', { server: 'crm', callback_url });
  expect(again).toMatchObject({ code: 'AUTH_FAILED', server: 'crm', hint: expect.any(String) });
});

test('A3: login_server with restart begins anew, with a new registration', async () => {
  const { home, as } = await scene();
  const gateway = await stage.gateway(home);
  const first = await gateway.value('login_server', { server: 'crm' });
  const second = await gateway.value('login_server', { server: 'crm' });
  expect(second.login_url).toBe(first.login_url);
  const anew = await gateway.value('login_server', { server: 'crm', restart: true });
  expect(anew.login_url).not.toBe(first.login_url);
  expect(as.counts.registrations).toBe(2);
  expect((await approve(anew.login_url)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
});

test('A12: a login that a command in another process finishes is noticed by the gateway that runs', async () => {
  const { home } = await scene();
  const gateway = await stage.gateway(home);
  expect(await gateway.failure('execute_tool', { server: 'crm', tool: 'whoami' })).toMatchObject({
    code: 'AUTH_REQUIRED',
  });
  // The command joins the login that the gateway holds open.
  const command = new RunningCommand(home, ['login', 'crm', '--no-browser']);
  stage.own(() => command.kill());
  const url = await until(() => /http:\/\/127\S+\/authorize\S+/.exec(command.stderr)?.[0]);
  command.type(`${await callbackOf(url)}\n`);
  expect(await command.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('logged in') });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
});

test('A12: a login that was started and finished elsewhere is noticed without a restart', async () => {
  const { home, as } = await scene();
  const gateway = await stage.gateway(home);
  expect(await gateway.listed('crm')).toMatchObject({ state: 'idle' });
  const approving = stage.home({ browser: 'approves' });
  const login = new RunningCommand(home, ['login', 'crm'], { GATEWAY_BROWSER: approving.env['GATEWAY_BROWSER'] ?? '' });
  expect(await login.ended).toMatchObject({ code: 0 });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect(as.counts.authorizations).toBe(1);
});

test('A12, A13: after a logout elsewhere and a login elsewhere, the running gateway uses the new login', async () => {
  const { home, as } = await scene({ browser: 'approves' });
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  expect(await stage.run(home, ['logout', 'crm'])).toMatchObject({ code: 0 });
  expect(await stage.run(home, ['login', 'crm'])).toMatchObject({ code: 0 });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toEqual(alice);
  expect(as.counts).toMatchObject({ authorizations: 2, familyRevocations: 0 });
});

test('A5: five calls at once open one window, in one process and in five', async () => {
  const { home, as } = await scene({ browser: 'approves' });
  const gateways = await Promise.all(Array.from({ length: 5 }, () => stage.gateway(home)));
  const calls = [...gateways, ...Array.from({ length: 4 }, () => gateways[0] as GatewayProcess)];
  const results = await Promise.all(calls.map((gateway) => gateway.execute('crm', 'whoami')));
  expect(results.map(({ structuredContent }) => structuredContent.subject)).toEqual(calls.map(() => 'alice'));
  expect(home.openings()).toHaveLength(1);
  expect(as.counts).toMatchObject({ authorizations: 1, codeExchanges: 1 });
});

test('C25, A5: a login whose holder is killed is taken over by one of those who wait; all show its URL, no window opens', async () => {
  const { home, as } = await scene({ env: { GATEWAY_LOGIN_WAIT_MS: '120000', GATEWAY_BROWSER: silentBrowser } });
  const gateways = await Promise.all(Array.from({ length: 3 }, () => stage.gateway(home)));
  const told = gateways.map((): string[] => []);
  const callAt = (at: number) =>
    gateways[at]?.execute(
      'crm',
      'whoami',
      {},
      {
        onProgress: ({ message = '' }: { message?: string }) => {
          told[at]?.push(/http:\S+/.exec(message)?.[0] ?? '');
        },
      },
    );
  const held = callAt(0)?.catch(() => undefined);
  const [first = ''] = await until(() => told[0]?.at(0) && told[0]);
  const calls = [callAt(1), callAt(2)];
  await until(() => told[1]?.includes(first) && told[2]?.includes(first));
  gateways[0]?.signal('SIGKILL');
  await held;
  const next = await until(() => told[1]?.find((url) => url !== first));
  await until(() => told[2]?.includes(next));
  // The human who is still at the first page learns at its end that it was the wrong one.
  expect(await approve(first)).toMatchObject({ status: 400 });
  expect((await approve(next)).status).toBe(200);
  for (const result of await Promise.all(calls)) expect(result?.structuredContent).toEqual(alice);
  expect(home.openings()).toHaveLength(1);
  expect(as.counts).toMatchObject({ codeExchanges: 1, registrations: 2 });
});

test('A7: tool calls open at most one window while nobody approves; an explicit request opens another', async () => {
  const { home } = await scene({ browser: 'approves', env: { GATEWAY_LOGIN_WAIT_MS: '0' } });
  const env = { GATEWAY_BROWSER: silentBrowser };
  const gateway = await stage.gateway(home, { env });
  for (const code of ['AUTH_REQUIRED', 'AUTH_PENDING', 'AUTH_PENDING']) {
    expect(await gateway.failure('execute_tool', whoami)).toMatchObject({ code });
  }
  expect(home.openings()).toHaveLength(1);
  await gateway.value('login_server', { server: 'crm', restart: true });
  expect(home.openings()).toHaveLength(2);
});

test('A13: login, status and logout on the command line, as JSON, with revocation at the authorization server', async () => {
  const { home, as, server } = await scene({ browser: 'approves' });
  const login = await stage.run(home, ['login', 'crm', '--json']);
  expect(login).toMatchObject({ code: 0 });
  expect(login.json()).toEqual({ servers: [{ server: 'crm', state: 'logged_in' }] });

  const status = await stage.run(home, ['status', '--json']);
  expect(status.json().servers).toMatchObject([
    { server: 'crm', transport: 'http', state: 'logged_in', scope: 'tools offline_access' },
  ]);
  const [saved] = home.logins() as { tokens: { access_token: string } }[];
  expect(as.introspect(saved?.tokens.access_token ?? '')).toMatchObject({ active: true });

  const logout = await stage.run(home, ['logout', 'crm', '--json']);
  expect(logout).toMatchObject({ code: 0 });
  expect(logout.json()).toEqual({ servers: [{ server: 'crm', outcome: 'revoked' }] });
  expect(as.counts.revocations).toBeGreaterThan(0);
  expect(as.introspect(saved?.tokens.access_token ?? '')).toMatchObject({ active: false });
  expect(home.loginFiles()).toEqual([]);
  const again = await stage.run(home, ['logout', '--all', '--json']);
  expect(again.json()).toEqual({ servers: [{ server: 'crm', outcome: 'nothing' }] });
  expect(server.calls).toEqual({});
});

test('A13: logout says when the authorization server could not be told', async () => {
  const { home, as } = await scene({ browser: 'approves' });
  as.faults.revocation = 'none';
  await stage.run(home, ['login', 'crm']);
  const logout = await stage.run(home, ['logout', 'crm']);
  expect(logout).toMatchObject({ code: 0, stderr: expect.stringContaining('deleted here') });
  expect(home.loginFiles()).toEqual([]);
});

test('A14: two entries with one URL and two profiles are two logins', async () => {
  const { as, server } = await stage.protectedPair();
  const servers = { work: { url: server.url, profile: 'work' }, home: { url: server.url, profile: 'home' } };
  const home = stage.home({ servers, browser: 'approves' });
  const gateway = await stage.gateway(home);
  as.settings.user = 'alice-at-work';
  await gateway.execute('work', 'whoami');
  as.settings.user = 'alice-at-home';
  await gateway.execute('home', 'whoami');
  const again = await stage.gateway(home);
  expect((await again.execute('work', 'whoami')).structuredContent).toMatchObject({ subject: 'alice-at-work' });
  expect((await again.execute('home', 'whoami')).structuredContent).toMatchObject({ subject: 'alice-at-home' });
  expect(home.loginFiles()).toHaveLength(2);
});

test('A10: a tool that needs more scope gets one new login with both scopes', async () => {
  const { home, as } = await scene({ browser: 'approves' });
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  expect((await gateway.execute('crm', 'admin')).content).toEqual([{ type: 'text', text: 'the admin was here' }]);
  const { structuredContent } = await gateway.execute('crm', 'whoami');
  expect(structuredContent.scope.split(' ').sort()).toEqual(['admin', 'offline_access', 'tools']);
  expect(as.counts.authorizations).toBe(2);
});
