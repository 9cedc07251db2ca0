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
/** How long, when everything has ended, a reader of stdout may take over what is on its way to it. Milliseconds. */
const lastWordsMs = 1000;

const packageFile = new URL('../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

/** Where stdout goes under `serve`. */
let claimed: Writable | undefined;

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
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => void real(chunk, (error) => done(error)),
  });
  process.stdout.on('error', (error) => stream.destroy(error));
  claimed = stream;
  return stream;
}

// A host may close our stderr and live on; a line that cannot be logged must not end the gateway.
process.stderr.on('error', () => undefined);

const words = ownWords(process.argv, {
  ownFile: context.mainFile,
  isElectron: process.versions['electron'] !== undefined,
});
const code = await run(words, context);
const leave = (): void => process.exit(code);
// A host that no longer reads must not keep us.
setTimeout(leave, lastWordsMs).unref();
// Under `serve` stdout's own `write` leads to stderr, and says nothing of an answer that is on its way.
if (claimed) claimed.end(leave);
else process.stdout.write('', leave);
