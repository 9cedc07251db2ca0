// `npm run bench [-- --quick] [-- --json FILE] [-- --only NAME]`: prints figures beside their targets. It asserts
// nothing: machines differ, and shared ones are noisy, so ratios of the same run are what to look at.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createReport } from './report.mjs';
import { callsOverHttp, callsOverStdio } from './scenarios/calls.mjs';
import { isolation } from './scenarios/isolation.mjs';
import { largeResults } from './scenarios/large-results.mjs';
import { memory } from './scenarios/memory.mjs';
import { startUp } from './scenarios/start-up.mjs';
import { tokens } from './scenarios/tokens.mjs';

const scenarios = {
  'start-up': startUp,
  stdio: callsOverStdio,
  http: callsOverHttp,
  'large-results': largeResults,
  memory,
  isolation,
  tokens,
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' }, only: { type: 'string' } },
});
const settings = values.quick ? { rounds: 3, count: 500, calls: 2000 } : { rounds: 7, count: 2000, calls: 20_000 };
const report = createReport();

console.log(`node ${process.version}, ${values.quick ? 'quick run: the figures are rough' : 'full run'}`);
for (const [name, run] of Object.entries(scenarios)) {
  if (values.only === undefined || values.only === name) await run(report, settings);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report.rows, null, 2)}\n`);
