// Owns what the system says of processes: who carries a mark in its environment, and what one holds. Linux, from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Every living process whose environment holds the mark; grandchildren inherit it. @returns {{ pid: number, command: string, environment: string }[]} */
export function processesWith(mark) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        if (!environment.includes(mark)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        // A zombie has no command line: it has ended, and only waits to be asked how.
        return command === '' ? [] : [{ pid: Number(pid), command, environment }];
      } catch {
        // It ended while it was looked at, or belongs to somebody else.
        return [];
      }
    });
}

/** What it has open, by kind (`socket`, `pipe`, `anon_inode`, a path); undefined where it has ended. */
export function openFilesOf(pid) {
  try {
    const kinds = {};
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      const kind = kindOf(`/proc/${pid}/fd/${name}`);
      if (kind !== undefined) kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    return kinds;
  } catch {
    return undefined;
  }
}

function kindOf(link) {
  try {
    return readlinkSync(link).replace(/:\[\d+\]$/, '');
  } catch {
    // Closed in the meantime.
    return undefined;
  }
}

/** Resident memory in MB; undefined where it has ended. */
export function residentMbOf(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}
