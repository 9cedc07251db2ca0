// Owns large results: how fast 1 and 10 MB pass, whole and cut, what a page of a cut one costs, and that 16 MB arrive
// whole.
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
  const cut = { stdio: stdioServer(echoProgram), http: { type: 'http', url: echo.url } };
  const whole = mapValues(cut, (entry) => ({ ...entry, maxResultBytes: 64 * megabyte }));
  const gateway = workshop.gateway({ ...whole, 'stdio-cut': cut.stdio, 'http-cut': cut.http });
  const relays = { stdio: floorOverStdio(), http: floorOverHttp(echo.url) };
  const servers = { stdio: direct(), http: directOverHttp(echo.url) };
  const clients = [gateway, ...Object.values(relays), ...Object.values(servers)];
  try {
    for (const client of clients) await client.initialize();
    for (const transport of ['stdio', 'http']) {
      const contestants = (args) => ({
        gateway: throughGateway(gateway, transport, 'big', args),
        'gateway, cut': throughGateway(gateway, `${transport}-cut`, 'big', args),
        floor: straight(relays[transport], 'big', args),
        direct: straight(servers[transport], 'big', args),
      });
      await compareSpeed(report, transport, contestants, settings);
    }
    await timePages(report, gateway, settings);
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
  for (const name of ['gateway', 'gateway, cut', 'floor', 'direct']) {
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
  report.cells(
    'gateway, cut / gateway',
    mapValues(speeds, (figures) => medianRatio(figures['gateway, cut'], figures.gateway)),
    '×',
  );
  const { content } = await contestants({ size: 16 * megabyte }).gateway();
  const whole = content[0].text === 'x'.repeat(16 * megabyte);
  report.row('a 16 MB result, MB that arrive unchanged', whole ? 16 : 0, 'MB', { atLeast: 16 });
}

/** All pages behind the head of 10 MB. */
async function timePages(report, gateway, { largeRounds }) {
  const times = [];
  for (let round = 0; round < largeRounds; round++) {
    let { _meta } = await throughGateway(gateway, 'stdio-cut', 'big', { size: 10 * megabyte })();
    let place = _meta['mcp-portico/large-result'];
    while (place.end < place.length) {
      const from = performance.now();
      ({ _meta } = await gateway.callTool('read_result', { result_id: place.result_id, offset: place.end }));
      times.push(performance.now() - from);
      place = _meta['mcp-portico/large-result'];
    }
  }
  report.title('Pages of a large result');
  report.row('read_result, a page of 1 MB', median(times), 'ms');
}

async function speedOf(call, size) {
  const from = performance.now();
  await call();
  return size / ((performance.now() - from) / 1000);
}
