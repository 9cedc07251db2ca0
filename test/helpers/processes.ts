// Owns finding the processes of a test by a mark in their environment, which grandchildren inherit. Linux: other systems
// do not show it.
import { readdirSync, readFileSync } from 'node:fs';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Every living process whose environment holds the mark. */
export function processesOf(mark: string): FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A zombie has no command line: it has ended, and only waits to be asked how.
      return command === '' ? [] : [{ pid: Number(pid), command }];
    } catch {
      // It ended while it was looked at, or belongs to somebody else.
      return [];
    }
  });
}
