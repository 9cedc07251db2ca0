// Owns what must not be there when everything has ended: processes, and files that were meant to be there for a moment.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesWith } from './processes.mjs';

const goneMs = 9000;

/** Files that may stay; all others are left over. */
const staying = [
  /^\.mcp\.json$/,
  /^gateway-rules\.json$/,
  /^logins\/[0-9a-f]{32}\.json$/,
  /^logs\/audit\.jsonl(\.\d+)?$/,
  /(^|\/)portico\/(catalogs|eras)\/[\w-]+\.json$/,
  /(^|\/)portico\/logs?\/[\w.-]+\.log(\.\d+)?$/,
  /^figures\/\d+\.json$/,
];

/** @returns {Promise<string[]>} what was found, in words */
export async function leftProcesses(directory) {
  const endsAt = Date.now() + goneMs;
  let left = processesWith(directory);
  while (left.length > 0 && Date.now() < endsAt) {
    await sleep(100);
    left = processesWith(directory);
  }
  return left.map(({ pid, command }) => `a process is left: ${pid} ${command}`);
}

/** @returns {string[]} */
export function leftFiles(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !staying.some((pattern) => pattern.test(path)))
    .map((path) => `a file is left: ${path}`);
}

/** Directories stay too: locks can be some. @returns {string[]} */
export function leftLocks(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /lock/.test(entry.name))
    .map((entry) => `a lock is left: ${relative(directory, join(entry.parentPath, entry.name))}`);
}

/** @returns {{ problems: string[], lines: number }} */
export function judgeAudit(path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const torn = lines.filter((line) => {
    try {
      JSON.parse(line);
      return false;
    } catch {
      return true;
    }
  });
  return { problems: torn.map((line) => `a torn line in the audit log: ${line.slice(0, 120)}`), lines: lines.length };
}
