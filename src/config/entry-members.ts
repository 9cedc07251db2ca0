// Owns which keys an entry may have and what kind of server they make it; knows nothing of their values.
import { type IssueList, keyText } from './issue-list.ts';
import type { JsonPath } from './json-document.ts';
import { unknownKeyHint, valueHint } from './key-hints.ts';
import { idpKeys, oauthKeys } from './oauth-schema.ts';
import type { ServerEntry } from './server-entry.ts';
import { entryKeys, httpKeys, stdioKeys } from './servers-schema.ts';
import { isObject } from './value-checks.ts';

type Kind = ServerEntry['kind'];

/** The members with known names; the others are reported and have no effect, references in them included. */
export function knownMembers(value: Readonly<Record<string, unknown>>, issues: IssueList): Record<string, unknown> {
  const known = onlyKnown(value, entryKeys, [], issues);
  if (isObject(known['oauth'])) {
    known['oauth'] = onlyKnown(known['oauth'], oauthKeys, ['oauth'], issues);
    const oauth = known['oauth'] as Record<string, unknown>;
    if (isObject(oauth['idp'])) oauth['idp'] = onlyKnown(oauth['idp'], idpKeys, ['oauth', 'idp'], issues);
  }
  return known;
}

function onlyKnown(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  base: JsonPath,
  issues: IssueList,
): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (keys.includes(key)) {
      known[key] = member;
      continue;
    }
    const hint = unknownKeyHint(key, keys, base[0] === 'oauth');
    const path = [...base, key];
    issues.warning({ path, message: `${keyText(path)} is no known key and has no effect`, hint, atKey: true });
  }
  return known;
}

export function kindOf(entry: Readonly<Record<string, unknown>>, issues: IssueList): Kind | undefined {
  const command = entry['command'] !== undefined;
  const url = entry['url'] !== undefined;
  if (command && url) {
    const hint = 'keep "command" for a program on this machine, or "url" for a server on the network';
    issues.error({ path: ['url'], message: 'has both command and url', hint, atKey: true });
    return undefined;
  }
  if (command || url) return command ? 'stdio' : 'http';
  const hint = 'write "command" for a program on this machine, or "url" for a server on the network';
  issues.error({ path: [], message: 'has neither command nor url', hint });
  return undefined;
}

export function membersOfKind(
  known: Readonly<Record<string, unknown>>,
  kind: Kind,
  issues: IssueList,
): Record<string, unknown> {
  const keys = kind === 'stdio' ? stdioKeys : httpKeys;
  const members: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(known)) {
    if (keys.includes(key)) members[key] = member;
    else
      issues.warning({
        path: [key],
        message: `${key} has no effect on a server with ${kind === 'stdio' ? 'a command' : 'a url'}`,
        atKey: true,
      });
  }
  return members;
}

export function checkType(
  raw: { type?: string | undefined; transport?: string | undefined },
  kind: Kind,
  issues: IssueList,
): void {
  const key = raw.type === undefined ? 'transport' : 'type';
  const type = raw.type ?? raw.transport;
  if (type === undefined) return;
  if (raw.transport !== undefined && raw.transport !== type) {
    issues.error({ path: ['transport'], message: 'type and transport say different things', hint: 'keep one of them' });
  }
  if ((type === 'stdio') === (kind === 'stdio')) return;
  const present = kind === 'stdio' ? 'command' : 'url';
  issues.error({ path: [key], message: `${key} "${type}" does not go with ${present}`, hint: valueHint(key) });
}
