// Owns saying in a file which process wrote it, and whether that process is known to have ended; knows nothing of what
// else stands there.
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';
import { present } from './present.ts';

export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** In which numbering `pid` stands: containers may share a host name and count for themselves. Linux only. */
  readonly pidNamespace?: string;
}

export const ownMark: ProcessMark = Object.freeze(
  present({ pid, host: hostname(), pidNamespace: readOwnNamespace() }) satisfies ProcessMark,
);

/** Whether it is known to have ended; one on another machine or in another container can be told by its heartbeat only. */
export function isKnownGone(mark: ProcessMark): boolean {
  if (!isOnThisSystem(mark)) return false;
  try {
    kill(mark.pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

export function isOnThisSystem({ host, pidNamespace }: ProcessMark): boolean {
  return host === ownMark.host && pidNamespace === ownMark.pidNamespace;
}

/** Two numbers of processes can be compared where this is the same (pid_namespaces(7)). */
function readOwnNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: one numbering for the whole machine.
    return undefined;
  }
}
