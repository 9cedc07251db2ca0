// Who the gateway says it is to an authorization server: what the config says, a document of its own, a registration.
import { afterEach, describe, expect, test } from 'vitest';
import { failureOf, urlOf } from './login-scene.ts';
import type { ProviderShape } from './providers/provider-row.ts';
import { openStage, type ProviderStage } from './providers/provider-stage.ts';
import { freePort } from './taken-port.ts';

const document = 'https://portico.example/client.json';

let stage: ProviderStage;

async function open(authorization: ProviderShape['authorization'] = {}, known = true): Promise<void> {
  stage = await openStage({
    url: 'https://mcp.example/mcp',
    issuer: 'https://as.example',
    // The document names a redirect URI without a port (RFC 8252 section 7.3).
    authorization: { loopbackPorts: 'any', ...authorization },
  });
  const client = { client_id: document, token_endpoint_auth_method: 'none' as const };
  if (known) stage.as.enterClient({ ...client, redirect_uris: ['http://127.0.0.1/callback'] });
}

afterEach(() => stage.close());

const askedAs = (): (string | undefined)[] => stage.asked('authorize').map(({ query }) => query?.['client_id']);

test('A3: another redirect URI in the config means another registration', async () => {
  await open({ loopbackPorts: 'exact' });
  const gateway = stage.process();
  await stage.logIn(gateway, await stage.entry());
  stage.as.revokeLogins();
  const callbackPort = await freePort();
  const next = stage.process();
  await stage.logIn(next, await stage.entry({ callbackPort }));
  expect(stage.as.counts.registrations).toBe(2);
  const [first, second] = stage.asked('authorize').map(({ query }) => query ?? {});
  expect(second?.['redirect_uri']).toBe(`http://127.0.0.1:${callbackPort}/callback`);
  expect(second?.['client_id']).not.toBe(first?.['client_id']);
});

test('A3, H57: another issuer means another registration, and nothing of the old login goes there', async () => {
  const [before, after] = ['https://before.example', 'https://after.example'];
  await open({ statedIssuer: before });
  const gateway = stage.process();
  await stage.logIn(gateway, await stage.entry({ issuer: before }));
  stage.as.revokeLogins();
  stage.as.settings.statedIssuer = after;
  const next = stage.process();
  const entry = await stage.entry({ issuer: after });
  const challenge = await stage.challengeOf(next, entry);
  const seen = stage.as.log.length;
  const [old] = stage.tokenCalls();
  const attempt = await next.login(entry, { challenge, openBrowser: true });
  await stage.visit(urlOf(attempt));
  await attempt.done;
  expect(stage.as.counts.registrations).toBe(2);
  const sent = JSON.stringify(stage.as.log.slice(seen));
  for (const name of ['client_id', 'code', 'refresh_token']) {
    if (old?.form[name]) expect(sent, name).not.toContain(old.form[name]);
  }
});

describe('B21: the order is', () => {
  test('the configured client before the document', async () => {
    await open({ clientDocuments: true });
    const app = stage.registerApp('none', `http://127.0.0.1:${await freePort()}/callback`);
    const gateway = stage.process();
    await stage.logIn(gateway, await stage.entry({ ...app, clientMetadataUrl: document }));
    expect([askedAs(), stage.as.counts.registrations]).toEqual([['the-app'], 0]);
  });

  test('the document before a registration, where the server takes documents', async () => {
    await open({ clientDocuments: true });
    const entry = await stage.entry({ clientMetadataUrl: document });
    const gateway = stage.process();
    await stage.logIn(gateway, entry);
    expect([askedAs(), stage.as.counts.registrations]).toEqual([[document], 0]);
    stage.expire();
    expect((await stage.call(gateway, entry)).status).toBe(200);
    const calls = stage.tokenCalls().map(({ method, form }) => [method, form['client_id']]);
    expect(calls).toEqual([
      ['none', document],
      ['none', document],
    ]);
  });

  test.each([
    ['the server does not say that it takes documents', {}, { clientMetadataUrl: document }],
    ['the config names no document', { clientDocuments: true }, undefined],
  ])('a registration where %s', async (_case, authorization, oauth) => {
    await open(authorization);
    await stage.logIn(stage.process(), await stage.entry(oauth));
    expect(stage.as.counts.registrations).toBe(1);
    expect(askedAs()).toEqual([expect.stringMatching(/^client-/)]);
  });

  test('an error where there is neither, and no client id is made up', async () => {
    await open({ faults: { registration: 'none' } });
    const entry = await stage.entry({ clientMetadataUrl: document });
    const gateway = stage.process();
    const challenge = await stage.challengeOf(gateway, entry);
    expect(await failureOf(gateway.login(entry, { challenge, openBrowser: true }))).toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringContaining('oauth.clientId'),
    });
    expect([askedAs(), stage.tokenCalls(), stage.opened]).toEqual([[], [], []]);
  });
});

test('B21: a document that the server refuses at its page gives way to a registration at the next login', async () => {
  await open({ clientDocuments: true }, false);
  const entry = await stage.entry({ clientMetadataUrl: document });
  const gateway = stage.process();
  const challenge = await stage.challengeOf(gateway, entry);
  const refused = await gateway.login(entry, { challenge, openBrowser: true });
  expect((await stage.visit(urlOf(refused))).status).toBe(400);
  const ended = failureOf(refused.done);
  await gateway.close();
  await ended;

  const next = stage.process();
  await stage.logIn(next, entry);
  expect((await stage.call(next, entry)).status).toBe(200);
  expect(askedAs()).toEqual([document, expect.stringMatching(/^client-/)]);
});
