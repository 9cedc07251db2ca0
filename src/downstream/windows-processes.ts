// Owns what Windows tells of its processes and how they are ended there; knows nothing of servers. Windows has no process
// groups: who belongs together is read from the numbers of the parents, which stay when a parent is gone, and may by then
// be the number of another process.
import { execFile, spawnSync } from 'node:child_process';
import { win32 } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './child-environment.ts';
import { windowsVariable } from './windows-command.ts';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** A process that belongs to a tree; it may have ended. */
export interface Member {
  readonly pid: number;
  readonly startedAt: number;
}

export interface WindowsSystem {
  /** All processes, not earlier than the call; undefined where the system does not tell in time. */
  list(): Promise<readonly ProcessRow[] | undefined>;
  kill(pids: readonly number[]): Promise<void>;
  /** Returns when it is done. */
  killNow(pids: readonly number[]): void;
}

/** PowerShell starts slowly. Milliseconds. */
const listMs = 1200;
const killMs = 1000;

/** Numbers alone: dates and words would be in the language of the system. */
const listing = [
  'Get-CimInstance Win32_Process -Property ProcessId,ParentProcessId,CreationDate | Where-Object CreationDate |',
  "ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId,",
  '([DateTimeOffset]$_.CreationDate).ToUnixTimeMilliseconds() }',
].join(' ');

export function windowsSystem(env: Environment): WindowsSystem {
  // By their full names: Windows would look for them in the working directory first.
  const system = win32.join(windowsVariable(env, 'SYSTEMROOT') ?? 'C:\\Windows', 'System32');
  const powershell = win32.join(system, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const taskkill = win32.join(system, 'taskkill.exe');
  const run = promisify(execFile);
  return {
    list: oneAtATime(async () => {
      const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', listing];
      const told = await run(powershell, args, { timeout: listMs, windowsHide: true }).catch(() => undefined);
      return told && parseProcessList(told.stdout);
    }),
    async kill(pids) {
      // It fails where one of them has ended in the meantime.
      await run(taskkill, [...taskkillArguments(pids)], { timeout: killMs, windowsHide: true }).catch(() => undefined);
    },
    killNow(pids) {
      spawnSync(taskkill, [...taskkillArguments(pids)], { timeout: killMs, windowsHide: true });
    },
  };
}

/** Pure. */
export function taskkillArguments(pids: readonly number[]): readonly string[] {
  return ['/F', '/T', ...pids.flatMap((pid) => ['/PID', String(pid)])];
}

/** Pure. */
export function parseProcessList(text: string): readonly ProcessRow[] | undefined {
  const rows = text.split(/\r?\n/).flatMap((line) => {
    const [, pid, parent, startedAt] = /^(\d+) (\d+) (\d+)$/.exec(line.trim()) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), startedAt: Number(startedAt) }];
  });
  return rows.length > 0 ? rows : undefined;
}

/** Pure. The processes in the list that are known members, or were started by one, directly or through others. */
export function livingMembers(rows: readonly ProcessRow[], known: readonly Member[]): readonly ProcessRow[] {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const living = new Map<number, ProcessRow>();
  const ancestors = [...known];
  for (const { pid, startedAt } of known) {
    const row = byPid.get(pid);
    if (row?.startedAt === startedAt) living.set(pid, row);
  }
  // Grows while it is walked: every member found is an ancestor to look for children of.
  for (const ancestor of ancestors) {
    for (const row of rows) {
      if (row.parent !== ancestor.pid || living.has(row.pid) || !isChild(row, ancestor, byPid)) continue;
      living.set(row.pid, row);
      ancestors.push(row);
    }
  }
  return [...living.values()];
}

/** Of this parent, and not of an earlier or later process with its number. */
function isChild(row: ProcessRow, parent: Member, byPid: ReadonlyMap<number, ProcessRow>): boolean {
  if (row.startedAt < parent.startedAt) return false;
  const holder = byPid.get(parent.pid);
  return holder === undefined || holder.startedAt === parent.startedAt || row.startedAt < holder.startedAt;
}

/** Many trees may end at once: those who ask while an answer is on its way share the one after it. */
export function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const asked = ask().finally(() => {
      if (running === asked) running = undefined;
    });
    running = asked;
    return asked;
  };
  return () => {
    if (running === undefined) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
}
