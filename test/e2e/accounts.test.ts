// Several accounts on one server: told apart by `profile`, named wherever logins are shown.
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { RunningCommand } from '../helpers/command-run.ts';
import type { Home } from '../helpers/home.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const oauth = { scope: 'tools openid' };

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

test('a name that a server gives cannot steer a terminal', async () => {
  const { server } = await stage.protectedPair({
    tokenMembers: { email: 'ann\u001b]0;pwned\u0007\u202e@example.com' },
  });
  const home = stage.home({ servers: { crm: { url: server.url } } });
  expect(await logInAs(home, 'crm', 'ann')).toContain('crm: logged in as ann]0;pwned@example.com');
  const { json } = await stage.run(home, ['status', '--json']);
  expect(json().servers[0].account).toBe('ann]0;pwned@example.com');
});
