// Owns the cost of one call at a time, and of many at once, over stdio and over Streamable HTTP.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createWorkshop,
  direct,
  echoProgram,
  floorOverHttp,
  floorOverStdio,
  startHttpEcho,
  stdioServer,
  straight,
  throughGateway,
} from '../contestants.mjs';
import { inTurn, median, medianRatio, percentile, timeCalls } from '../measure.mjs';

const manyCallers = 64;

/** Calls on the SDK's client to the echo server itself. */
async function connectSdk() {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [echoProgram], stderr: 'ignore' }));
  return {
    call: () => client.callTool({ name: 'echo', arguments: { message: 'hello' } }),
    close: () => client.close(),
  };
}

export async function callsOverStdio(report, settings) {
  const workshop = createWorkshop();
  const gateway = workshop.gateway({ echo: stdioServer(echoProgram) });
  const [floor, server, sdk] = [floorOverStdio(), direct(), await connectSdk()];
  try {
    for (const client of [gateway, floor, server]) await client.initialize();
    const calls = {
      gateway: throughGateway(gateway, 'echo'),
      floor: straight(floor),
      direct: straight(server),
      'direct SDK': sdk.call,
    };
    await compare(report, 'stdio', calls, settings, { p50: { atMost: 2.2 }, rate: { atLeast: 0.35 } });
  } finally {
    for (const each of [gateway, floor, server, sdk]) await each.close();
    workshop.remove();
  }
}

export async function callsOverHttp(report, settings) {
  const workshop = createWorkshop();
  const echo = await startHttpEcho();
  const gateway = workshop.gateway({ echo: { type: 'http', url: echo.url } });
  const floor = floorOverHttp(echo.url);
  try {
    for (const client of [gateway, floor]) await client.initialize();
    await compare(
      report,
      'Streamable HTTP',
      { gateway: throughGateway(gateway, 'echo'), floor: straight(floor) },
      settings,
      {},
    );
  } finally {
    for (const each of [gateway, floor, echo]) await each.close();
    workshop.remove();
  }
}

async function compare(report, transport, calls, { rounds, count }, targets) {
  for (const call of Object.values(calls)) await timeCalls(call, Math.min(count, 500));
  const sequential = await inTurn(
    mapValues(calls, (call) => () => timeCalls(call, count)),
    rounds,
  );
  const p50 = mapValues(sequential, (samples) => samples.map(median));
  report.title(`One call at a time over ${transport} (${rounds} rounds of ${count} calls)`);
  for (const [name, values] of Object.entries(p50)) report.row(`${name} p50`, median(values), 'ms');
  for (const name of Object.keys(calls).filter((each) => each !== 'gateway')) {
    report.row(
      `gateway / ${name}, p50`,
      medianRatio(p50.gateway, p50[name]),
      '×',
      name === 'floor' ? targets.p50 : undefined,
    );
  }
  for (const share of [0.5, 0.95, 0.99]) {
    const added = sequential.gateway.map(
      (samples, round) => percentile(samples, share) - percentile(sequential.floor[round], share),
    );
    report.row(`added to floor, p${share * 100}`, median(added), 'ms');
  }
  const parallel = await inTurn(
    mapValues(calls, (call) => () => rateOf(call, count * 4)),
    rounds,
  );
  report.title(`${manyCallers} callers at once over ${transport}`);
  for (const [name, values] of Object.entries(parallel)) report.row(`${name}`, median(values), 'calls/s');
  for (const name of Object.keys(calls).filter((each) => each !== 'gateway')) {
    report.row(
      `gateway / ${name}`,
      medianRatio(parallel.gateway, parallel[name]),
      '×',
      name === 'floor' ? targets.rate : undefined,
    );
  }
}

async function rateOf(call, count) {
  const from = performance.now();
  await timeCalls(call, count, manyCallers);
  return (count / (performance.now() - from)) * 1000;
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
