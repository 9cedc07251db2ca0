// Owns the time from the start of the process to the answer to `initialize`.
import { createWorkshop, direct, echoServers, sdkEchoProgram, sdkOverStdio } from '../contestants.mjs';
import { inTurn, median, medianRatio } from '../measure.mjs';

/** `connect` resolves to something that can be closed. */
async function timed(connect) {
  const from = performance.now();
  const client = await connect();
  const elapsed = performance.now() - from;
  await client.close();
  return elapsed;
}

async function initialized(client) {
  await client.initialize();
  return client;
}

export async function startUp(report, { gateway, startUpRounds, eagerRounds }) {
  const workshop = createWorkshop(gateway);
  const started = (count, env) => () => timed(() => initialized(workshop.gateway(echoServers(count), env)));
  const eager = { GATEWAY_INIT_STRATEGY: 'eager' };
  try {
    const figures = await inTurn(
      {
        bare: () => timed(() => initialized(direct())),
        sdk: () => timed(() => sdkOverStdio(sdkEchoProgram)),
        one: started(1),
        twenty: started(20),
        fifty: started(50),
      },
      startUpRounds,
    );
    const eagerly = await inTurn({ one: started(1, eager), fifty: started(50, eager) }, eagerRounds);
    report.title('Start-up: from spawn to the answer to initialize (median)');
    report.row('direct: a bare Node server, raw client', median(figures.bare), 'ms');
    report.row('direct: an SDK server, SDK client', median(figures.sdk), 'ms');
    report.row('gateway, 1 server', median(figures.one), 'ms', { atMost: 300 });
    report.row('gateway, 20 servers', median(figures.twenty), 'ms');
    report.row('gateway, 50 servers', median(figures.fifty), 'ms');
    report.row('gateway, 50 servers, all started at once', median(eagerly.fifty), 'ms');
    report.row('1 server / direct SDK', medianRatio(figures.one, figures.sdk), '×', { atMost: 3 });
    report.row('20 servers / direct SDK', medianRatio(figures.twenty, figures.sdk), '×');
    report.row('50 servers / direct SDK', medianRatio(figures.fifty, figures.sdk), '×');
    report.row('20 servers / 1 server', medianRatio(figures.twenty, figures.one), '×');
    report.row('50 servers / 1 server', medianRatio(figures.fifty, figures.one), '×', { atMost: 1.5 });
    report.row('50 / 1, all started at once', medianRatio(eagerly.fifty, eagerly.one), '×', { atMost: 1.5 });
  } finally {
    workshop.remove();
  }
}
