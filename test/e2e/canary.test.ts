// Secrets of a whole life of a login (registration, login, call, refresh, logout): searched for in every byte that the
// gateway wrote anywhere but into its private login files.
import { chmodSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { AuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Home } from '../helpers/home.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const written = {
  clientSecret: 'canary-client-secret-4711',
  header: 'canary-header-value-0815',
  env: 'canary-env-value-2342',
};

/** Codes, verifiers, states and every token and secret that the authorization server gave or was given. */
function secretsOf({ secrets, log }: AuthorizationServer): string[] {
  const seen = log.flatMap(({ form = {}, authorization }) => {
    const named = ['code', 'code_verifier', 'refresh_token', 'client_secret', 'token'].map((name) => form[name] ?? '');
    return [...named, authorization?.replace(/^\w+ /, '') ?? ''];
  });
  return [...new Set([...secrets, ...seen, ...Object.values(written)])].filter((secret) => secret.length > 8);
}

function expectNone(secrets: readonly string[], where: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(where)) {
    const found = secrets.filter((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)));
    expect(found, `secrets in ${name}`).toEqual([]);
  }
}

/** Every file but the login files, which exist to hold secrets. */
function otherFiles(home: Home): Record<string, string> {
  const logins = new Set(home.loginFiles());
  const files = home.files().filter((path) => !logins.has(path) && path !== home.configFile);
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, 'utf8')]));
}

test.each(['info', 'debug'])('H56: at log level %s no secret leaves the login file', async (level) => {
  const registered = {
    client_id: 'configured-client',
    client_secret: written.clientSecret,
    token_endpoint_auth_method: 'client_secret_post' as const,
    redirect_uris: ['http://127.0.0.1:0/callback'],
  };
  const { as, server } = await stage.protectedPair({ clients: [registered], loopbackPorts: 'any' });
  const dynamic = await stage.protectedPair();
  const home = stage.home({
    servers: {
      crm: {
        url: server.url,
        headers: { 'X-Api-Key': written.header },
        oauth: {
          clientId: 'configured-client',
          clientSecret: written.clientSecret,
          tokenEndpointAuthMethod: 'client_secret_post',
        },
      },
      wiki: { url: dynamic.server.url },
      local: { ...fixtureServer('stderr-chatter', '100'), env: { CHATTER_API_KEY: written.env } },
      crashing: { ...fixtureServer('crash-on-start'), env: { API_KEY: written.env } },
    },
    env: { GATEWAY_LOG_LEVEL: level, GATEWAY_DEBUG: '1' },
  });
  const gateways: GatewayProcess[] = [];
  const outputs: Record<string, string> = {};
  for (let run = 1; run <= 2; run++) {
    const gateway = await stage.gateway(home);
    gateways.push(gateway);
    for (const name of ['crm', 'wiki']) {
      const first = await gateway.callTool('execute_tool', { server: name, tool: 'whoami', args: { token: 'x' } });
      if (!first.isError) continue;
      expect(first.structuredContent.error).toMatchObject({ code: 'AUTH_REQUIRED' });
      if (name === 'wiki') expect((await approve(first.structuredContent.error.login_url)).status).toBe(200);
      else {
        const { url } = await approve(first.structuredContent.error.login_url, { visitCallback: false });
        await gateway.value('login_server', { server: name, callback_url: url });
      }
      await gateway.execute(name, 'whoami');
    }
    for (const { as: each } of [{ as }, dynamic]) each.expireAccessTokens();
    await Promise.all([gateway.execute('crm', 'whoami'), gateway.execute('wiki', 'whoami')]);
    await gateway.callTool('execute_tool', { server: 'local', tool: 'exit' });
    await gateway.failure('execute_tool', { server: 'crashing', tool: 'x' });
    as.faults.token = ['503'];
    as.expireAccessTokens();
    await gateway.callTool('execute_tool', { server: 'crm', tool: 'whoami' });
    await gateway.value('list_servers', { include_metadata: true });
    await gateway.value('get_gateway_status');
    expect(await gateway.stop()).toBe(0);
  }
  expect(as.counts).toMatchObject({ authorizations: 1, registrations: 0 });
  expect(as.counts.refreshes).toBeGreaterThanOrEqual(2);
  for (const path of home.loginFiles()) expect(home.mode(path)).toBe('600');
  expect(home.mode(home.tokenDirectory)).toBe('700');
  for (const args of [['status'], ['status', '--json'], ['check'], ['logout', '--all'], ['tools', 'wiki']]) {
    const { stdout, stderr } = await stage.run(home, args);
    outputs[`portico ${args.join(' ')}`] = stdout + stderr;
  }
  for (const [index, gateway] of gateways.entries()) {
    outputs[`stdout of gateway ${index + 1}`] = gateway.stdout;
    outputs[`stderr of gateway ${index + 1}`] = gateway.stderr;
  }
  const secrets = [...secretsOf(as), ...secretsOf(dynamic.as)];
  expect(secrets.length).toBeGreaterThan(15);
  expect(secrets).toContain(as.log.find(({ form }) => form?.['code_verifier'])?.form?.['code_verifier']);
  expectNone(secrets, outputs);
  const files = otherFiles(home);
  expect(Object.keys(files)).toContain(home.auditFile);
  expectNone(secrets, files);
});

test('H56: a login file that others could read is closed again', async () => {
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  await stage.run(home, ['login', 'crm']);
  const [file = ''] = home.loginFiles();
  chmodSync(file, 0o644);
  const gateway = await stage.gateway(home);
  await gateway.execute('crm', 'whoami');
  expect(home.mode(file)).toBe('600');
});
