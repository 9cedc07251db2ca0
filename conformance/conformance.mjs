// Owns `npm run conformance`: the official suite through the built gateway, as its client and as its server, and the exit
// code: 0 when everything passed, 1 when something did not, 2 when the suite could not be run.
//
//   node conformance/conformance.mjs [--only SCENARIO] [--spec REVISION] [--leg client|server] [--verbose] [--jobs N]
//                                    [--gateway FILE] [--without-gateway]
import { resolve } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { problemsOf } from './judge.mjs';
import { outside } from './outside.mjs';
import { chosen, legs, planOf, revisions } from './plan.mjs';
import { detailsOf, summaryOf, tableOf } from './report.mjs';
import { runScenario } from './run-scenario.mjs';
import { runServerScenario } from './run-server-scenario.mjs';
import { bringSuite } from './suite.mjs';

/** Whatever hangs, this ends. Milliseconds. */
const limitMs = 10 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    spec: { type: 'string' },
    leg: { type: 'string' },
    'without-gateway': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '3' },
    gateway: { type: 'string', default: fileURLToPath(new URL('../dist/main.js', import.meta.url)) },
  },
});

/** @param {string} message @returns {never} */
function giveUp(message) {
  console.error(message);
  process.exit(2);
}

// Leaving by `exit` ends every child on the way out.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(2));
setTimeout(() => giveUp(`not done after ${limitMs / 60_000} minutes`), limitMs).unref();

function openSuite() {
  try {
    return bringSuite({ env, print: console.error });
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : String(error));
  }
}

const from = performance.now();
const suite = openSuite();
const full = legs.flatMap((leg) =>
  revisions.flatMap((revision) => planOf(revision, suite.requirements(revision), leg)),
);
const plan = full.filter(({ leg, scenario }) => leg === 'client' || outside[scenario] === undefined);
const gone = Object.keys(outside).filter((name) => !full.some(({ scenario }) => scenario === name));
if (gone.length > 0) giveUp(`outside.mjs names what no requirement set lists: ${gone.join(', ')}`);
// Without the gateway there is only the server to be judged, and the bridge before it.
const leg = values['without-gateway'] ? 'server' : values.leg;
const asked = chosen(plan, { ...values, leg });
if (asked.length === 0)
  giveUp(`no such scenario; there are ${[...new Set(plan.map((one) => one.scenario))].join(', ')}`);

/** @param {import('./plan.mjs').Planned} planned @returns {Promise<import('./report.mjs').Row>} */
async function rowOf(planned) {
  const { revision, scenario } = planned;
  const gateway = resolve(values.gateway);
  const ran =
    planned.leg === 'client'
      ? await runScenario({ suite, scenario, revision, gateway })
      : await runServerScenario({
          suite,
          scenario,
          revision,
          gateway: values['without-gateway'] ? undefined : gateway,
        });
  const problems = problemsOf(scenario, ran);
  return { planned, ran, problems };
}

/** @type {Map<import('./plan.mjs').Planned, import('./report.mjs').Row>} */
const rows = new Map();
const waiting = asked.filter(({ alone }) => !alone);
const work = async () => {
  for (let planned = waiting.shift(); planned !== undefined; planned = waiting.shift()) {
    rows.set(planned, await rowOf(planned));
  }
};
await Promise.all(Array.from({ length: Number(values.jobs) || 1 }, work));
for (const planned of asked) if (planned.alone) rows.set(planned, await rowOf(planned));

const done = asked.flatMap((planned) => rows.get(planned) ?? []);
const sets = legs
  .flatMap((one) => revisions.map((revision) => ({ leg: one, revision, title: `${revision} for ${one}s` })))
  .map(({ leg: one, revision, title }) => ({
    title,
    rows: done.filter(({ planned }) => planned.leg === one && planned.revision === revision),
  }))
  .filter(({ rows: some }) => some.length > 0);
for (const { title, rows: some } of sets) for (const line of tableOf(title, some)) console.log(line);
if (leg !== 'client' && values.only === undefined) {
  console.log('\nNot run, for servers');
  for (const [scenario, why] of Object.entries(outside)) console.log(`  ${scenario}: ${why}`);
}
if (values.verbose) {
  const shown = values.only === undefined ? done.filter(({ problems }) => problems.length > 0) : done;
  for (const row of shown) for (const line of detailsOf(row)) console.log(line);
}
console.log('');
for (const { title, rows: some } of sets) console.log(summaryOf(title, some));
console.log(`${Math.round((performance.now() - from) / 1000)} s`);
process.exitCode = done.some(({ problems }) => problems.length > 0) ? 1 : 0;
