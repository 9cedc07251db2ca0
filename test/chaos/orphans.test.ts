// kill -9 of the host in the middle of a call, again and again: nothing of what its gateway started is left.
import { expect, onTestFinished, test } from 'vitest';
import { doomedHosts } from '../helpers/doomed-hosts.ts';
import { Stage } from '../helpers/stage.ts';
import { scale } from './scale.ts';

const batch = 10;
const batches = Math.max(1, Math.round(5 * scale));
/** The promise. */
const promisedMs = 5000;

// Only Linux shows the environment of processes, by which they are found.
test.skipIf(process.platform !== 'linux')(
  `E38: ${batch * batches} hosts are killed, and 5 s later none of their processes is left`,
  async () => {
    const stage = new Stage();
    onTestFinished(() => stage.close());
    const hosts = doomedHosts(stage);
    for (let count = 0; count < batches; count++) {
      await hosts.start(Array.from({ length: batch }, () => 'SIGKILL' as const));
      // Of each: the host, the gateway, its guard, and a shell that started a program that started another.
      expect(hosts.running().length).toBeGreaterThanOrEqual(6 * batch);
      hosts.end();
      expect(await hosts.leftAfter(promisedMs)).toEqual([]);
    }
  },
);
