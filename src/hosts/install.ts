// Owns adding the gateway to a host and taking it out again; knows neither terminals nor where hosts are looked for.
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import { checkedText, type HostEdit, type OpenedHost, openHost, writeChange, writeTakenBack } from './change-host.ts';
import { createChangeRecords, type HostChange, textBefore } from './change-record.ts';
import type { HostDeps, HostTarget } from './find-hosts.ts';
import { startsGateway } from './gateway-start.ts';
import { hostTable, type StartCommand } from './host-table.ts';
import { equalValues } from './server-text.ts';

export interface InstallWishes {
  readonly name: string;
  readonly start: StartCommand;
  /** Another entry of that name may go. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

export type InstallOutcome =
  | { readonly kind: 'unchanged'; readonly target: HostTarget }
  /** Nothing was done: the name is taken, by another way to start the gateway or by something else. */
  | { readonly kind: 'different'; readonly target: HostTarget; readonly isGateway: boolean }
  | { readonly kind: 'installed' | 'replaced'; readonly target: HostTarget; readonly edit: HostEdit };

/** @throws GatewayError CONFIG_INVALID where the file cannot be read, edited or written */
export async function installInto(target: HostTarget, wishes: InstallWishes, deps: HostDeps): Promise<InstallOutcome> {
  const opened = await openHost(target);
  const { name, force, dryRun } = wishes;
  const existing = opened.servers[name];
  const entry = hostTable[target.id].entryOf(wishes.start);
  if (existing !== undefined && covers(existing, entry)) return { kind: 'unchanged', target };
  const isGateway = startsGateway(existing, deps.mainFile);
  if (existing !== undefined && !force) return { kind: 'different', target, isGateway };
  const wanted = existing !== undefined && isGateway ? merged(existing, entry) : entry;
  const text = opened.content.text;
  const after = checkedText(
    opened,
    existing === undefined ? opened.format.add(text, name, wanted) : opened.format.replace(text, name, wanted),
    { ...opened.servers, [name]: wanted },
  );
  const records = createChangeRecords(deps.dataDir);
  const change = { kind: 'install', name, entry: wanted, servers: [], madeContainer: lacksContainer(opened) } as const;
  const edit = await writeChange(opened, after, change, { records, dryRun });
  return { kind: existing === undefined ? 'installed' : 'replaced', target, edit };
}

/** What hosts and humans add to an entry does not make it another one. */
function covers(existing: unknown, entry: object): boolean {
  return equalValues(merged(existing, entry), existing);
}

function merged(existing: unknown, entry: object): object {
  const [old, env] = [membersOf(existing), membersOf(membersOf(entry)['env'])];
  const both = { ...membersOf(old['env']), ...env };
  return { ...old, ...entry, ...(old['env'] === undefined && Object.keys(both).length === 0 ? {} : { env: both }) };
}

export function lacksContainer({ content, format, target }: OpenedHost): boolean {
  return membersOf(format.parse(content.text))[hostTable[target.id].key] === undefined;
}

export interface UninstallWishes {
  readonly name: string;
  /** Also takes out an entry of that name that does not start this gateway. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

export type UninstallOutcome =
  | { readonly kind: 'absent'; readonly target: HostTarget }
  | {
      readonly kind: 'removed';
      readonly target: HostTarget;
      readonly edit: HostEdit;
      /** The file is to the byte what it was before the gateway came. */
      readonly exact: boolean;
      /** Servers that had been taken over and stand in the host again. */
      readonly restored: readonly string[];
    };

/** Takes out the entry, and puts back what was replaced by it. @throws GatewayError CONFIG_INVALID, INVALID_ARGUMENTS */
export async function uninstallFrom(
  target: HostTarget,
  { name, force, dryRun }: UninstallWishes,
  deps: HostDeps,
): Promise<UninstallOutcome> {
  const opened = await openHost(target);
  const records = createChangeRecords(deps.dataDir);
  const changes = await records.read(target.file);
  const restored = changes.flatMap(({ servers }) => servers.map((server) => server.name));
  const original = textBeforeAll(opened.content.text, changes);
  if (original !== undefined && changes.every((change) => change.name === name)) {
    const created = changes[0]?.created === true;
    const back = { text: created ? undefined : original, remaining: [], exact: true };
    return {
      kind: 'removed',
      target,
      edit: await writeTakenBack(opened, back, { records, dryRun }),
      exact: true,
      restored,
    };
  }
  const existing = opened.servers[name];
  if (existing === undefined) return { kind: 'absent', target };
  const own = changes.filter((change) => change.name === name);
  const isOurs = startsGateway(existing, deps.mainFile) || own.some(({ entry }) => equalValues(entry, existing));
  if (!isOurs && !force) {
    throw new GatewayError('INVALID_ARGUMENTS', `'${name}' in ${target.file} does not start this gateway`, {
      hint: 'Name the right entry with --name, or take this one out all the same with --force.',
    });
  }
  const edited = withoutEntry(opened, name, own);
  const back = { text: edited.text, remaining: changes.filter((change) => change.name !== name), exact: false };
  const edit = await writeTakenBack(opened, back, { records, dryRun });
  return { kind: 'removed', target, edit, exact: false, restored: edited.restored };
}

/** Undefined: somebody changed the file since, or nothing was changed by us. */
function textBeforeAll(text: string, changes: readonly HostChange[]): string | undefined {
  if (changes.length === 0) return undefined;
  return changes.reduceRight<string | undefined>(
    (now, change) => (now === undefined ? undefined : textBefore(now, change)),
    text,
  );
}

function withoutEntry(
  opened: OpenedHost,
  name: string,
  changes: readonly HostChange[],
): { text: string; restored: readonly string[] } {
  const { content, format, target } = opened;
  const removed = format.remove(content.text, name);
  if (!removed) throw cannotRemove(target, name);
  const wanted: Record<string, unknown> = { ...opened.servers };
  delete wanted[name];
  let text = removed.text;
  const restored: string[] = [];
  for (const server of changes.flatMap(({ servers }) => servers)) {
    if (wanted[server.name] !== undefined) continue;
    text = format.addBack(text, server.name, server.text);
    wanted[server.name] = format.read(text)[server.name];
    restored.push(server.name);
  }
  if (changes.some(({ madeContainer }) => madeContainer)) text = format.withoutEmptyContainer(text);
  return { text: checkedText(opened, text, wanted), restored };
}

export function cannotRemove({ file }: HostTarget, name: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `'${name}' cannot be taken out of ${file} without changing more`, {
    hint: 'It is not written as a table of its own; take it out by hand. The file was left alone.',
  });
}
