// Owns large results: how fast 1 and 10 MB pass, and that 16 MB arrive whole.
import { createWorkshop, echoProgram, floorOverStdio, stdioServer, straight, throughGateway } from '../contestants.mjs';
import { inTurn, median, medianRatio } from '../measure.mjs';

const megabyte = 1024 * 1024;

export async function largeResults(report, { rounds }) {
  const workshop = createWorkshop();
  const gateway = workshop.gateway({ echo: stdioServer(echoProgram) });
  const floor = floorOverStdio();
  try {
    for (const client of [gateway, floor]) await client.initialize();
    report.title('Large results over stdio');
    for (const size of [1, 10]) {
      const args = { size: size * megabyte };
      const speed = (call) => async () => {
        const from = performance.now();
        await call();
        return size / ((performance.now() - from) / 1000);
      };
      const figures = await inTurn(
        { gateway: speed(throughGateway(gateway, 'echo', 'big', args)), floor: speed(straight(floor, 'big', args)) },
        Math.max(rounds, 5),
      );
      report.row(`gateway, ${size} MB`, median(figures.gateway), 'MB/s');
      report.row(`floor, ${size} MB`, median(figures.floor), 'MB/s');
      report.row(`gateway / floor, ${size} MB`, medianRatio(figures.gateway, figures.floor), '×');
    }
    const { content } = await throughGateway(gateway, 'echo', 'big', { size: 16 * megabyte })();
    report.row('characters of a 16 MB result that arrive', content[0].text.length, '', { atLeast: 16 * megabyte });
  } finally {
    for (const client of [gateway, floor]) await client.close();
    workshop.remove();
  }
}
