// Owns one run of the command line in the test's own process: no terminal, no stdin, and what it printed.
import { execPath } from 'node:process';
import { Readable, Writable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { run } from '../../src/cli/run.ts';
import { mainFile } from '../helpers/programs.ts';

export interface HereResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runHere(
  words: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<HereResult> {
  const texts = { stdout: '', stderr: '' };
  const collecting = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += String(chunk);
        done();
      },
    });
  const stdout = collecting('stdout');
  const context: CliContext = {
    ...place,
    platform: process.platform,
    execPath,
    mainFile,
    version: '0.0.0',
    stdin: Readable.from([]),
    stdout,
    stderr: collecting('stderr'),
    now: Date.now,
    onEnd: () => undefined,
    onExit: () => undefined,
    claimStdout: () => stdout,
  };
  return { code: await run(words, context), ...texts };
}
