// Owns showing what a change does to a text, line by line, with secrets hidden.
import { redact } from '../lib/redact.ts';

/** Lines of the text around the change. */
const around = 3;
/** Characters of one line. */
const longest = 160;

/** The one stretch of lines that differs, as `-` and `+` lines with a few others around it. None where nothing does. */
export function difference(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const [old, now] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && old[start] === now[start]) start++;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  const head = old.slice(Math.max(0, start - around), start);
  const tail = end === 0 ? [] : old.slice(old.length - end, old.length - end + around);
  return [
    ...head.map((line) => shown(' ', line)),
    ...old.slice(start, old.length - end).map((line) => shown('-', line)),
    ...now.slice(start, now.length - end).map((line) => shown('+', line)),
    ...tail.map((line) => shown(' ', line)),
  ];
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function shown(sign: string, line: string): string {
  const safe = redact(line);
  return `${sign} ${safe.length > longest ? `${safe.slice(0, longest)}…` : safe}`;
}
