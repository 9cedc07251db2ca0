// A login that is used for a long time: nobody is asked again, whatever the clock, the process and the lid of the laptop do.
import { afterEach, expect, test } from 'vitest';
import { openStage, type ProviderStage } from './providers/provider-stage.ts';

let stage: ProviderStage;

afterEach(() => stage.close());

test('A1: ten minutes of calls with tokens of five seconds, a night of sleep and a new process ask nobody again', async () => {
  stage = await openStage({
    url: 'https://mcp.example/mcp',
    issuer: 'https://mcp.example',
    authorization: { accessTokenSeconds: 5 },
  });
  const entry = await stage.entry();
  const gateway = stage.process();
  await stage.logIn(gateway, entry);
  const seen = stage.server.log.length;
  const statuses = new Set<number>();
  const call = async (by = gateway): Promise<void> => void statuses.add((await stage.call(by, entry)).status);

  for (let second = 0; second < 600; second++) {
    stage.wait(1000);
    await call();
  }
  // The lid is closed for a night, and the process with it.
  stage.wait(8 * 3_600_000);
  await call();
  stage.wait(3_600_000);
  await call(stage.process());

  expect([...statuses]).toEqual([200]);
  expect(new Set(stage.mcpStatuses(seen))).toEqual(new Set([200]));
  expect(stage.opened).toHaveLength(1);
  const { authorizations, refreshes, refusedRefreshes, familyRevocations } = stage.as.counts;
  expect({ authorizations, refusedRefreshes, familyRevocations }).toEqual({
    authorizations: 1,
    refusedRefreshes: 0,
    familyRevocations: 0,
  });
  // A quarter of five seconds before the end, so every fourth second; the night and the new process are two more.
  expect(refreshes).toBe(600 / 4 + 2);
});

test('A1: a token that is rejected in mid-life is refreshed once, and the same request is sent again', async () => {
  stage = await openStage({ url: 'https://mcp.example/mcp', issuer: 'https://mcp.example' });
  const entry = await stage.entry();
  const gateway = stage.process();
  await stage.logIn(gateway, entry);
  stage.server.revokeAll();
  const seen = stage.server.log.length;
  expect((await stage.call(gateway, entry)).status).toBe(200);
  const [rejected, replayed] = stage.server.log.slice(seen).filter(({ path }) => path === '/mcp');
  expect([rejected?.status, replayed?.status]).toEqual([401, 200]);
  expect(replayed?.json).toEqual(rejected?.json);
  expect(stage.as.counts).toMatchObject({ refreshes: 1, authorizations: 1 });
});
