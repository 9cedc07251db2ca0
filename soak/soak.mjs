// Owns `npm run soak`: a time of calls and troubles at random, and what must not be left afterwards. Exit code: 0 when
// nothing was found, 1 when something was, 2 for wrong usage.
//
//   node soak/soak.mjs [--minutes N] [--seed TEXT] [--program dist/main.js] [--log FILE]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process, { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Crew } from './crew.mjs';
import { createJournal } from './journal.mjs';
import { ageParts, judgeAudit, leasesIn, leftFiles, leftLocks, leftProcesses } from './leftovers.mjs';
import { grown, lookAt, median, startSampling } from './measure.mjs';
import { createRandom } from './random.mjs';
import { printReport } from './report.mjs';
import { calm, makeTrouble } from './troubles.mjs';
import { openWorld, root } from './world.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    program: { type: 'string', default: join(root, 'dist', 'main.js') },
    log: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const program = resolve(values.program);
if (!(minutes > 0) || process.platform !== 'linux' || !existsSync(program)) {
  console.error('usage: node soak/soak.mjs [--minutes N] [--seed TEXT]; on Linux, after `npm run build`');
  process.exit(2);
}

/** Of the first look at what is held; a soak of a minute has a shorter warm-up, and wider bounds. Milliseconds. */
const totalMs = minutes * 60_000;
const firstLookMs = Math.min(60_000, totalMs * 0.4);
/** After the whole time: whatever hangs then is a finding too. Milliseconds. */
const overtimeMs = 180_000;
/**
 * How much more may be held at the end than at the first look. The heap after a garbage collection is what counts;
 * resident memory is what the system gave, which the garbage collector takes its time to give back.
 */
const bounds = minutes >= 5 ? { used: 1.1, resident: 1.3 } : { used: 1.15, resident: 1.5 };
const keptResults = 100;

const journal = createJournal();
const random = createRandom(values.seed);
const world = await openWorld({ program });
const crew = new Crew({ world, random: random.fork('crew'), journal });
const logFile = values.log ?? join(tmpdir(), `portico-soak-${values.seed}.log`);
console.log(`soak for ${minutes} min, --seed ${values.seed}`);

let isEnding = false;
async function giveUp(why) {
  if (isEnding) return;
  isEnding = true;
  journal.find(why);
  crew.killNow();
  writeFileSync(logFile, journal.text());
  console.error(`seed ${values.seed}, log: ${logFile}`);
  await leftProcesses(world.directory);
  world.remove();
  process.exit(1);
}
setTimeout(() => void giveUp('the soak did not come to its end'), totalMs + overtimeMs).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void giveUp(`ended by ${signal}`));

try {
  await run();
} catch (error) {
  await giveUp(error.stack);
}

async function run() {
  const endsAt = Date.now() + totalMs;
  await command(['login', 'crm']);
  await crew.open();
  crew.keepsUp = await noticesChanges();
  if (!crew.keepsUp) journal.find('a server that was added to the config was not seen');
  await fillResultStores();
  const sampling = startSampling(crew);
  const stormAt = Date.now();
  const storm = new AbortController();
  crew.begin();
  const troubling = makeTrouble({ world, crew, journal, random: random.fork('troubles') }, storm.signal);
  await sleep(Math.max(0, stormAt + firstLookMs - Date.now()));
  const first = await quietLook();
  const firstAt = Date.now();
  crew.resume();
  await sleep(Math.max(0, endsAt - Date.now()));
  storm.abort();
  await troubling;
  const last = await quietLook(first);
  sampling.stop();
  for (const problem of await crew.idleProblems()) journal.find(problem);
  for (const looks of [first, last]) journal.note(`held: ${JSON.stringify(looks)}`);
  judgeHeld(first, last);
  const windowMs = Math.min(firstLookMs, 60_000) / 2;
  const resident = judgeResident(sampling.samples, [firstAt - windowMs, firstAt], [endsAt - windowMs, endsAt]);
  await crew.end();
  await tidyUp();
  await world.closeServers();
  await judgeLeftovers();
  isEnding = true;
  printReport({ journal, first, last, resident, seed: values.seed, bounds });
  if (journal.findings.length > 0 || values.log !== undefined) writeFileSync(logFile, journal.text());
  if (journal.findings.length > 0) console.error(`seed ${values.seed}, log: ${logFile}`);
  world.remove();
  process.exit(journal.findings.length > 0 ? 1 : 0);
}

