// `npm run bench [-- --quick] [-- --only NAME] [-- --json FILE] [-- --gateway FILE]`: prints figures beside their
// targets. It asserts nothing: machines differ, and shared ones are noisy, so ratios of the same run are what to look at.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createReport } from './report.mjs';
import { callsOverHttp, callsOverStdio } from './scenarios/calls.mjs';
import { directMode } from './scenarios/direct-mode.mjs';
import { isolation } from './scenarios/isolation.mjs';
import { largeResults } from './scenarios/large-results.mjs';
import { memory } from './scenarios/memory.mjs';
import { search } from './scenarios/search.mjs';
import { startUp } from './scenarios/start-up.mjs';
import { tokens } from './scenarios/tokens.mjs';

const scenarios = {
  'start-up': startUp,
  stdio: callsOverStdio,
  http: callsOverHttp,
  'large-results': largeResults,
  memory,
  isolation,
  search,
  'direct-mode': directMode,
  tokens,
};

const full = {
  startUpRounds: 10,
  rounds: 12,
  warmUp: 3000,
  calls: 500,
  parallelCalls: 3000,
  parallelHttpCalls: 1000,
  largeRounds: 9,
  isolationRounds: 7,
  eagerRounds: 5,
  manyCalls: 20_000,
  connected: 50,
  searches: 400,
};
const quick = {
  startUpRounds: 5,
  rounds: 4,
  warmUp: 400,
  calls: 250,
  parallelCalls: 1500,
  parallelHttpCalls: 300,
  largeRounds: 3,
  isolationRounds: 3,
  eagerRounds: 2,
  manyCalls: 5000,
  connected: 10,
  searches: 100,
};
/** Whatever hangs, this ends. Milliseconds. */
const limitMs = 15 * 60_000;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    gateway: { type: 'string' },
  },
});
if (values.only !== undefined && !Object.hasOwn(scenarios, values.only)) {
  console.error(`--only takes one of ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}
// Leaving by `exit` ends every child on the way out.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
setTimeout(() => {
  console.error(`not done after ${limitMs / 60_000} minutes`);
  process.exit(1);
}, limitMs).unref();

// The SDK's HTTP client adds a listener to one signal with every request; that is its matter and no news here.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'MaxListenersExceededWarning') console.error(warning);
});

const settings = { ...(values.quick ? quick : full), ...(values.gateway && { gateway: resolve(values.gateway) }) };
const report = createReport();
const from = performance.now();
console.log(`node ${process.version}, ${values.quick ? 'quick run: the figures are rough' : 'full run'}`);
for (const [name, run] of Object.entries(scenarios)) {
  if (values.only === undefined || values.only === name) await run(report, settings);
}
console.log(`\n${Math.round((performance.now() - from) / 1000)} s`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report.rows, null, 2)}\n`);
