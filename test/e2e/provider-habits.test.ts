// Habits of providers that show only with the whole gateway in between: where the first 401 comes, what a login lacks.
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const whoami = { server: 'crm', tool: 'whoami' };

test('B22: a server that lists its tools to everybody asks for the login at the first call, and needs no new connection after it', async () => {
  const { server } = await stage.protectedPair({}, { faults: { lazyAuth: true } });
  const home = stage.home({ servers: { crm: { url: server.url } }, env: { GATEWAY_BROWSER: 'none' } });
  const gateway = await stage.gateway(home);
  const { tools } = await gateway.value('get_server_tools', { server: 'crm', detail: 'names' });
  expect(tools).toHaveLength(4);
  expect(await gateway.listed('crm')).toMatchObject({ state: 'ready' });

  const required = await gateway.failure('execute_tool', whoami);
  expect(required).toMatchObject({ code: 'AUTH_REQUIRED', server: 'crm', login_url: expect.any(String) });
  const initializations = (): number =>
    server.log.filter(
      ({ json, authorization }) => (json as { method?: string })?.method === 'initialize' && !authorization,
    ).length;
  const before = initializations();
  expect((await approve(required.login_url)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  expect(initializations()).toBe(before);
});

test('B22: a login that ends in the middle of a session is asked for by the call that meets it', async () => {
  const { as, server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  expect(await stage.run(home, ['login', 'crm'])).toMatchObject({ code: 0 });
  const gateway = await stage.gateway(home, { env: { GATEWAY_BROWSER: 'none' } });
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  as.revokeLogins();
  const required = await gateway.failure('execute_tool', whoami);
  expect(required).toMatchObject({ code: 'AUTH_REQUIRED', login_url: expect.any(String) });
  expect((await approve(required.login_url)).status).toBe(200);
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
});

test('A9: a login without a refresh token says once when it ends, and that a browser is needed then', async () => {
  const { as, server } = await stage.protectedPair({ faults: { token: 'no-refresh-token' } });
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const { code, stderr } = await stage.run(home, ['login', 'crm']);
  expect(code).toBe(0);
  const said = stderr.match(/no refresh token was issued, so this login ends at (\S+) and needs a browser then/g);
  expect(said).toHaveLength(1);
  expect(as.counts).toMatchObject({ codeExchanges: 1, refreshes: 0 });
});

test('B16, D32: the reason that a server gives in a 400 reaches the agent', async () => {
  const reason = 'App is not enabled for MCP access. Please enable it here: https://console.example/apps/A1';
  const { server } = await stage.protectedPair({}, { faults: { refusal: reason } });
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  const gateway = await stage.gateway(home);
  const failure = await gateway.failure('execute_tool', whoami);
  expect(failure.message).toContain(reason);
});
