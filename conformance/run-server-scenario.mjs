// Owns one run of one scenario for servers: a process of the suite, with the bridge before the program. Judges nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftBehind } from './run-scenario.mjs';
import { startBridge } from './server-bridge.mjs';
import { openProgram } from './server-program.mjs';

/** Milliseconds. */
const limitMs = 45_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * @param {{ suite: import('./suite.mjs').Suite, scenario: string, revision: string, gateway: string | undefined }} options
 * @returns {Promise<import('./run-scenario.mjs').Ran>}
 */
export async function runServerScenario({ suite, scenario, revision, gateway }) {
  const from = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'portico-conformance-'));
  const results = join(directory, 'results');
  const bridge = await startBridge(openProgram({ directory, revision, gateway }));
  const asked = ['--scenario', scenario, '--spec-version', revision, '--force', '--output-dir', results];
  const child = spawn(suite.node, [suite.main, 'server', '--url', bridge.url, ...asked], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const clock = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const [exitCode] = await once(child, 'close');
    await bridge.close();
    const { checks } = leftBehind(results);
    return { exitCode, output, checks, driver: { log: bridge.log() }, tookMs: performance.now() - from };
  } finally {
    clearTimeout(clock);
    running.delete(child);
    await bridge.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
