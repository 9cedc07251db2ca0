// Owns one run of one scenario: a process of the suite with the driver as its client, and what both left behind. Judges
// nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The suite gives up on its client after 30 s. Milliseconds. */
const limitMs = 45_000;

/** @type {Map<import('node:child_process').ChildProcess, string>} the directory of its results */
const running = new Map();
process.on('exit', () => {
  for (const [child, results] of running) {
    child.kill('SIGTERM');
    rmSync(results, { recursive: true, force: true });
  }
});

/**
 * @typedef {{ id: string, name: string, description: string, status: string, errorMessage?: string, details?: object }} Check
 * @typedef {object} Ran
 * @property {number | null} exitCode of the suite; 0: passed, or not applicable
 * @property {Check[] | undefined} checks undefined: the scenario was not run
 * @property {{ error?: { code?: string, message: string }, log: string } | undefined} driver undefined: it came to no end
 * @property {string} output what the suite and the driver wrote besides
 * @property {number} tookMs
 */

/**
 * @param {{ suite: import('./suite.mjs').Suite, scenario: string, revision: string, gateway: string }} options
 * @returns {Promise<Ran>}
 */
export async function runScenario({ suite, scenario, revision, gateway }) {
  const from = performance.now();
  const results = mkdtempSync(join(tmpdir(), 'portico-conformance-results-'));
  // The suite hands the command to a shell in one piece: a relative path and a program from PATH need no quotes.
  const command = 'node conformance/driver.mjs';
  const asked = ['--scenario', scenario, '--spec-version', revision];
  // Extensions stand in the requirement sets, and on no revision's time line: unforced, they are skipped.
  const args = ['client', '--command', command, ...asked, '--force', '--output-dir', results];
  const child = spawn(suite.node, [suite.main, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      PATH: [dirname(execPath), env['PATH']].join(delimiter),
      PORTICO_CONFORMANCE_GATEWAY: gateway,
    },
  });
  running.set(child, results);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const clock = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const [exitCode] = await once(child, 'close');
    const left = leftBehind(results);
    return { exitCode, output, ...left, tookMs: performance.now() - from };
  } finally {
    clearTimeout(clock);
    running.delete(child);
    rmSync(results, { recursive: true, force: true });
  }
}

/** @param {string} directory @returns {Pick<Ran, 'checks' | 'driver'>} */
export function leftBehind(directory) {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const parsed = (/** @type {string} */ name) => {
    const file = files.find((path) => path.endsWith(name));
    const text = file === undefined ? '' : readFileSync(join(directory, file), 'utf8');
    return text.trim() === '' ? undefined : JSON.parse(text);
  };
  return { checks: parsed('checks.json'), driver: parsed('stdout.txt') };
}
