// Owns the time from the start of the process to the answer to `initialize`.

import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createWorkshop, echoProgram, sdkEchoProgram, stdioServer } from '../contestants.mjs';
import { inTurn, median, medianRatio } from '../measure.mjs';

async function timed(start) {
  const from = performance.now();
  const client = start();
  await client.initialize();
  const elapsed = performance.now() - from;
  await client.close();
  return elapsed;
}

/** A direct connection as hosts make it: the SDK's client to a server built with the SDK. */
async function timedSdk() {
  const from = performance.now();
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [sdkEchoProgram], stderr: 'ignore' }),
  );
  const elapsed = performance.now() - from;
  await client.close();
  return elapsed;
}

export async function startUp(report, { rounds }) {
  const workshop = createWorkshop();
  const servers = (count) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`server-${index}`, stdioServer(echoProgram)]));
  const [one, twenty, fifty] = [servers(1), servers(20), servers(50)];
  try {
    const figures = await inTurn(
      {
        direct: timedSdk,
        one: () => timed(() => workshop.gateway(one)),
        twenty: () => timed(() => workshop.gateway(twenty)),
        fifty: () => timed(() => workshop.gateway(fifty)),
      },
      Math.max(rounds, 10),
    );
    report.title('Start-up: from spawn to the answer to initialize (median)');
    report.row('direct SDK connection', median(figures.direct), 'ms');
    report.row('gateway, 1 server', median(figures.one), 'ms', { atMost: 300 });
    report.row('gateway, 1 server / direct', medianRatio(figures.one, figures.direct), '×', { atMost: 3 });
    report.row('gateway, 20 servers / 1 server', medianRatio(figures.twenty, figures.one), '×');
    report.row('gateway, 50 servers / 1 server', medianRatio(figures.fifty, figures.one), '×', { atMost: 1.5 });
  } finally {
    workshop.remove();
  }
}
