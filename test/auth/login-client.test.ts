// Which client a login uses: the configured one, the saved registration while it can be trusted, or a new one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';
import { freePort, takePort } from './taken-port.ts';

let scene: Scene;
let gateway: Authenticator;
let entry: HttpServerEntry;

beforeEach(async () => {
  scene = await startScene();
  gateway = scene.process();
  entry = scene.entry();
});

afterEach(async () => {
  await scene.close();
});

const portOf = (redirectUri: string | undefined): string => new URL(redirectUri ?? '').port;

describe('the registration', () => {
  test('A6: of a finished login and its port are used again at the next login', async () => {
    const { as } = scene;
    await logIn(gateway, entry);
    const first = await scene.saved();
    as.revokeLogins();
    const later = scene.process();
    expect(await failureOf(callTool(later, entry))).toMatchObject({ code: 'AUTH_REQUIRED' });
    await logIn(later, entry);
    const second = await scene.saved();
    expect(second.client).toEqual(first.client);
    expect(as.counts.registrations).toBe(1);
  });

  test('A3: is replaced at the next login when a login with it did not finish', async () => {
    const { as } = scene;
    await logIn(gateway, entry);
    const first = await scene.saved();
    as.revokeLogins();
    await failureOf(callTool(gateway, entry));
    as.forgetClients();

    // The authorize page refuses the client: only the human sees that.
    const attempt = await gateway.login(entry, { openBrowser: false });
    expect((await approve(urlOf(attempt))).body).toContain('Unknown client_id');
    const failure = failureOf(attempt.done);
    await gateway.close();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });

    const later = scene.process();
    await logIn(later, entry);
    expect((await scene.saved()).client.client_id).not.toBe(first.client.client_id);
    expect(as.counts.registrations).toBe(2);
    expect((await callTool(later, entry)).status).toBe(200);
  });

  test('stays trusted when the human says no', async () => {
    const { as } = scene;
    await logIn(gateway, entry);
    as.revokeLogins();
    await failureOf(callTool(gateway, entry));
    as.faults.authorize = ['access_denied'];
    expect(await failureOf(logIn(gateway, entry))).toMatchObject({ code: 'AUTH_FAILED' });
    await logIn(gateway, entry);
    expect(as.counts.registrations).toBe(1);
  });
});

describe('a new registration', () => {
  test('A3: is made when a restart is asked for', async () => {
    const { as } = scene;
    await logIn(gateway, entry);
    const attempt = await gateway.login(entry, { openBrowser: false, restart: true });
    await approve(urlOf(attempt));
    await attempt.done;
    expect(as.counts.registrations).toBe(2);
  });

  test('A6: is made when the port of the old one is taken by another program', async () => {
    const { as } = scene;
    await logIn(gateway, entry);
    as.revokeLogins();
    await failureOf(callTool(gateway, entry));
    const taken = Number(portOf((await scene.saved()).client.redirect_uri));
    const other = await takePort(taken);
    await logIn(gateway, entry);
    await other.free();
    expect(as.counts.registrations).toBe(2);
    expect(portOf((await scene.saved()).client.redirect_uri)).not.toBe(String(taken));
  });

  test('A3: is made when the secret of the old one expired', async () => {
    const { as } = scene;
    as.settings.authMethods = ['client_secret_post'];
    as.faults.registration = ['expired-secret'];
    await logIn(gateway, entry);
    as.revokeLogins();
    await failureOf(callTool(gateway, entry));
    await logIn(gateway, entry);
    expect(as.counts.registrations).toBe(2);
  });

  test('A6: is not made for one that the server keeps with another form of the redirect URI, which is sent as it is kept', async () => {
    const { as } = scene;
    as.faults.registration = 'other-redirect-uris';
    await logIn(gateway, entry);
    expect((await scene.saved()).client.redirect_uri).toMatch(/^http:\/\/localhost:\d+\/callback$/);
    as.revokeLogins();
    await failureOf(callTool(gateway, entry));
    await logIn(gateway, entry);
    expect(as.counts.registrations).toBe(1);
  });
});

test('B15: a configured client is used, with its fixed port, and nothing is registered', async () => {
  const fixed = await freePort();
  const redirectUri = `http://127.0.0.1:${fixed}/callback`;
  const other = await startScene({
    authorization: {
      clients: [
        {
          client_id: 'by-hand',
          client_secret: 'canary-secret',
          token_endpoint_auth_method: 'client_secret_basic',
          redirect_uris: [redirectUri],
          configured: true,
        },
      ],
    },
  });
  const gateway = other.process();
  const entry = other.entry({ clientId: 'by-hand', clientSecret: new Secret('canary-secret'), callbackPort: fixed });
  await logIn(gateway, entry);
  expect(other.as.counts.registrations).toBe(0);
  expect((await callTool(gateway, entry)).status).toBe(200);
  await other.close();
});
