// Owns what a config file would start or ask, told before anything of it is taken for a setting: variables as they are
// written, secrets left out, and everything bounded. Pure.
import { printable } from '../lib/printable.ts';
import { redact } from '../lib/redact.ts';
import { isObject } from './value-checks.ts';

export interface ServerPlan {
  readonly name: string;
  /** The command line or the URL, as written. */
  readonly starts: string;
  /** Names only. */
  readonly env: readonly string[];
  /** Names only. */
  readonly headers: readonly string[];
  readonly cwd?: string;
}

const maxServers = 200;
const maxNames = 50;
const maxName = 80;
/** What cannot be seen cannot be agreed to: cut far above what anybody writes, and said. Characters. */
const maxStarts = 4000;
/** In an error, which an agent may read too. */
const shownServers = 8;
const shownStarts = 120;

/** @param value the whole parsed file */
export function serverPlans(value: unknown): readonly ServerPlan[] {
  const file = isObject(value) ? value : {};
  const sections = [file['mcpServers'], file['servers']].filter(isObject);
  const entries = new Map<string, unknown>();
  for (const section of sections) {
    for (const [name, entry] of Object.entries(section)) if (!entries.has(name)) entries.set(name, entry);
  }
  return [...entries].slice(0, maxServers).map(([name, entry]) => planOf(name, entry));
}

/** One line, each server cut: for an error. */
export function summaryOfPlans(plans: readonly ServerPlan[]): string {
  if (plans.length === 0) return 'nothing that could be read';
  const shown = plans.slice(0, shownServers).map(({ name, starts }) => `${cut(name, 40)}: ${cut(starts, shownStarts)}`);
  const more = plans.length > shown.length ? `; and ${plans.length - shown.length} more` : '';
  return `${shown.join('; ')}${more}`;
}

export function planOf(name: string, value: unknown): ServerPlan {
  const entry = isObject(value) ? value : {};
  const { cwd } = entry;
  return {
    name: line(name, maxName),
    starts: line(startsOf(entry), maxStarts),
    env: namesOf(entry['env']),
    headers: namesOf(entry['headers']),
    ...(typeof cwd === 'string' && { cwd: line(cwd, shownStarts) }),
  };
}

function startsOf({ command, args, url }: Readonly<Record<string, unknown>>): string {
  if (typeof command === 'string') {
    const words = [command, ...(Array.isArray(args) ? args : [])];
    return words.map((word) => quoted(typeof word === 'string' ? word : JSON.stringify(word))).join(' ');
  }
  return typeof url === 'string' ? url : 'neither a command nor a URL';
}

/** A blank inside of an argument is seen. */
function quoted(word: string): string {
  return /^[^\s"'\\]+$/u.test(word) ? word : JSON.stringify(word);
}

function namesOf(value: unknown): readonly string[] {
  return isObject(value)
    ? Object.keys(value)
        .slice(0, maxNames)
        .map((name) => line(name, maxName))
    : [];
}

function line(text: string, limit: number): string {
  return cut(redact(printable(text).replace(/[\n\t]+/g, ' ')), limit);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`;
}
