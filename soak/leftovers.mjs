// Owns what must not be there when everything has ended: processes, and files that were meant to be there for a moment.
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
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
  /(^|\/)portico\/(catalogs|eras)\/[\w-]+(?:\.offers)?\.json$/,
  /(^|\/)portico\/servers\/[\w.-]+\.log(\.\d+)?$/,
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

/** Makes what a killed gateway left in the middle of a write look old: the next one removes it. @returns {number} how many */
export function ageParts(directory) {
  const parts = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.json\.\d+$|^\.probe-/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const path of parts) utimesSync(path, longAgo, longAgo);
  return parts.length;
}

/** Marks of logins that failed, or whose gateway was killed: the next login has to replace and remove them. */
export function leasesIn(directory) {
  return readdirSync(directory).filter((name) => name.endsWith('.login.json'));
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
