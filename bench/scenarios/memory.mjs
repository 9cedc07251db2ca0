// Owns resident memory of the gateway's own process: idle with many servers, and after many calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorkshop, echoProgram, stdioServer, throughGateway } from '../contestants.mjs';
import { timeCalls } from '../measure.mjs';

/** Until what start-up left behind has been collected. Milliseconds. */
const settleMs = 1500;

export async function memory(report, { calls }) {
  const workshop = createWorkshop();
  report.title('Resident memory of the gateway');
  try {
    for (const count of [1, 20, 50]) {
      const servers = Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`server-${index}`, stdioServer(echoProgram)]),
      );
      const gateway = workshop.gateway(servers);
      await gateway.initialize();
      await sleep(settleMs);
      report.row(
        `${count} configured servers, idle`,
        gateway.residentMb(),
        'MB',
        count === 50 ? { atMost: 75 } : undefined,
      );
      if (count === 1) {
        await timeCalls(throughGateway(gateway, 'server-0'), calls, 8);
        report.row(`after ${calls} calls`, gateway.residentMb(), 'MB');
      }
      await gateway.close();
    }
  } finally {
    workshop.remove();
  }
}
