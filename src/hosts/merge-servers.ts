// Owns adding servers of a host to the text of Portico's own servers file: pure.
import { addMember, memberText, replaceMember } from '../config/edit-json.ts';
import { parseJsonDocument } from '../config/json-document.ts';
import { isObject } from '../config/value-checks.ts';
import type { HostServers } from './read-host-servers.ts';
import { equalValues } from './server-text.ts';

export type MergedServer =
  /** `as` differs from `name` where another server had that name. */
  | {
      readonly kind: 'added' | 'same';
      readonly name: string;
      readonly as: string;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'kept'; readonly name: string; readonly reason: string };

export interface Merge {
  readonly text: string;
  readonly servers: readonly MergedServer[];
}

/** `text`: of the servers file, blank where there is none. @throws ConfigError with line and column */
export function mergeServers(file: string, text: string, host: HostServers): Merge {
  const root = text.trim() === '' ? {} : parseJsonDocument(file, text).value;
  const document = isObject(root) ? root : {};
  const key = document['mcpServers'] === undefined && document['servers'] !== undefined ? 'servers' : 'mcpServers';
  const known = new Map<string, unknown>(
    ['servers', 'mcpServers'].flatMap((member) => {
      const servers = document[member];
      return isObject(servers) ? Object.entries(servers) : [];
    }),
  );
  let result = text;
  const merged: MergedServer[] = [];
  for (const { name, server } of host.servers) {
    if (server.kind === 'kept') {
      merged.push({ kind: 'kept', name, reason: server.reason });
      continue;
    }
    const { entry, warnings } = server;
    const as = nameFor(name, host.target.id, entry, known);
    const isNew = !known.has(as);
    merged.push({ kind: isNew ? 'added' : 'same', name, as, warnings: [...warnings, ...inputNotes(as, entry)] });
    if (!isNew) continue;
    known.set(as, entry);
    result = addMember(result, [key, as], { kind: 'value', value: entry });
  }
  return { text: withInputs(file, result, host.inputs), servers: merged };
}

/** The name itself, or with the host's behind it where another server has the name already. */
function nameFor(name: string, host: string, entry: object, known: ReadonlyMap<string, unknown>): string {
  for (let count = 0; ; count++) {
    const candidate = count === 0 ? name : count === 1 ? `${name}-${host}` : `${name}-${host}-${count}`;
    if (!known.has(candidate) || equalValues(known.get(candidate), entry)) return candidate;
  }
}

/** A host asked for them itself. */
function inputNotes(server: string, entry: object): readonly string[] {
  const ids = new Set([...JSON.stringify(entry).matchAll(/\$\{input:([\w.-]+)/g)].map(([, id]) => id));
  return ids.size === 0 ? [] : [`it needs ${[...ids].join(', ')}, which is asked for by: portico login ${server}`];
}

function withInputs(file: string, text: string, inputs: HostServers['inputs']): string {
  if (inputs.length === 0) return text;
  const root = parseJsonDocument(file, text).value;
  const known = isObject(root) ? root['inputs'] : undefined;
  if (known === undefined) return addMember(text, ['inputs'], { kind: 'value', value: inputs });
  // A list that is there already is a human's own: it is added to, unless comments would be lost.
  if (!Array.isArray(known) || !isJson(`{${memberText(text, ['inputs']) ?? ''}}`)) return text;
  const ids = new Set(known.map((one: unknown) => (isObject(one) ? one['id'] : undefined)));
  const added = inputs.filter(({ id }) => !ids.has(id));
  return added.length === 0 ? text : (replaceMember(text, ['inputs'], [...known, ...added]) ?? text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
