// Owns `portico init`: a first servers file, with the servers that hosts of this machine have, and Portico's entry in them.
// Without a terminal: a file to go on with, and nothing else is touched.
import type { InstalledHost } from '../../hosts/find-hosts.ts';
import type { MergedServer } from '../../hosts/merge-servers.ts';
import type { HostServers } from '../../hosts/read-host-servers.ts';
import { askWhich, askYesNo, mayAsk } from '../ask.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { hostDepsOf, hostServersFile, startWishesOf } from '../host-surroundings.ts';
import { chosenServers, nextSteps, serverChoices } from '../init-plan.ts';
import { emptyFile, hasServersFile, makeServersFile, startingFile } from '../starting-file.ts';

/** What the human wants; nothing of it is done yet. */
interface Wanted {
  readonly text: string;
  readonly servers: readonly MergedServer[];
  /** Names of servers, as their hosts call them, by the host's id. */
  readonly takenFrom: ReadonlyMap<string, readonly string[]>;
  readonly into: readonly InstalledHost[];
  /** The servers that Portico has are taken out of the hosts that start it. */
  readonly replaces: boolean;
}

const plain: Wanted = { text: startingFile, servers: [], takenFrom: new Map(), into: [], replaces: false };

export const initCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('init'))
      .description('write a first servers file; in a terminal, with the servers of the hosts that are here')
      .action((options: CommonOptions) => finish(runCommand(context, options, init)));
  },
};

async function init(run: CommandRun): Promise<number> {
  const { context, output, settings } = run;
  const { findInstalledHosts } = await import('../../hosts/find-hosts.ts');
  const file = hostServersFile(context, settings);
  const hosts = await findInstalledHosts(hostDepsOf(context));
  // Everything is asked before anything is written: whoever gives up in the middle has changed nothing.
  const asks = !(await hasServersFile(file)) && mayAsk(run);
  const asked = asks ? await ask(run, file, hosts) : plain;
  const isNew = await makeServersFile(file, asked.text);
  const wanted = isNew ? asked : plain;
  const installed = await install(run, file, wanted);
  const next = nextSteps({ file, isNew, hosts, ...wanted, installed });
  output.document({
    file,
    outcome: isNew ? 'written' : 'exists',
    servers: wanted.servers.flatMap((server) => (server.kind === 'kept' ? [] : [server.as])),
    hosts: hosts.map(({ id, title, state, otherServers }) => ({ host: id, title, state, other_servers: otherServers })),
    installed: [...installed.keys()],
    next,
  });
  output.line(isNew ? `${file} was written` : `${file} is there already, and was left as it is`);
  for (const line of wanted.servers.flatMap(linesOf)) output.line(line);
  output.line('Next:');
  for (const step of next) output.line(`  ${step}`);
  return 0;
}

function linesOf(server: MergedServer): string[] {
  if (server.kind === 'kept') return [`  ${server.name} stays where it is: ${server.reason}`];
  const as = server.as === server.name ? server.name : `${server.name} as ${server.as}`;
  return [`  ${as}`, ...server.warnings.map((warning) => `    ${warning}`)];
}

async function ask(run: CommandRun, file: string, hosts: readonly InstalledHost[]): Promise<Wanted> {
  const servers = await askForServers(run, file, hosts);
  const into = await askForHosts(run, hosts);
  const both = into.filter(({ id }) => servers.takenFrom.has(id)).map(({ title }) => title);
  const question = `Take the servers that Portico has then out of ${both.join(', ')}?`;
  return { ...servers, into, replaces: both.length > 0 && (await askYesNo(run, question)) };
}

async function askForServers(
  run: CommandRun,
  file: string,
  hosts: readonly InstalledHost[],
): Promise<Pick<Wanted, 'text' | 'servers' | 'takenFrom'>> {
  const { readHostServers } = await import('../../hosts/read-host-servers.ts');
  const { mergeServers } = await import('../../hosts/merge-servers.ts');
  const deps = hostDepsOf(run.context);
  const readable = hosts.filter(({ state, otherServers }) => state !== 'unreadable' && otherServers > 0);
  const found: HostServers[] = [];
  for (const host of readable) found.push(await readHostServers(host, deps));
  const choices = serverChoices(found);
  if (choices.length === 0) return plain;
  const ticked = await askWhich(run, 'Which servers shall Portico have?', choices, { isAllTicked: true });
  const chosen = chosenServers(found, ticked);
  if (chosen.length === 0) return plain;
  let text = emptyFile;
  const servers: MergedServer[] = [];
  for (const host of chosen) {
    const merge = mergeServers(file, text, host);
    text = merge.text;
    servers.push(...merge.servers);
  }
  const takenFrom = new Map(chosen.map((host) => [host.target.id, host.servers.map(({ name }) => name)]));
  return { text, servers, takenFrom };
}

async function askForHosts(run: CommandRun, hosts: readonly InstalledHost[]): Promise<readonly InstalledHost[]> {
  const waiting = hosts.filter(({ state }) => state === 'not installed');
  if (waiting.length === 0) return [];
  const choices = waiting.map(({ id, title, file }) => ({ value: id, label: title, hint: file }));
  const ticked = await askWhich(run, 'Which hosts shall start Portico?', choices);
  return waiting.filter(({ id }) => ticked.includes(id));
}

/** By the host's id: what a human does there. */
async function install(
  run: CommandRun,
  serversFile: string,
  { into, takenFrom, replaces }: Wanted,
): Promise<ReadonlyMap<string, string>> {
  const { context, settings } = run;
  const installed = new Map<string, string>();
  if (into.length === 0) return installed;
  const { findGatewayStart } = await import('../../hosts/gateway-start.ts');
  const { replaceServers } = await import('../../hosts/import-servers.ts');
  const { installInto } = await import('../../hosts/install.ts');
  const { hostTable } = await import('../../hosts/host-table.ts');
  const wishes = {
    name: 'portico',
    start: await findGatewayStart(startWishesOf(context, settings, {})),
    dryRun: false,
  };
  const deps = hostDepsOf(context);
  for (const host of into) {
    const names = takenFrom.get(host.id);
    if (replaces && names) await replaceServers(host, { ...wishes, names, serversFile }, deps);
    else if ((await installInto(host, { ...wishes, force: false }, deps)).kind === 'different') continue;
    installed.set(host.id, hostTable[host.id].activate);
  }
  return installed;
}
