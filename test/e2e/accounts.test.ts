// Several accounts on one server: told apart by `profile`, named wherever logins are shown.
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { freePort } from '../auth/taken-port.ts';
import { RunningCommand } from '../helpers/command-run.ts';
import type { Home } from '../helpers/home.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const oauth = { scope: 'tools openid' };
const whoami = { server: 'crm', tool: 'whoami' };

/** `portico login`, with a human of that name; what it says at the end. */
async function logInAs(home: Home, server: string, user: string): Promise<string> {
  const command = new RunningCommand(home, ['login', server]);
  const loginUrl = await until(() => /http:\/\/\S+authorize\?\S+/.exec(command.stderr)?.[0]);
  await approve(loginUrl, { user });
  const { code, stderr } = await command.ended;
  expect(code).toBe(0);
  return stderr;
}

const accounts = (servers: readonly Json[], name: string): Record<string, string | null | undefined> =>
  Object.fromEntries(servers.map((server) => [server[name], server.account]));

test('A14, A13: two profiles on one URL are two accounts, named everywhere, kept when renamed, ended one by one', async () => {
  const { server, as } = await stage.protectedPair();
  const entries = (work: string): Record<string, object> => ({
    [work]: { url: server.url, profile: 'work', oauth },
    home: { url: server.url, profile: 'home', oauth },
  });
  const home = stage.home({ servers: entries('work') });
  expect(await logInAs(home, 'work', 'ann')).toContain('work: logged in as ann@example.com');
  expect(await logInAs(home, 'home', 'bob')).toContain('home: logged in as bob@example.com');

  const named = { work: 'ann@example.com', home: 'bob@example.com' };
  const status = await stage.run(home, ['status', '--json']);
  expect(accounts(status.json().servers, 'server')).toEqual(named);
  expect((await stage.run(home, ['status'])).stderr).toMatch(/work .*ann@example\.com[\s\S]*home .*bob@example\.com/);
  const gateway = await stage.gateway(home);
  const { servers } = await gateway.value('list_servers');
  expect(accounts(servers, 'name')).toEqual(named);
  expect((await gateway.execute('work', 'whoami')).structuredContent).toMatchObject({ subject: 'ann' });
  expect((await gateway.execute('home', 'whoami')).structuredContent).toMatchObject({ subject: 'bob' });
  await gateway.stop();

  home.writeServers(entries('office'));
  const later = await stage.gateway(home);
  expect((await later.execute('office', 'whoami')).structuredContent).toMatchObject({ subject: 'ann' });
  await later.stop();
  expect(as.counts.authorizations).toBe(2);

  expect((await stage.run(home, ['logout', 'home', '--json'])).json()).toEqual({
    servers: [{ server: 'home', outcome: 'revoked' }],
  });
  expect(home.loginFiles()).toHaveLength(1);
  const after = await stage.run(home, ['status', '--json']);
  expect(accounts(after.json().servers, 'server')).toEqual({ office: 'ann@example.com', home: null });
  const call = await stage.run(home, ['call', 'office', 'whoami', '--json']);
  expect(call.json().structuredContent).toMatchObject({ subject: 'ann' });
});

test('G52: a running gateway logs in as the oauth of its entry says now; a login that was open by the old one is no use', async () => {
  const { server, as } = await stage.protectedPair();
  const clients = ['by-hand', 'other'].map((clientId, at) => ({ clientId, callbackPort: 0, secret: `canary-${at}` }));
  for (const client of clients) {
    client.callbackPort = await freePort();
    as.enterClient({
      client_id: client.clientId,
      client_secret: client.secret,
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [`http://127.0.0.1:${client.callbackPort}/callback`],
    });
  }
  const entry = (at: number, scope: string) => {
    const { clientId, callbackPort, secret = '' } = clients[at] ?? {};
    return { crm: { url: server.url, oauth: { clientId, clientSecret: secret, callbackPort, scope } } };
  };
  const home = stage.home({ servers: { crm: { url: server.url } }, env: { GATEWAY_LOGIN_WAIT_MS: '0' } });
  const gateway = await stage.gateway(home);
  const loginUrl = async (): Promise<URL> => new URL((await gateway.failure('execute_tool', whoami)).login_url);
  const askedBy = async (clientId: string): Promise<URL> =>
    await until(async () => {
      const url = await loginUrl();
      return url.searchParams.get('client_id') === clientId ? url : undefined;
    });
  const registered = await loginUrl();
  expect(registered.searchParams.get('client_id')).toMatch(/^client-/);

  home.writeServers(entry(0, 'tools'));
  const byHand = await askedBy('by-hand');
  expect(byHand.searchParams.get('scope')).toBe('tools');
  await expect(approve(registered.href)).rejects.toThrow();
  expect((await approve(byHand.href)).status).toBe(200);
  const said = (await gateway.execute('crm', 'whoami')).structuredContent;
  expect(said).toMatchObject({ client_id: 'by-hand', scope: 'tools' });

  // What is saved is kept; when it has ended, the new client logs in, and the secret of the old one goes nowhere.
  home.writeServers(entry(1, 'tools admin'));
  as.revokeLogins();
  const since = as.log.length;
  const other = await askedBy('other');
  expect(other.searchParams.get('scope')).toBe('tools admin');
  expect((await approve(other.href)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ client_id: 'other' });
  const exchanges = as.log.slice(since).filter(({ form }) => form?.['grant_type'] === 'authorization_code');
  expect(exchanges.map(({ authorization }) => authorization)).toEqual([`Basic ${btoa('other:canary-1')}`]);

  // Another profile is another login.
  home.writeServers({ crm: { ...entry(1, 'tools').crm, profile: 'work' } });
  await until(async () => (await gateway.callTool('execute_tool', whoami)).isError);
  expect((await askedBy('other')).searchParams.get('scope')).toBe('tools');
  expect(home.loginFiles()).toHaveLength(1);
});

test('a name that a server gives cannot steer a terminal', async () => {
  const { server } = await stage.protectedPair({
    tokenMembers: { email: 'ann\u001b]0;pwned\u0007\u202e@example.com' },
  });
  const home = stage.home({ servers: { crm: { url: server.url } } });
  expect(await logInAs(home, 'crm', 'ann')).toContain('crm: logged in as ann]0;pwned@example.com');
  const { json } = await stage.run(home, ['status', '--json']);
  expect(json().servers[0].account).toBe('ann]0;pwned@example.com');
});
