// Owns how foreign text, URLs and config lines stand in a doctor's report: quoted, cut, without secrets. Pure.
import { printable } from '../../lib/printable.ts';
import { redact } from '../../lib/redact.ts';
import { quoteForeign } from '../answer.ts';

const hidden = '[secret]';
/** So much of a secret is one as well. Characters. */
const minSecretStart = 8;
/** Longer text is cut, in characters. */
const maxText = 600;
/** No URL that anybody uses is longer, and the search below takes time. Characters. */
const maxUrl = 2000;
/** Longer lists are cut, in members. */
const maxMembers = 50;
/** A config line holds no longer foreign value: nobody would paste it. */
const maxConfigValue = 200;

/** Foreign text as part of our sentence. */
export function foreign(text: string): string {
  return redact(quoteForeign(text));
}

/** A URL whose query values are hidden where they look like keys. */
export function showUrl(url: string): string {
  const shown = url
    .slice(0, maxUrl)
    .replace(/([?&][^=&#]*=)([^&#]{16,})/g, (all, name: string, value: string) =>
      /[0-9]/.test(value) && !value.includes('%2F') && !value.includes('/') ? `${name}[redacted]` : all,
    );
  return redact(shown);
}

/** `"oauth": {"issuer": "https://as.example"}`, or nothing where a value is nothing to paste. */
export function oauthLine(members: Readonly<Record<string, string | number | boolean>>): { config?: string } {
  const values = Object.values(members);
  if (values.some((value) => typeof value === 'string' && value.length > maxConfigValue)) return {};
  const inside = Object.entries(members).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return { config: `"oauth": {${inside.join(', ')}}` };
}

/** A deep copy in which no string can steer a terminal, is endless, or holds one of the secrets. */
export function scrub<T>(value: T, secrets: readonly string[]): T {
  if (typeof value === 'string') return scrubText(value, secrets) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return scrubList(value, secrets) as T;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, scrub(member, secrets)])) as T;
}

function scrubList(list: readonly unknown[], secrets: readonly string[]): unknown[] {
  const shown = list.slice(0, maxMembers).map((member) => scrub(member, secrets));
  const isText = typeof list[0] === 'string';
  return list.length > maxMembers && isText ? [...shown, `… ${list.length - maxMembers} more`] : shown;
}

function scrubText(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) shown = withoutCut(shown.replaceAll(secret, hidden), secret);
  if (shown.length > maxText) shown = `${shown.slice(0, maxText)}…`;
  return printable(shown).replace(/[\n\t]/g, ' ');
}

/** A quotation may have been cut in the middle of a secret: its beginning at the end of one is taken out, too. */
function withoutCut(text: string, secret: string): string {
  const start = secret.slice(0, minSecretStart);
  let shown = text;
  for (let at = shown.indexOf(start); at >= 0; at = shown.indexOf(start, at + 1)) {
    let end = at + start.length;
    while (end < shown.length && shown[end] === secret[end - at]) end++;
    if (end === shown.length || shown[end] === '"' || shown[end] === '…') {
      shown = shown.slice(0, at) + hidden + shown.slice(end);
    }
  }
  return shown;
}
