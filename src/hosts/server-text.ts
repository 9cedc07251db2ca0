// Owns what it means to edit the servers in the text of a host's config, whatever its format; knows no format itself.
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';

/** Text without a byte order mark. */
export interface ServerText {
  /** The servers by name, as the file has them; none where it is empty. @throws ConfigError with line and column */
  read(text: string): Readonly<Record<string, unknown>>;
  /** At the end of the servers. @throws GatewayError CONFIG_INVALID where the text leaves no place for it */
  add(text: string, name: string, value: object): string;
  /** Puts back what `remove` gave. */
  addBack(text: string, name: string, removed: string): string;
  /** Undefined: the format has no way to take this one out and leave the rest. */
  remove(text: string, name: string): { readonly text: string; readonly removed: string } | undefined;
  replace(text: string, name: string, value: object): string;
  /** The text with the object around the servers taken out, where it is empty. */
  withoutEmptyContainer(text: string): string;
  /** The whole document, to compare. */
  parse(text: string): unknown;
}

/** @throws GatewayError INTERNAL: an edit changed more, or something else, than the servers it was meant for */
export function requireOnlyChange(
  format: Pick<ServerText, 'parse' | 'read'>,
  { file, before, after }: { readonly file: string; readonly before: string; readonly after: string },
  { key, wanted }: { readonly key: string; readonly wanted: Readonly<Record<string, unknown>> },
): void {
  const rest = (text: string): object => ({ ...membersOf(format.parse(text)), [key]: undefined });
  const isMeant =
    isDeepStrictEqual(plain(format.read(after)), plain(wanted)) &&
    isDeepStrictEqual(plain(rest(after)), plain(rest(before)));
  if (isMeant) return;
  throw new GatewayError('CONFIG_INVALID', `${file} is written in a way that cannot be edited without changing more`, {
    hint: 'The file was left alone. Put the entry in by hand: portico install --dry-run shows it.',
  });
}

/** Objects without a prototype and those with one are the same here. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

export function equalValues(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}
