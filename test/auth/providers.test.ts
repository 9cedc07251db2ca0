// One row per provider: a whole login through the real auth room against servers that behave as the provider's do, a call,
// and a refresh; where that cannot work without configuration, the error that says what to configure, and then the same.
import { expect, onTestFinished, test } from 'vitest';
import type { Introspect } from '../../fixtures/http/protected-server/guard.mjs';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { GatewayError } from '../../src/errors.ts';
import { failureOf, urlOf } from './login-scene.ts';
import { appProviders } from './providers/app-providers.ts';
import { identityPlatforms } from './providers/identity-platforms.ts';
import type { ProviderRow, Refusal } from './providers/provider-row.ts';
import type { ProviderStage } from './providers/provider-stage.ts';
import { openStage } from './providers/provider-stage.ts';
import { registeringProviders } from './providers/registering-providers.ts';
import { freePort } from './taken-port.ts';

const rows = [...registeringProviders, ...appProviders, ...identityPlatforms];
const titleOf = ({ proves, provider, quirk }: ProviderRow): string => `${proves}: ${provider} ${quirk}`;

test.for(rows.map((row) => [titleOf(row), row] as const))('%s', async ([, row]) => {
  const stage = await openStage(row);
  onTestFinished(() => stage.close());
  const app = await goThroughRefusals(stage, row);
  const entry = await stage.entry(app || row.oauth ? { ...app, ...row.oauth } : undefined);

  const gateway = stage.process();
  await stage.logIn(gateway, entry);
  expect((await stage.call(gateway, entry)).status).toBe(200);

  const [refreshes, seen] = [stage.as.counts.refreshes, stage.server.log.length];
  stage.expire();
  expect((await stage.call(gateway, entry)).status).toBe(200);
  expect(stage.as.counts).toMatchObject({ refreshes: refreshes + 1, refusedRefreshes: 0, familyRevocations: 0 });
  expect(stage.mcpStatuses(seen)).not.toContain(401);

  expectWire(stage, row);
  await row.after?.(stage);
});

const github = appProviders.filter(({ provider }) => provider === 'GitHub');

test.each(github)('B19: $provider takes a token in a static header, and no login is tried', async (row) => {
  const seconds = { iat: 0, exp: 0 };
  let good = 'personal-token';
  const introspect: Introspect = (token) =>
    token === good
      ? {
          active: true,
          sub: 'alice',
          scope: 'repo',
          client_id: 'none',
          aud: 'https://api.githubcopilot.com/mcp',
          ...seconds,
        }
      : { active: false };
  const authorizationServers = { issuer: row.issuer, introspect };
  const stage = await openStage({ ...row, resource: { ...row.resource, authorizationServers } });
  onTestFinished(() => stage.close());
  const gateway = stage.process();
  const entry = await stage.entry(undefined, { headers: { Authorization: `Bearer ${good}` } });
  expect((await stage.call(gateway, entry)).status).toBe(200);
  good = 'another-token';
  expect(await failureOf(stage.call(gateway, entry))).toMatchObject({
    code: 'AUTH_FAILED',
    message: expect.stringContaining('rejects the Authorization header of its config'),
    hint: expect.stringContaining('variable'),
  });
  expect([stage.as.log, stage.opened]).toEqual([[], []]);
});

/** Every error in turn, each followed as it says. @returns the keys of the app that the last one asked for */
async function goThroughRefusals(stage: ProviderStage, row: ProviderRow): Promise<Record<string, unknown> | undefined> {
  let app: Record<string, unknown> | undefined;
  for (const refusal of row.refused ?? []) {
    const failure = await refusedLogin(stage, await stage.entry(configuredFor(refusal, app)), refusal);
    const said = failure.hint?.match(/http:\/\/127\.0\.0\.1:\d+\/callback/)?.[0];
    if (row.app) app ??= stage.registerApp(row.app, said ?? `http://127.0.0.1:${await freePort()}/callback`);
  }
  return app;
}

function configuredFor({ configured }: Refusal, app: Record<string, unknown> | undefined) {
  const { clientSecret: _secret, ...idOnly } = app ?? {};
  if (configured === undefined) return undefined;
  return configured === 'app' ? app : idOnly;
}

async function refusedLogin(stage: ProviderStage, entry: HttpServerEntry, refusal: Refusal): Promise<GatewayError> {
  const gateway = stage.process();
  const challenge = await stage.challengeOf(gateway, entry);
  const before = stage.opened.length;
  const starting = gateway.login(entry, { challenge, openBrowser: true });
  const failing = refusal.at === 'start' ? failureOf(starting) : failureOf(starting.then(({ done }) => done));
  if (refusal.at === 'end') expect((await stage.visit(urlOf(await starting))).status).toBe(403);
  const failure = await failing;
  expect(failure).toBeInstanceOf(GatewayError);
  const { code, message, hint = '', server } = failure as GatewayError;
  expect({ code, server }).toEqual({ code: 'AUTH_FAILED', server: 'crm' });
  for (const pattern of refusal.message) expect(message).toMatch(pattern);
  for (const pattern of refusal.hint) expect(hint).toMatch(pattern);
  expect(stage.opened.length - before).toBe(refusal.at === 'start' ? 0 : 1);
  await gateway.close();
  return failure as GatewayError;
}

/** What the last login and everything after it sent. */
function expectWire(stage: ProviderStage, { wire, app }: ProviderRow): void {
  expect(stage.as.counts.registrations).toBe(wire.registrations);
  if (app) expect(stage.asked('register').map(({ status }) => status)).not.toContain(201);
  const [exchange, refresh, ...more] = stage.tokenCalls().slice(-2);
  expect([exchange?.grant, refresh?.grant, more]).toEqual(['authorization_code', 'refresh_token', []]);
  for (const call of [exchange, refresh]) {
    expect(call).toMatchObject({ method: wire.method, resource: wire.resource });
    expect(call?.form).not.toHaveProperty('audience');
  }
  const query = stage.asked('authorize').at(-1)?.query ?? {};
  expect(query).toMatchObject({ code_challenge_method: 'S256', redirect_uri: exchange?.form['redirect_uri'] });
  expect(query['redirect_uri']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  expect([query['resource'], query['scope']]).toEqual([wire.resource, wire.scope]);
  for (const [name, value] of Object.entries(wire.authorize ?? {})) expect(query[name], name).toBe(value);
}
