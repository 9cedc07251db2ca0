// Owns what a command may touch of the world outside; main.ts fills it from `process`, tests from their own.
import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../settings.ts';

export type EndReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent';

export interface CliContext {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  /** The script that runs, absolute: what a host has to start. */
  readonly mainFile: string;
  readonly version: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Calls back when the process is told to end. */
  onEnd(listener: (reason: EndReason) => void): void;
  /** Calls back at the very end, when nothing asynchronous can run any more. */
  onExit(listener: () => void): void;
  /** From now on, whatever any code prints on stdout goes to stderr; the returned stream is the real stdout. */
  claimStdout(): Writable;
}
