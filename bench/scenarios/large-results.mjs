// Owns large results: how fast 1 and 10 MB pass, and that 16 MB arrive whole.
import {
  createWorkshop,
  direct,
  directOverHttp,
  echoProgram,
  floorOverHttp,
  floorOverStdio,
  startHttpEcho,
  stdioServer,
  straight,
  throughGateway,
} from '../contestants.mjs';
import { inTurn, mapValues, median, medianRatio } from '../measure.mjs';

const megabyte = 1024 * 1024;

export async function largeResults(report, settings) {
  const workshop = createWorkshop(settings.gateway);
  const echo = await startHttpEcho();
  const http = { type: 'http', url: echo.url };
  const gateway = workshop.gateway({ stdio: stdioServer(echoProgram), http });
  const relays = { stdio: floorOverStdio(), http: floorOverHttp(echo.url) };
  const servers = { stdio: direct(), http: directOverHttp(echo.url) };
  const clients = [gateway, ...Object.values(relays), ...Object.values(servers)];
  try {
    for (const client of clients) await client.initialize();
    for (const transport of ['stdio', 'http']) {
      const contestants = (args) => ({
        gateway: throughGateway(gateway, transport, 'big', args),
        floor: straight(relays[transport], 'big', args),
        direct: straight(servers[transport], 'big', args),
      });
      await compareSpeed(report, transport, contestants, settings);
    }
  } finally {
    for (const each of [...clients, echo]) await each.close();
    workshop.remove();
  }
}

async function compareSpeed(report, transport, contestants, { largeRounds }) {
  const speeds = {};
  for (const size of [1, 10]) {
    const runs = mapValues(contestants({ size: size * megabyte }), (call) => () => speedOf(call, size));
    await inTurn(runs, 1);
    speeds[`${size} MB`] = await inTurn(runs, largeRounds);
  }
  report.title(`Large results over ${transport}`, Object.keys(speeds));
  for (const name of ['gateway', 'floor', 'direct']) {
    report.cells(
      name,
      mapValues(speeds, (figures) => median(figures[name])),
      'MB/s',
    );
  }
  for (const name of ['floor', 'direct']) {
    report.cells(
      `gateway / ${name}`,
      mapValues(speeds, (figures) => medianRatio(figures.gateway, figures[name])),
      '×',
    );
  }
  const { content } = await contestants({ size: 16 * megabyte }).gateway();
  const whole = content[0].text === 'x'.repeat(16 * megabyte);
  report.row('a 16 MB result, MB that arrive unchanged', whole ? 16 : 0, 'MB', { atLeast: 16 });
}

async function speedOf(call, size) {
  const from = performance.now();
  await call();
  return size / ((performance.now() - from) / 1000);
}
