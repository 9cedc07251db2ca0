// Owns the cost of one call at a time, and of many at once, over stdio and over Streamable HTTP.
import {
  createWorkshop,
  direct,
  directOverHttp,
  echoProgram,
  floorOverHttp,
  floorOverStdio,
  sdkGateway,
  sdkOverHttp,
  sdkOverStdio,
  startHttpEcho,
  stdioServer,
  straight,
  throughGateway,
} from '../contestants.mjs';
import { inTurn, mapValues, median, medianRatio, percentile, rateOf, timeCalls } from '../measure.mjs';
import { cpuMicrosOf } from '../process-figures.mjs';

const manyCallers = 64;
const shares = { p50: 0.5, p95: 0.95, p99: 0.99 };

export async function callsOverStdio(report, settings) {
  const workshop = createWorkshop(settings.gateway);
  const gateway = workshop.gateway({ echo: stdioServer(echoProgram) });
  const [floor, server, plain, sdk] = [floorOverStdio(), direct(), sdkGateway(), await sdkOverStdio(echoProgram)];
  try {
    for (const client of [gateway, floor, server, plain]) await client.initialize();
    const contestants = {
      gateway: { call: throughGateway(gateway, 'echo'), pid: gateway.pid },
      floor: { call: straight(floor), pid: floor.pid },
      direct: { call: straight(server) },
      'direct SDK': { call: straight(sdk) },
      'SDK on both sides': { call: throughGateway(plain, 'echo'), pid: plain.pid },
    };
    await compare(report, 'stdio', contestants, settings, { p50: { atMost: 2.2 }, rate: { atLeast: 0.35 } });
  } finally {
    for (const each of [gateway, floor, server, plain, sdk]) await each.close();
    workshop.remove();
  }
}

export async function callsOverHttp(report, settings) {
  const workshop = createWorkshop(settings.gateway);
  const echo = await startHttpEcho();
  const gateway = workshop.gateway({ echo: { type: 'http', url: echo.url } });
  const [floor, server, sdk] = [floorOverHttp(echo.url), directOverHttp(echo.url), await sdkOverHttp(echo.url)];
  try {
    for (const client of [gateway, floor, server]) await client.initialize();
    const contestants = {
      gateway: { call: throughGateway(gateway, 'echo'), pid: gateway.pid },
      floor: { call: straight(floor), pid: floor.pid },
      direct: { call: straight(server) },
      'direct SDK': { call: straight(sdk) },
    };
    const forHttp = { ...settings, parallelCalls: settings.parallelHttpCalls };
    await compare(report, 'Streamable HTTP', contestants, forHttp, {});
  } finally {
    for (const each of [gateway, floor, server, sdk, echo]) await each.close();
    workshop.remove();
  }
}

async function compare(report, transport, contestants, settings, targets) {
  for (const { call } of Object.values(contestants)) await timeCalls(call, settings.warmUp, 8);
  await compareLatency(report, transport, contestants, settings, targets.p50);
  await compareRate(report, transport, contestants, settings, targets.rate);
}

async function compareLatency(report, transport, contestants, { rounds, calls }, target) {
  const runs = mapValues(contestants, ({ call, pid }) => withCpu(pid, calls, () => timeCalls(call, calls)));
  const figures = await inTurn(runs, rounds);
  const samples = mapValues(figures, (results) => results.map(({ outcome }) => outcome));
  const times = mapValues(samples, (each) => mapValues(shares, (share) => percentile(each.flat(), share)));
  const medians = mapValues(samples, (each) => each.map(median));
  report.title(`One call at a time over ${transport} (${rounds} × ${calls} calls)`, Object.keys(shares));
  for (const [name, values] of Object.entries(times)) report.cells(name, values, 'ms');
  for (const name of ['floor', 'direct']) {
    const added = mapValues(times.gateway, (value, share) => value - times[name][share]);
    report.cells(`added by the gateway to ${name}`, added, 'ms');
  }
  for (const [one, other] of pairs(contestants)) {
    const ratios = mapValues(times[one], (value, share) => value / times[other][share]);
    const row = { ...ratios, p50: medianRatio(medians[one], medians[other]) };
    const counts = one === 'gateway' && other === 'floor' && target;
    report.cells(`${one} / ${other}`, row, '×', counts ? { p50: target } : {});
  }
  reportCpu(report, figures);
}

async function compareRate(report, transport, contestants, { rounds, parallelCalls: count }, target) {
  const runs = mapValues(contestants, ({ call, pid }) => withCpu(pid, count, () => rateOf(call, count, manyCallers)));
  const figures = await inTurn(runs, rounds);
  const rates = mapValues(figures, (results) => results.map(({ outcome }) => outcome));
  report.title(`${manyCallers} callers at once over ${transport} (${rounds} × ${count} calls)`);
  for (const [name, values] of Object.entries(rates)) report.row(name, median(values), 'calls/s');
  for (const [one, other] of pairs(contestants)) {
    const counts = one === 'gateway' && other === 'floor';
    report.row(`${one} / ${other}`, medianRatio(rates[one], rates[other]), '×', counts ? target : undefined);
  }
  reportCpu(report, figures);
}

/** What `run` gives, and the processor time that the process took for each call: the figure that noise moves least. */
function withCpu(pid, count, run) {
  return async () => {
    const before = cpuMicrosOf(pid);
    const outcome = await run();
    return { outcome, cpuMicros: (cpuMicrosOf(pid) - before) / count };
  };
}

function reportCpu(report, figures) {
  for (const [name, results] of Object.entries(figures)) {
    const cpuMicros = median(results.map((each) => each.cpuMicros));
    if (!Number.isNaN(cpuMicros)) report.row(`processor time of ${name}, per call`, cpuMicros, 'µs');
  }
}

/** Which ratios are of interest: the gateway's to everything, and to the floor what is there for scale. */
function pairs(contestants) {
  const ratios = Object.keys(contestants)
    .filter((name) => name !== 'gateway')
    .map((name) => ['gateway', name]);
  return 'SDK on both sides' in contestants ? [...ratios, ['SDK on both sides', 'floor']] : ratios;
}
