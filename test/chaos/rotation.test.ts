// Single-use refresh tokens and many processes: one token call for each expiry, whatever happens in between.
import { expect, onTestFinished, test } from 'vitest';
import { Stage, until } from '../helpers/stage.ts';
import { scale } from './scale.ts';

const processes = 8;
const expiries = 1000 * scale;

test(`A2: ${processes} gateways share ${expiries} expiries with one refresh each, and none is refused`, async () => {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  const { as, server } = await stage.protectedPair({ accessTokenSeconds: 3600 });
  const home = stage.home({
    servers: { crm: { url: server.url } },
    browser: 'approves',
    env: { GATEWAY_AUDIT_LOG: 'off' },
  });
  expect(await stage.run(home, ['login', 'crm'])).toMatchObject({ code: 0 });
  const gateways = await Promise.all(Array.from({ length: processes }, () => stage.gateway(home)));
  for (let expiry = 1; expiry <= expiries; expiry++) {
    as.expireAccessTokens();
    const results = await Promise.all(gateways.map((gateway) => gateway.execute('crm', 'whoami')));
    expect(results.every(({ structuredContent }) => structuredContent.subject === 'alice')).toBe(true);
    expect(as.counts.refreshes).toBe(expiry);
  }
  expect(as.counts).toMatchObject({ refusedRefreshes: 0, familyRevocations: 0, authorizations: 1 });
  expect(home.openings()).toHaveLength(1);
});

test('C25: others refresh within 20 s after the holder of the lock was killed in the middle of its refresh', async () => {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  const { as, server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
  expect(await stage.run(home, ['login', 'crm'])).toMatchObject({ code: 0 });
  const [holder, other] = [await stage.gateway(home), await stage.gateway(home)];
  await Promise.all([holder, other].map((gateway) => gateway.execute('crm', 'whoami')));
  as.expireAccessTokens();
  as.faults.token = 'hang';
  const lost = expect(holder.execute('crm', 'whoami')).rejects.toThrow('the server ended');
  await until(() => as.log.some(({ path, form }) => path === '/token' && form?.['grant_type'] === 'refresh_token'));
  process.kill(holder.pid, 'SIGKILL');
  delete as.faults.token;
  const killedAt = Date.now();
  await lost;
  expect((await other.execute('crm', 'whoami')).structuredContent.subject).toBe('alice');
  // A promise of the contract and no speed: the lock of a dead holder is given up after 15 s.
  expect(Date.now() - killedAt).toBeLessThan(20_000);
  expect(as.counts).toMatchObject({ authorizations: 1, refusedRefreshes: 0 });
});
