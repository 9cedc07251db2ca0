// Owns `npm run conformance`: the official suite in client mode through the built gateway, and the exit code: 0 when
// everything passed, 1 when something did not, 2 when the suite could not be run.
//
//   node conformance/conformance.mjs [--only SCENARIO] [--spec REVISION] [--verbose] [--jobs N] [--gateway FILE]
import { resolve } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { problemsOf } from './judge.mjs';
import { chosen, planOf, revisions } from './plan.mjs';
import { detailsOf, summaryOf, tableOf } from './report.mjs';
import { runScenario } from './run-scenario.mjs';
import { bringSuite } from './suite.mjs';

/** Whatever hangs, this ends. Milliseconds. */
const limitMs = 10 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    spec: { type: 'string' },
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
const plan = revisions.flatMap((revision) => planOf(revision, suite.requirements(revision)));
const asked = chosen(plan, values);
if (asked.length === 0)
  giveUp(`no such scenario; there are ${[...new Set(plan.map((one) => one.scenario))].join(', ')}`);

/** @param {import('./plan.mjs').Planned} planned @returns {Promise<import('./report.mjs').Row>} */
async function rowOf(planned) {
  const ran = await runScenario({ suite, ...planned, gateway: resolve(values.gateway) });
  return { planned, ran, problems: problemsOf(planned.scenario, ran) };
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
const sets = revisions
  .map((revision) => ({ revision, rows: done.filter(({ planned }) => planned.revision === revision) }))
  .filter(({ rows: some }) => some.length > 0);
for (const { revision, rows: some } of sets) for (const line of tableOf(revision, some)) console.log(line);
if (values.verbose) {
  const shown = values.only === undefined ? done.filter(({ problems }) => problems.length > 0) : done;
  for (const row of shown) for (const line of detailsOf(row)) console.log(line);
}
console.log('');
for (const { revision, rows: some } of sets) console.log(summaryOf(revision, some));
console.log(`${Math.round((performance.now() - from) / 1000)} s`);
process.exitCode = done.some(({ problems }) => problems.length > 0) ? 1 : 0;
