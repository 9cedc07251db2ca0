// The whole login suite a second time, at an authorization server that nobody here wrote.
import { describe, expect, test } from 'vitest';
import { describeFrontDoor } from './authenticator.suite.ts';
import { describeJoinedLogins } from './joined-login.suite.ts';
import { describeLogins } from './login.suite.ts';
import { describeClients } from './login-client.suite.ts';
import { callTool, logIn } from './login-scene.ts';
import { startCommonOidcScene } from './oidc-scene.ts';

describe('at oidc-provider', () => {
  describeLogins(startCommonOidcScene);
  describeClients(startCommonOidcScene);
  describeJoinedLogins(startCommonOidcScene);
  describeFrontDoor(startCommonOidcScene);
});

test('a scope of the config that the server knows in requests alone does not keep the client from registering', async () => {
  const scene = await startCommonOidcScene();
  const entry = scene.entry({ scope: 'tools admin' });
  const gateway = scene.process();
  await logIn(gateway, entry);
  expect((await callTool(gateway, entry, 'admin')).status).toBe(200);
  expect(scene.authority.counts()).toMatchObject({ registrations: 1, codeExchanges: 1 });
  await scene.close();
});
