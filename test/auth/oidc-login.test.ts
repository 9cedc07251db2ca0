// The whole login suite a second time, at an authorization server that nobody here wrote.
import { describe } from 'vitest';
import { describeFrontDoor } from './authenticator.suite.ts';
import { describeJoinedLogins } from './joined-login.suite.ts';
import { describeLogins } from './login.suite.ts';
import { describeClients } from './login-client.suite.ts';
import { startCommonOidcScene } from './oidc-scene.ts';

describe('at oidc-provider', () => {
  describeLogins(startCommonOidcScene);
  describeClients(startCommonOidcScene);
  describeJoinedLogins(startCommonOidcScene);
  describeFrontDoor(startCommonOidcScene);
});
