import { describe, expect, it } from 'vitest';
import { createScene, host } from './scene.ts';

const crm = { crm: { entry: { kind: 'http' } } } as const;
const ask = { server: 'crm', restart: false };
const never = new Promise<void>(() => undefined);

describe('login_server', () => {
  it('answers with the URL and how long it holds', async () => {
    const { gateway, clock } = createScene({
      servers: crm,
      login: async () => ({
        loginUrl: 'https://as.test/a',
        expiresAt: clock.now + 600_000,
        browserOpened: false,
        done: never,
      }),
    });
    expect(await gateway.loginServer(ask, host())).toMatchObject({
      state: 'login_pending',
      login_url: 'https://as.test/a',
      expires_in_s: 600,
    });
  });

  it('gives the code of a device login, and says what to do with it', async () => {
    const { gateway } = createScene({
      servers: crm,
      login: async () => ({
        loginUrl: 'https://as.test/device',
        userCode: 'AB-CD',
        expiresAt: 0,
        browserOpened: false,
        done: never,
      }),
    });
    const offers: string[] = [];
    const answer = await gateway.loginServer(ask, host({ offerUrl: (_url, message) => void offers.push(message) }));
    expect(answer).toMatchObject({ user_code: 'AB-CD', hint: expect.stringContaining('AB-CD') });
    expect(answer.hint).not.toContain('callback_url');
    expect(offers).toEqual([expect.stringContaining('AB-CD')]);
  });

  it('says so where the URL holds only for a minute', async () => {
    const attempt = {
      loginUrl: 'https://as.test/a',
      urlHoldsMs: 60_000,
      expiresAt: 0,
      browserOpened: false,
      done: never,
    };
    const { gateway } = createScene({ servers: crm, login: async () => attempt });
    expect((await gateway.loginServer(ask, host())).hint).toContain('opened for 60 s');
  });

  it('opens a window each time it is asked: explicit requests are not limited', async () => {
    const { gateway, loginRequests } = createScene({
      servers: crm,
      login: async () => ({ loginUrl: 'https://as.test/a', expiresAt: 0, browserOpened: true, done: never }),
    });
    await gateway.loginServer(ask, host());
    await gateway.loginServer({ ...ask, restart: true }, host());
    expect(loginRequests).toMatchObject([
      { request: { openBrowser: true, restart: false } },
      { request: { openBrowser: true, restart: true } },
    ]);
  });

  it('says so when the login is there', async () => {
    const { gateway } = createScene({
      servers: crm,
      login: async () => ({ expiresAt: 0, browserOpened: false, done: Promise.resolve() }),
      loginStatus: () => ({ kind: 'logged_in', account: 'ann', canRefresh: true }),
    });
    expect(await gateway.loginServer(ask, host())).toMatchObject({ state: 'logged_in', account: 'ann' });
  });

  it('finishes a login by a pasted callback URL without starting another', async () => {
    const { gateway, loginRequests } = createScene({ servers: crm });
    const answer = await gateway.loginServer({ ...ask, callbackUrl: 'http://127.0.0.1/callback?code=1' }, host());
    expect(answer.state).toBe('logged_in');
    expect(loginRequests).toEqual([]);
  });

  it.each([
    ['a local command', { crm: {} }, undefined],
    ['a server with a fixed header', crm, { kind: 'off' }],
  ] as const)('refuses %s in one sentence', async (_case, servers, status) => {
    const { gateway } = createScene({ servers, ...(status && { loginStatus: () => status }) });
    await expect(gateway.loginServer(ask, host())).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS', server: 'crm' });
  });
});