/** A command of the gateway, to its end. */
async function command(args) {
  const child = spawn(execPath, [world.program, ...args], {
    cwd: world.directory,
    env: world.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`portico ${args.join(' ')} ended with ${code}: ${said}`);
}

/** Whether a server that is added to the config is seen. */
async function noticesChanges() {
  world.change({ extras: { 'extra-1': 1 } });
  const endsAt = Date.now() + 5000;
  while (Date.now() < endsAt) {
    const { result } = await crew.steady[0].tool('list_servers');
    if (result.structuredContent.servers.some(({ name }) => name === 'extra-1')) return true;
    await sleep(250);
  }
  return false;
}

/** Large results are kept for a while, so many: without that the first look would come too early. */
async function fillResultStores() {
  for (const host of crew.steady) {
    for (let kept = 0; kept < keptResults; kept++) {
      await host.tool('execute_tool', { server: 'narrow', tool: 'big', args: { size: 70_000 } });
    }
  }
}

/** Nobody calls, everything good is connected: name → what the host holds. */
async function quietLook(before) {
  await crew.pause();
  calm({ world });
  const endsAt = Date.now() + 12_000;
  for (;;) {
    await crew.recover();
    const looks = {};
    for (const host of crew.steady) looks[host.name] = await lookAt(host, world.files.figures);
    // Idle connections go by themselves after some seconds.
    if (before === undefined || heldProblems(before, looks).length === 0 || Date.now() > endsAt) return looks;
    await sleep(1000);
  }
}

function heldProblems(first, last) {
  return Object.entries(last).flatMap(([name, after]) => {
    const before = first[name];
    if (after === undefined || before === undefined) return [`${name} did not tell what it holds`];
    const ratio = after.usedMb / before.usedMb;
    const memory = `${name} uses ${before.usedMb.toFixed(1)} → ${after.usedMb.toFixed(1)} MB after garbage collection`;
    // Idle connections of HTTP stay open for a moment.
    const slackFor = (kind) => (/socket|TCP/.test(kind) ? 8 : 2);
    return [
      ...(ratio > bounds.used ? [memory] : []),
      ...grown(before.files, after.files, slackFor).map((text) => `${name} holds more open: ${text}`),
      ...grown(before.resources, after.resources, slackFor).map((text) => `${name} holds more handles: ${text}`),
    ];
  });
}

function judgeHeld(first, last) {
  for (const problem of heldProblems(first, last)) journal.find(problem);
}

/** Medians of the samples of two spans. */
function judgeResident(samples, early, late) {
  const rows = {};
  for (const name of new Set(samples.map((sample) => sample.name))) {
    const of = ([from, to]) =>
      median(
        samples.filter((each) => each.name === name && each.at >= from && each.at <= to).map((each) => each.residentMb),
      );
    const [before, after] = [of(early), of(late)];
    rows[name] = { before, after };
    if (after / before > bounds.resident)
      journal.find(`${name} has ${before.toFixed(0)} → ${after.toFixed(0)} MB resident`);
  }
  return rows;
}

/** What a killed gateway leaves, half a file or the record of itself, is removed by one that starts later. */
async function tidyUp() {
  const leases = leasesIn(world.files.logins).length;
  if (leases > 0) {
    journal.count('ended logins, taken over later', leases);
    world.authorizationServer.revokeLogins();
    await command(['login', 'crm']);
  }
  const parts = ageParts(world.directory);
  if (parts > 0) journal.count('half-written files, removed later', parts);
  await crew.visit();
}

async function judgeLeftovers() {
  const audit = judgeAudit(world.files.audit);
  journal.count('audit lines', audit.lines);
  const { directory } = world;
  const problems = [await leftProcesses(directory), leftFiles(directory), leftLocks(directory), audit.problems].flat();
  for (const problem of problems) journal.find(problem);
}
