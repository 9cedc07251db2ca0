// Owns resident memory of the gateway's own process: idle with many servers, connected to them, and after many calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorkshop, direct, echoServers, throughGateway } from '../contestants.mjs';
import { timeCalls } from '../measure.mjs';
import { memoryMbOf } from '../process-figures.mjs';

/** Until what start-up left behind has been dealt with. Milliseconds. */
const settleMs = 800;
const limit = { resident: { atMost: 75 } };
/** Starting 50 servers takes a small machine a while. */
const connectLimitMs = 60_000;

export async function memory(report, { gateway: program, manyCalls, connected }) {
  const workshop = createWorkshop(program);
  report.title('Memory of the gateway’s process alone', ['resident', 'own']);
  const show = (name, client, targets) => {
    const figures = memoryMbOf(client.pid);
    if (figures) report.cells(name, figures, 'MB', targets);
  };
  const visit = async (client, look) => {
    await client.initialize();
    await sleep(settleMs);
    await look();
    await client.close();
  };
  try {
    const bare = direct();
    await visit(bare, () => show('for scale: a bare Node server', bare));
    for (const count of [1, 20, 50]) {
      const gateway = workshop.gateway(echoServers(count));
      await visit(gateway, () => show(`${count} configured, none started`, gateway, count === 50 ? limit : {}));
    }
    const busy = workshop.gateway(echoServers(1));
    await visit(busy, async () => {
      await timeCalls(throughGateway(busy, 'server-0'), 1);
      await sleep(settleMs);
      show('1 connected', busy);
      await timeCalls(throughGateway(busy, 'server-0'), manyCalls, 8);
      await sleep(settleMs);
      show(`1 connected, after ${manyCalls} calls`, busy);
    });
    const eager = workshop.gateway(echoServers(connected), { GATEWAY_INIT_STRATEGY: 'eager' });
    await visit(eager, async () => {
      await untilReady(eager);
      await sleep(settleMs);
      show(`${connected} connected and idle`, eager, limit);
    });
  } finally {
    workshop.remove();
  }
}

async function untilReady(gateway) {
  for (const endsAt = Date.now() + connectLimitMs; Date.now() < endsAt; await sleep(200)) {
    const { structuredContent } = await gateway.callTool('list_servers', {});
    if (structuredContent.servers.every(({ state }) => state === 'ready')) return;
  }
  throw new Error('not all servers were connected in time');
}
