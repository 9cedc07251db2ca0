// An authorization server that is away for a minute around an expiry.
import { afterEach, expect, test } from 'vitest';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene } from './login-scene.ts';

let scene: Scene;

afterEach(() => scene.close());

test('A4: an authorization server that is down for a minute around an expiry costs no login', async () => {
  scene = await startScene({ authorization: { accessTokenSeconds: 100 } });
  let now = Date.now();
  const gateways = [scene.process({ now: () => now }), scene.process({ now: () => now })];
  const entry = scene.entry();
  const [first] = gateways;
  if (first) await logIn(first, entry);
  scene.as.faults.token = 'drop';
  const outcomes = new Set<unknown>();
  const before = now;
  // 25 s before the end a refresh is due; 30 s later the token has expired for both sides.
  for (now = before + 70_000; now < before + 130_000; now += 1000) {
    if (now === before + 101_000) scene.as.expireAccessTokens();
    for (const gateway of gateways) {
      const outcome = await callTool(gateway, entry).catch((error: { code?: unknown }) => error);
      outcomes.add(outcome instanceof Response ? outcome.status : outcome.code);
    }
  }
  expect(outcomes).toEqual(new Set([200, 'SERVER_UNAVAILABLE']));
  const attempts = scene.as.log.filter(({ form }) => form?.['grant_type'] === 'refresh_token').length;
  expect(attempts).toBeGreaterThan(2);
  // Two processes that back off (1, 2, 4 … 60 s), and not one attempt for each call.
  expect(attempts).toBeLessThan(20);
  delete scene.as.faults.token;
  expect(await failureOf(callTool(gateways[0] ?? scene.process(), entry))).toMatchObject({
    hint: expect.stringContaining('The login is kept'),
  });
  now += 60_000;
  for (const gateway of gateways) expect((await callTool(gateway, entry)).status).toBe(200);
  expect(scene.as.counts).toMatchObject({ authorizations: 1, refusedRefreshes: 0 });
});
