// Owns what a command run in the test's own process sees of the world where the test does not say otherwise.
import { execPath, platform } from 'node:process';
import type { CliContext } from '../../src/cli/context.ts';
import { mainFile } from './programs.ts';

type Given = Pick<CliContext, 'env' | 'cwd' | 'stdin' | 'stdout' | 'stderr'> & Partial<CliContext>;

export function cliContext(given: Given): CliContext {
  return {
    platform,
    execPath,
    mainFile,
    version: '0.0.0',
    now: Date.now,
    onEnd: () => undefined,
    onExit: () => undefined,
    claimStdout: () => given.stdout,
    ...given,
  };
}
