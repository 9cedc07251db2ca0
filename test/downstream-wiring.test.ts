// Tests of src/downstream-wiring.ts: what the gateway forgets of a server when somebody else may be logged in.
import { expect, it } from 'vitest';
import { forgettingTools } from '../src/downstream-wiring.ts';
import type { Logins } from '../src/login-wiring.ts';

function scene(done: Promise<void>, loginUrl?: string) {
  const forgotten: string[] = [];
  const attempt = { done, expiresAt: 0, browserOpened: false, ...(loginUrl !== undefined && { loginUrl }) };
  const logins: Logins = {
    login: async () => attempt,
    finish: async () => undefined,
    status: async () => ({ kind: 'none' }),
    logout: async () => 'deleted',
    mayNeedLogin: async () => true,
    reportPlace: async () => undefined,
  };
  const forgetTools = async (server: string) => void forgotten.push(server);
  return { forgotten, logins: forgettingTools(logins, { forgetTools, has: () => true }) };
}

const request = { openBrowser: false };

it('forgets the tools of a server when a login to it succeeds, before whoever waits for it goes on', async () => {
  const { forgotten, logins } = scene(Promise.resolve(), 'https://as.test/authorize');
  await (await logins.login('crm', request)).done;
  expect(forgotten).toEqual(['crm']);
});

it('keeps them where the login was there already, or failed', async () => {
  const there = scene(Promise.resolve());
  await (await there.logins.login('crm', request)).done;
  const failed = scene(Promise.reject(new Error('refused')), 'https://as.test/authorize');
  await expect((await failed.logins.login('crm', request)).done).rejects.toThrow('refused');
  expect([...there.forgotten, ...failed.forgotten]).toEqual([]);
});

it('forgets them with a logout', async () => {
  const { forgotten, logins } = scene(Promise.resolve());
  expect(await logins.logout('crm')).toBe('deleted');
  expect(forgotten).toEqual(['crm']);
});
