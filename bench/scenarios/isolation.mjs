// Owns what a hanging and a crashing server cost the others: nothing, if all is well.
import { fileURLToPath } from 'node:url';
import { createWorkshop, echoProgram, stdioServer, throughGateway } from '../contestants.mjs';
import { inTurn, median, medianRatio } from '../measure.mjs';

const fixture = (name) => fileURLToPath(new URL(`../../fixtures/servers/${name}.mjs`, import.meta.url));
const echoes = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`good-${index}`, stdioServer(echoProgram)]));

export async function isolation(report, { rounds }) {
  const workshop = createWorkshop();
  const ill = { ...echoes(3), hanging: stdioServer(fixture('hang')), crashing: stdioServer(fixture('crash-on-start')) };
  /** From spawn to the first answer of a good server, after calls on the others were sent. */
  const firstAnswer = (servers) => async () => {
    const from = performance.now();
    const gateway = workshop.gateway(servers);
    await gateway.initialize();
    for (const name of Object.keys(servers).filter((each) => !each.startsWith('good-'))) {
      throughGateway(gateway, name)().catch(() => undefined);
    }
    await throughGateway(gateway, 'good-0')();
    const elapsed = performance.now() - from;
    await gateway.close();
    return elapsed;
  };
  try {
    const figures = await inTurn({ well: firstAnswer(echoes(5)), ill: firstAnswer(ill) }, Math.max(rounds, 5));
    report.title('Isolation: from spawn to the first answer of a good server (median)');
    report.row('five good servers', median(figures.well), 'ms');
    report.row('three good, one hanging, one crashing, all called', median(figures.ill), 'ms');
    report.row('with / without the two', medianRatio(figures.ill, figures.well), '×');
  } finally {
    workshop.remove();
  }
}
