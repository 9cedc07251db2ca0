import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../src/settings.ts';

describe('settings', () => {
  it('take the command line before the environment', () => {
    const env = { GATEWAY_AGENT: 'from-env', GATEWAY_DEBUG: '1', GATEWAY_DEFAULT_AGENT: 'fallback' };
    expect(resolveSettings({ agent: 'from-flag', debug: false }, env)).toMatchObject({
      lockedAgent: 'from-flag',
      defaultAgent: 'fallback',
      debug: false,
    });
    expect(resolveSettings({}, env)).toMatchObject({ lockedAgent: 'from-env', debug: true, logLevel: 'debug' });
  });

  it('count an empty variable as not set', () => {
    const settings = resolveSettings({}, { GATEWAY_AGENT: ' ', GATEWAY_LOGIN_WAIT_MS: '', GATEWAY_INIT_STRATEGY: '' });
    expect(settings).toMatchObject({ lockedAgent: undefined, loginWaitMs: undefined, initStrategy: undefined });
  });

  it.each([
    [undefined, true],
    ['on', true],
    ['OFF', false],
  ])('E40: GATEWAY_SHELL_PATH=%s: the login shell may be asked: %s', (value, askShell) => {
    expect(resolveSettings({}, { GATEWAY_SHELL_PATH: value })).toMatchObject({ askShell });
  });

  it.each([
    ['GATEWAY_LOGIN_WAIT_MS', 'soon'],
    ['GATEWAY_LOGIN_WAIT_MS', '-1'],
    ['GATEWAY_INIT_STRATEGY', 'never'],
    ['GATEWAY_LOG_LEVEL', 'loud'],
    ['GATEWAY_SHELL_PATH', '/bin'],
  ])('refuse %s=%s, naming the variable', (name, value) => {
    const expected = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) });
    expect(() => resolveSettings({}, { [name]: value })).toThrow(expected);
  });
});
