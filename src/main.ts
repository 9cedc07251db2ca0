#!/usr/bin/env node
// The bin: hands argv, environment and streams to cli/run; the only reader of `process`.
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ownWords, unfilledVariables } from './cli/app-habits.ts';
import type { CliContext, EndReason } from './cli/context.ts';
import { run } from './cli/run.ts';

/** How often it is looked whether the parent process is still there. Milliseconds. */
const parentCheckMs = 2000;

const packageFile = new URL('../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

for (const name of unfilledVariables(process.env)) delete process.env[name];

const context: CliContext = {
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  execPath: process.execPath,
  mainFile: fileURLToPath(import.meta.url),
  version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  onEnd,
  onExit: (listener) => process.once('exit', listener),
  claimStdout,
};

function onEnd(listener: (reason: EndReason) => void): void {
  // Not `once`: what cleans up lock files listens too, and ends the process at once where nobody else is left to.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => listener(signal));
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    listener('parent');
  }, parentCheckMs);
  timer.unref();
}

function claimStdout(): Writable {
  const real = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  const claimed = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => void real(chunk, (error) => done(error)),
  });
  process.stdout.on('error', (error) => claimed.destroy(error));
  return claimed;
}

// A host may close our stderr and live on; a line that cannot be logged must not end the gateway.
process.stderr.on('error', () => undefined);

const words = ownWords(process.argv, {
  ownFile: context.mainFile,
  isElectron: process.versions['electron'] !== undefined,
});
const code = await run(words, context);
process.stdout.write('', () => process.exit(code));
