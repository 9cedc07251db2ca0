// Owns what the system says of one process: its memory and the processor time it has used. Linux only, from /proc;
// elsewhere undefined.
import { readdirSync, readFileSync } from 'node:fs';

/** In MB: all that is resident, and what of it is the process's own. @returns {{ resident: number, own: number } | undefined} */
export function memoryMbOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024;
    return { resident: megabytes('VmRSS'), own: megabytes('RssAnon') };
  } catch {
    // Not Linux: there is nothing to read.
    return undefined;
  }
}

/** Processor time of all threads since the start, in microseconds. */
export function cpuMicrosOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return threads.reduce((sum, nanos) => sum + nanos, 0) / 1000;
  } catch {
    // Not Linux, or a kernel without these figures.
    return undefined;
  }
}
