// Owns how much the hosts that stay hold: sampled while they work, and looked at closely while nobody calls.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFilesOf, residentMbOf } from './processes.mjs';

const figuresMs = 15_000;

/** Resident memory, once a second. */
export function startSampling(crew) {
  const samples = [];
  const timer = setInterval(() => {
    if (crew.isPaused) return;
    for (const { name, pid } of crew.steady) {
      const residentMb = residentMbOf(pid);
      if (residentMb !== undefined) samples.push({ name, at: Date.now(), residentMb });
    }
  }, 1000);
  timer.unref();
  return {
    samples,
    stop: () => clearInterval(timer),
  };
}

/**
 * What a gateway holds that has collected its garbage: `usedMb` is its heap and what lies outside of it; `resources` are
 * libuv's, by kind; `files` what the system has open for it, by kind.
 */
export async function lookAt(host, figuresDirectory) {
  const file = join(figuresDirectory, `${host.pid}.json`);
  rmSync(file, { force: true });
  host.signal('SIGUSR2');
  const endsAt = Date.now() + figuresMs;
  while (!existsSync(file)) {
    if (Date.now() > endsAt) return undefined;
    await sleep(20);
  }
  const { memory, resources } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    usedMb: (memory.heapUsed + memory.external) / 2 ** 20,
    residentMb: memory.rss / 2 ** 20,
    resources,
    files: openFilesOf(host.pid) ?? {},
  };
}

/** Kinds of which there are more than before, by more than is given. @returns {string[]} */
export function grown(before, after, slackFor) {
  return Object.entries(after)
    .filter(([kind, count]) => count > (before[kind] ?? 0) + slackFor(kind))
    .map(([kind, count]) => `${kind}: ${before[kind] ?? 0} → ${count}`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
