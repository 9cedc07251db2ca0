// Owns how foreign text, URLs and config lines stand in a doctor's report: quoted, cut, without secrets. Pure.
import { printable } from '../lib/printable.ts';
import { redact } from '../lib/redact.ts';
import { quoteForeign } from './answer.ts';

/** Longer text is cut, in characters. */
const maxText = 600;
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
  const shown = url.replace(/([?&][^=&#]*=)([^&#]{16,})/g, (all, name: string, value: string) =>
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
  for (const secret of secrets) shown = shown.replaceAll(secret, '[secret]');
  if (shown.length > maxText) shown = `${shown.slice(0, maxText)}…`;
  return printable(shown).replace(/[\n\t]/g, ' ');
}
