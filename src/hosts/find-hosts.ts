// Owns looking for the hosts of this machine and what their configs say about the gateway; changes nothing.
import { readdir } from 'node:fs/promises';
import { win32 } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isThere } from '../lib/json-file.ts';
import { nearestNames } from '../lib/nearest-name.ts';
import { startsGateway } from './gateway-start.ts';
import { readHostFile } from './host-file.ts';
import { type HostId, type HostPlace, hostIds, hostPlaces, projectFile, type Surroundings } from './host-places.ts';
import { hostTable, serverTextOf } from './host-table.ts';

export interface HostDeps extends Surroundings {
  /** Where the records of changes are kept. */
  readonly dataDir: string;
  /** `dist/main.js` of this installation: an entry that runs it is ours. */
  readonly mainFile: string;
}

/** One config file of one host. */
export interface HostTarget {
  readonly id: HostId;
  readonly title: string;
  readonly file: string;
  /** Absolute: the file belongs to this project alone. */
  readonly project?: string;
}

export interface InstalledHost extends HostTarget {
  /** `installed`: an entry starts this gateway. `unreadable`: the file cannot be parsed, and `problem` says where. */
  readonly state: 'installed' | 'not installed' | 'unreadable';
  readonly hasFile: boolean;
  /** Names of the entries that start this gateway. */
  readonly entries: readonly string[];
  /** How many other servers it has. */
  readonly otherServers: number;
  readonly problem?: string;
}

/** @throws GatewayError INVALID_ARGUMENTS with the nearest name */
export function hostIdOf(word: string): HostId {
  const id = hostIds.find((known) => known === word);
  if (id) return id;
  const [near] = nearestNames(word, hostIds, 1);
  throw new GatewayError('INVALID_ARGUMENTS', `no host is called '${word}'${near ? `; did you mean ${near}?` : ''}`, {
    hint: `The hosts are ${hostIds.join(', ')}.`,
  });
}

/** The config to edit: of the project, or the user's own. @throws GatewayError INVALID_ARGUMENTS */
export async function hostTarget(
  id: HostId,
  deps: HostDeps,
  { project, evenIfAbsent }: { readonly project?: string | undefined; readonly evenIfAbsent: boolean },
): Promise<HostTarget> {
  const { title } = hostTable[id];
  if (project !== undefined) {
    const file = projectFile(id, deps, project);
    if (file !== undefined) return { id, title, file, project };
    throw new GatewayError('INVALID_ARGUMENTS', `${title} has no config for one project`, {
      hint: 'Leave out --project.',
    });
  }
  const { place, isInstalled } = await findPlace(id, deps);
  if (isInstalled || evenIfAbsent) return { id, title, file: place.file };
  throw new GatewayError('INVALID_ARGUMENTS', `${title} is not here: there is no ${place.signs[0] ?? place.file}`, {
    hint: `Start it once, or write ${place.file} all the same with --force.`,
  });
}

/** Every host that is there, and what its config says. */
export async function findInstalledHosts(deps: HostDeps): Promise<readonly InstalledHost[]> {
  const found: InstalledHost[] = [];
  for (const id of hostIds) {
    const { place, isInstalled } = await findPlace(id, deps);
    if (isInstalled) found.push(await lookAt({ id, title: hostTable[id].title, file: place.file }, deps));
  }
  return found;
}

async function lookAt(target: HostTarget, deps: HostDeps): Promise<InstalledHost> {
  try {
    const { bytes, text } = await readHostFile(target.file);
    const servers = Object.entries(serverTextOf(target.id, target.file).read(text));
    const entries = servers.filter(([, entry]) => startsGateway(entry, deps.mainFile)).map(([name]) => name);
    const state = entries.length > 0 ? 'installed' : 'not installed';
    return { ...target, state, hasFile: bytes !== undefined, entries, otherServers: servers.length - entries.length };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ...target, state: 'unreadable', hasFile: true, entries: [], otherServers: 0, problem: error.message };
  }
}

async function findPlace(id: HostId, deps: HostDeps): Promise<{ place: HostPlace; isInstalled: boolean }> {
  const surroundings = id === 'claude-desktop' ? { ...deps, claudePackages: await claudePackages(deps) } : deps;
  const places = hostPlaces(id, surroundings);
  for (const place of places) {
    for (const sign of [place.file, ...place.signs]) {
      if (await isThereAtAll(sign)) return { place, isInstalled: true };
    }
  }
  // Nothing of it is there: the place of the older kind, which a new installation finds too.
  const place = places.at(-1);
  if (!place) throw new TypeError(`no place is known for ${id}`);
  return { place, isInstalled: false };
}

async function claudePackages({ platform, env, home }: Surroundings): Promise<readonly string[]> {
  if (platform !== 'win32') return [];
  const folder = win32.join(env['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local'), 'Packages');
  try {
    return (await readdir(folder)).filter((name) => name.startsWith('Claude_'));
  } catch {
    // No such folder, or it may not be read: then the usual name is tried.
    return [];
  }
}

async function isThereAtAll(path: string): Promise<boolean> {
  try {
    return await isThere(path);
  } catch {
    // Where it cannot be looked at, it cannot be edited.
    return false;
  }
}
