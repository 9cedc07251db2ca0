// Which client a login uses at our own authorization server, and what only its switches can do to a registration.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { describeClients } from './login-client.suite.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startCommonScene, startScene } from './login-scene.ts';

describe('at our own authorization server', () => describeClients(startCommonScene));

describe('a new registration', () => {
  let scene: Scene;
  let gateway: Authenticator;
  let entry: HttpServerEntry;

  beforeEach(async () => {
    scene = await startScene();
    gateway = scene.process();
    entry = scene.entry();
  });

  afterEach(() => scene.close());

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
