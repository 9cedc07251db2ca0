// Owns what a value that a human gave for `${input:id}` is bound to: the very server it was given for. An entry that names
// the same id and asks or starts something else gets nothing. Pure.
import { createHash } from 'node:crypto';
import { printable } from '../lib/printable.ts';
import { redact } from '../lib/redact.ts';
import { type Environment, expandStrings } from './expand-env.ts';
import { planOf } from './server-plan.ts';
import { isObject } from './value-checks.ts';

export interface InputTarget {
  /** SHA-256 in hex: what it is made of may hold secrets. */
  readonly id: string;
  /** For a human, cut. */
  readonly shown: string;
}

type Members = Readonly<Record<string, unknown>>;

const longestShown = 120;

/**
 * A server on the network is its URL (variables filled in) and profile, as it is for logins, and whatever else of `oauth`
 * may be sent a secret. A command is all that decides what it does with one: the config file, `command`, `args`, `cwd` and
 * `env` as they are written. `place`: of the config file.
 */
export function inputTarget(
  entry: Members,
  { place, env, name }: { readonly place: string; readonly env: Environment; readonly name: string },
): InputTarget {
  if (entry['url'] === undefined) {
    const { command, args, cwd } = entry;
    const parts = ['stdio', place, command, args ?? [], cwd ?? null, sorted(entry['env'])];
    return { id: hashOf(parts), shown: cut(planOf(name, entry).starts) };
  }
  const filled = (value: unknown): unknown =>
    expandStrings(
      value,
      env,
      () => undefined,
      [],
      (id) => `\${input:${id}}`,
    );
  const url = canonical(String(filled(entry['url'])));
  const oauth = isObject(entry['oauth']) ? entry['oauth'] : {};
  const idp = isObject(oauth['idp']) ? oauth['idp'] : {};
  // A text is the assertion itself; an object says who makes it.
  const assertion = isObject(oauth['assertion']) ? sorted(oauth['assertion']) : null;
  const others = [oauth['issuer'] ?? null, idp['tokenEndpoint'] ?? null, assertion].map(filled);
  return { id: hashOf(['http', url, filled(entry['profile'] ?? null), ...others]), shown: cut(withoutQuery(url)) };
}

function canonical(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname.replace(/\/$/, '')}${search}`;
}

/** Members in another order say the same. */
function sorted(value: unknown): unknown {
  return isObject(value) ? Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)) : null;
}

function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function cut(text: string): string {
  const plain = redact(printable(text));
  return plain.length <= longestShown ? plain : `${plain.slice(0, longestShown)}…`;
}
