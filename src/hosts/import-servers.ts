// Owns taking the servers of a host over into Portico's own servers file, putting the one entry in their place, and
// putting them back. Ours is written first: nothing is lost if the process ends in between.

import { dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import { ensurePrivateDirectory, isThere } from '../lib/json-file.ts';
import { membersOf } from '../lib/members.ts';
import { checkedText, type HostEdit, type OpenedHost, openHost, writeChange, writeTakenBack } from './change-host.ts';
import { createChangeRecords, type HostChange, textBefore } from './change-record.ts';
import type { HostDeps, HostTarget } from './find-hosts.ts';
import { startsGateway } from './gateway-start.ts';
import { readHostFile, writeHostFile } from './host-file.ts';
import { hostTable, type StartCommand } from './host-table.ts';
import { cannotRemove, lacksContainer } from './install.ts';
import { type MergedServer, mergeServers } from './merge-servers.ts';
import { readHostServers } from './read-host-servers.ts';
import { equalValues } from './server-text.ts';

export interface TakeOver {
  readonly target: HostTarget;
  readonly servers: readonly MergedServer[];
  /** Of the servers file. */
  readonly before: string;
  readonly after: string;
}

/** Adds the host's servers to the servers file, which is made where there is none. @throws GatewayError CONFIG_INVALID */
export async function takeOverServers(
  target: HostTarget,
  { serversFile, dryRun }: { readonly serversFile: string; readonly dryRun: boolean },
  deps: HostDeps,
): Promise<TakeOver> {
  const host = await readHostServers(target, deps);
  const content = await readHostFile(serversFile);
  const { text, servers } = mergeServers(serversFile, content.text, host);
  if (!dryRun && text !== content.text) {
    const folder = dirname(serversFile);
    if (!(await isThere(folder))) await ensurePrivateDirectory(folder);
    await writeHostFile(serversFile, content, text);
  }
  return { target, servers, before: content.text, after: text };
}

export interface ReplaceWishes {
  /** As the host calls them. */
  readonly names: readonly string[];
  /** Of the entry that stands for them. */
  readonly name: string;
  readonly start: StartCommand;
  /** The file that the servers went into. */
  readonly serversFile: string;
  readonly dryRun: boolean;
}

/** Takes the servers out of the host, and adds the gateway where it is not there yet. Undefined: nothing to do. */
export async function replaceServers(
  target: HostTarget,
  wishes: ReplaceWishes,
  deps: HostDeps,
): Promise<HostEdit | undefined> {
  const opened = await openHost(target);
  const present = wishes.names.filter((name) => opened.servers[name] !== undefined);
  if (present.length === 0) return undefined;
  let text = opened.content.text;
  const wanted: Record<string, unknown> = { ...opened.servers };
  const servers: { name: string; text: string }[] = [];
  for (const name of present) {
    const removed = opened.format.remove(text, name);
    if (!removed) throw cannotRemove(target, name);
    servers.push({ name, text: removed.removed });
    text = removed.text;
    delete wanted[name];
  }
  const entry = entryToAdd(opened, wanted, wishes, deps);
  if (entry !== undefined) {
    text = opened.format.add(text, wishes.name, entry);
    wanted[wishes.name] = entry;
  }
  const change = {
    kind: 'replace' as const,
    name: wishes.name,
    servers,
    madeContainer: lacksContainer(opened),
    ...(entry === undefined ? {} : { entry }),
  };
  const records = createChangeRecords(deps.dataDir);
  return writeChange(opened, checkedText(opened, text, wanted), change, { records, dryRun: wishes.dryRun });
}

/** Undefined: the gateway is there. @throws GatewayError INVALID_ARGUMENTS where it would not have the servers */
function entryToAdd(
  { target }: OpenedHost,
  remaining: Readonly<Record<string, unknown>>,
  { name, start, serversFile }: ReplaceWishes,
  { mainFile }: HostDeps,
): object | undefined {
  const ours = Object.entries(remaining).find(([, entry]) => startsGateway(entry, mainFile));
  if (ours) {
    const { args, env } = membersOf(ours[1]);
    const words: readonly unknown[] = Array.isArray(args) ? args : [];
    if (words.includes(serversFile) || membersOf(env)['GATEWAY_MCP_CONFIG'] === serversFile) return undefined;
    throw new GatewayError('INVALID_ARGUMENTS', `'${ours[0]}' in ${target.file} does not use ${serversFile}`, {
      hint: `Let it use that file first: portico install ${target.id} --name ${ours[0]} --force`,
    });
  }
  if (remaining[name] === undefined) return hostTable[target.id].entryOf(start);
  throw new GatewayError(
    'INVALID_ARGUMENTS',
    `${target.file} has an entry '${name}' already, which is something else`,
    {
      hint: 'Give this one another name with --name.',
    },
  );
}

export interface Undone {
  readonly edit: HostEdit;
  readonly exact: boolean;
  /** These stand in the host again. */
  readonly restored: readonly string[];
  /** The host has others of these names by now; they were left. */
  readonly left: readonly string[];
}

/** Puts back what the last `replaceServers` took out; what was edited since stays. @throws GatewayError */
export async function undoReplace(
  target: HostTarget,
  { dryRun }: { readonly dryRun: boolean },
  deps: HostDeps,
): Promise<Undone> {
  const records = createChangeRecords(deps.dataDir);
  const changes = await records.read(target.file);
  const index = changes.findLastIndex(({ kind }) => kind === 'replace');
  const change = changes[index];
  if (!change) {
    throw new GatewayError('INVALID_ARGUMENTS', `no servers of ${target.file} were replaced by this gateway`, {
      hint: 'There is nothing to undo.',
    });
  }
  const opened = await openHost(target);
  const remaining = changes.filter((_, place) => place !== index);
  const original = index === changes.length - 1 ? textBefore(opened.content.text, change) : undefined;
  if (original !== undefined) {
    const edit = await writeTakenBack(opened, { text: original, remaining, exact: true }, { records, dryRun });
    return { edit, exact: true, restored: change.servers.map(({ name }) => name), left: [] };
  }
  const { text, restored, left } = putBack(opened, change);
  const edit = await writeTakenBack(opened, { text, remaining, exact: false }, { records, dryRun });
  return { edit, exact: false, restored, left };
}

function putBack(
  opened: OpenedHost,
  { name, entry, servers }: HostChange,
): { text: string; restored: readonly string[]; left: readonly string[] } {
  const { format, content } = opened;
  const wanted: Record<string, unknown> = { ...opened.servers };
  let text = content.text;
  // One that was changed since, or was there before, is somebody's own.
  const own = entry !== undefined && equalValues(wanted[name], entry) ? format.remove(text, name) : undefined;
  if (own) {
    text = own.text;
    delete wanted[name];
  }
  const restored: string[] = [];
  const left: string[] = [];
  for (const server of servers) {
    if (wanted[server.name] !== undefined) {
      left.push(server.name);
      continue;
    }
    text = format.addBack(text, server.name, server.text);
    wanted[server.name] = format.read(text)[server.name];
    restored.push(server.name);
  }
  return { text: checkedText(opened, text, wanted), restored, left };
}
