// Owns one run of the command line in the test's own process: no terminal, and what it printed.
import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/run.ts';
import { cliContext } from '../helpers/cli-context.ts';

export interface HereResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runHere(
  words: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  stdin = '',
): Promise<HereResult> {
  const texts = { stdout: '', stderr: '' };
  const collecting = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += String(chunk);
        done();
      },
    });
  const streams = {
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    stdout: collecting('stdout'),
    stderr: collecting('stderr'),
  };
  const context = cliContext({ ...place, ...streams });
  return { code: await run(words, context), ...texts };
}
