// Owns what `init` makes of the hosts of a machine and of the answers: pure.
import type { InstalledHost } from '../hosts/find-hosts.ts';
import type { MergedServer } from '../hosts/merge-servers.ts';
import type { HostServer, HostServers } from '../hosts/read-host-servers.ts';
import type { Choice } from './ask.ts';

/** A server of a host, to be ticked. */
export interface ServerChoice extends Choice {
  readonly host: string;
  readonly name: string;
}

export interface InitFacts {
  readonly file: string;
  /** False: it was there before. */
  readonly isNew: boolean;
  readonly servers: readonly MergedServer[];
  readonly hosts: readonly InstalledHost[];
  /** Ids of the hosts whose servers were taken over. */
  readonly takenFrom: { has(id: string): boolean };
  /** Those were taken out of the hosts in `installed`. */
  readonly replaces: boolean;
  /** By the id of the host that has the entry now: what a human does for it to take effect. */
  readonly installed: ReadonlyMap<string, string>;
}

/** Those that Portico can start itself; the others stay with their host. */
export function serverChoices(hosts: readonly HostServers[]): ServerChoice[] {
  return hosts.flatMap(({ target, servers }) =>
    servers.flatMap(({ name, server }): ServerChoice[] => {
      if (server.kind === 'kept') return [];
      const { command, url } = server.entry;
      const hint = typeof url === 'string' ? withoutQuery(url) : typeof command === 'string' ? command : undefined;
      const label = `${name} (${target.title})`;
      return [{ value: `${target.id}\n${name}`, label, host: target.id, name, ...(hint !== undefined && { hint }) }];
    }),
  );
}

/** Some have their secret behind the question mark. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/** What was ticked, host by host. */
export function chosenServers(hosts: readonly HostServers[], ticked: readonly string[]): HostServers[] {
  const isTicked = (host: string, { name }: HostServer): boolean => ticked.includes(`${host}\n${name}`);
  return hosts
    .map((host) => ({ ...host, servers: host.servers.filter((server) => isTicked(host.target.id, server)) }))
    .filter(({ servers }) => servers.length > 0);
}

/** The next things to type or do, in order. */
export function nextSteps({ file, isNew, servers, hosts, takenFrom, replaces, installed }: InitFacts): string[] {
  const steps: string[] = [];
  if (servers.length === 0 && isNew) steps.push(`Write your servers into ${file}.`);
  steps.push('portico check says what is wrong with the file, portico doctor whether the servers can be reached.');
  for (const { id, title, state, otherServers } of hosts) {
    const activation = installed.get(id);
    if (activation !== undefined) steps.push(`${title} starts Portico now. ${activation}`);
    else if (state === 'not installed') steps.push(`portico install ${id} adds Portico to ${title}.`);
    if (takenFrom.has(id)) {
      steps.push(
        replaces && activation !== undefined
          ? `portico import-config ${id} --undo puts the servers back into ${title}.`
          : `portico import-config ${id} --replace takes out of ${title} what Portico has: else agents see it twice.`,
      );
    } else if (otherServers > 0) steps.push(`portico import-config ${id} takes over the servers of ${title}.`);
  }
  if (hosts.length === 0) steps.push('portico install HOST adds Portico to a host, once one is here.');
  return steps;
}
