// The story of a login at an authorization server that nobody here wrote.
import { describe } from 'vitest';
import { describeLogins } from './login.suite.ts';
import { startOidcScene } from './oidc-scene.ts';

describe('at oidc-provider', () => describeLogins(startOidcScene));
