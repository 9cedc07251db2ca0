// Owns what a hanging and a crashing server cost the others: nothing, if all is well.
import { fileURLToPath } from 'node:url';
import { createWorkshop, echoProgram, stdioServer, throughGateway } from '../contestants.mjs';
import { inTurn, mapValues, median, timeCalls } from '../measure.mjs';

const fixture = (name) => stdioServer(fileURLToPath(new URL(`../../fixtures/servers/${name}.mjs`, import.meta.url)));
const echo = stdioServer(echoProgram);
const good = { 'good-1': echo, 'good-2': echo, 'good-3': echo };
const groups = {
  well: { ...good, other: echo, another: echo },
  ill: { ...good, other: fixture('hang'), another: fixture('crash-on-start') },
};

export async function isolation(report, { gateway: program, isolationRounds, calls }) {
  const workshop = createWorkshop(program);
  const visit = (servers) => async () => {
    const from = performance.now();
    const gateway = workshop.gateway(servers);
    try {
      await gateway.initialize();
      const others = ['other', 'another'].map((name) => throughGateway(gateway, name)().catch(() => undefined));
      await throughGateway(gateway, 'good-1')();
      const first = performance.now() - from;
      const again = setInterval(() => void throughGateway(gateway, 'another')().catch(() => undefined), 500);
      const later = median(await timeCalls(throughGateway(gateway, 'good-1'), calls));
      clearInterval(again);
      return { first, later, others };
    } finally {
      await gateway.close();
    }
  };
  try {
    const figures = await inTurn(mapValues(groups, visit), isolationRounds);
    const of = (name, figure) => figures[name].map((each) => each[figure]);
    report.title('Isolation: five servers, all called at once; one is timed (median)', [
      'all well',
      'two ill',
      'ratio',
    ]);
    for (const [figure, name, unit] of [
      ['first', 'from spawn to its first answer', 'ms'],
      ['later', 'each of its later calls', 'ms'],
    ]) {
      const [well, ill] = [of('well', figure), of('ill', figure)];
      report.cells(
        name,
        { 'all well': median(well), 'two ill': median(ill), ratio: median(ill) / median(well) },
        `${unit}, ×`,
        { ratio: { atMost: 1.1 } },
      );
    }
  } finally {
    workshop.remove();
  }
}
