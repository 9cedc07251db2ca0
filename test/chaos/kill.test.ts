// kill -9 at 200 moments of a login and of a refresh: the file is whole, and the next gateway works.
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { parseLoginRecord } from '../../src/auth/login-record.ts';
import type { Home } from '../helpers/home.ts';
import { Stage } from '../helpers/stage.ts';
import { scale } from './scale.ts';

const killsPerMoment = 100 * scale;
const lanes = Math.min(10, killsPerMoment);

/** Whole, or not there. */
function checkFiles(home: Home): void {
  for (const path of home.loginFiles()) {
    const parsed = parseLoginRecord(JSON.parse(readFileSync(path, 'utf8')));
    expect(parsed.kind, path).toBe('record');
    expect(home.mode(path)).toBe('600');
  }
}

/** Starts a gateway, lets it call, and kills it `delayMs` after the call. */
async function killDuringCall(stage: Stage, home: Home, delayMs: number): Promise<void> {
  const gateway = await stage.gateway(home);
  const call = gateway.execute('crm', 'whoami').then(
    () => undefined,
    () => undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  process.kill(gateway.pid, 'SIGKILL');
  await gateway.exited;
  await call;
}

test.each(['login', 'refresh'] as const)(`${killsPerMoment} kills during a %s`, async (moment) => {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  const lane = async (number: number): Promise<void> => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    const prepare = async (): Promise<void> => {
      if (moment === 'login') await stage.run(home, ['logout', 'crm']);
      else as.expireAccessTokens();
    };
    /** Of a whole call with a gateway of its own, in milliseconds. */
    const timeOfCall = async (): Promise<number> => {
      const gateway = await stage.gateway(home);
      const startedAt = Date.now();
      expect((await gateway.execute('crm', 'whoami')).structuredContent.subject).toBe('alice');
      const took = Date.now() - startedAt;
      await gateway.stop();
      return took;
    };
    await timeOfCall();
    await prepare();
    const wholeMs = await timeOfCall();
    // The moments of all lanes together are spread over the time that a whole call takes.
    for (let kill = number; kill < killsPerMoment; kill += lanes) {
      await prepare();
      await killDuringCall(stage, home, (wholeMs * kill) / killsPerMoment);
      checkFiles(home);
      await timeOfCall();
      checkFiles(home);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
});
