// Owns `portico import-config`: the servers of a host, taken over into the servers file, and given back.
import { resolve } from 'node:path';
import { GatewayError } from '../../errors.ts';
import type { HostEdit } from '../../hosts/change-host.ts';
import type { HostDeps, HostTarget } from '../../hosts/find-hosts.ts';
import type { TakeOver } from '../../hosts/import-servers.ts';
import type { MergedServer } from '../../hosts/merge-servers.ts';
import { askWhich, askYesNo, mayAsk } from '../ask.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { difference } from '../difference.ts';
import { hostDepsOf, hostServersFile, startWishesOf } from '../host-surroundings.ts';

interface ImportConfigOptions extends CommonOptions {
  readonly name: string;
  readonly agent?: string;
  readonly npx?: boolean;
  readonly project?: boolean;
  readonly replace?: boolean;
  readonly undo?: boolean;
  readonly dryRun?: boolean;
}

export const importConfigCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('import-config'))
      .description("take over the servers of a host's config")
      .argument('[host]', 'without one: asks which, at a terminal')
      .option('--replace', 'then put this gateway in their place there')
      .option('--undo', 'put back what --replace took out of the host')
      .option('--name <name>', 'of the entry that --replace adds', 'portico')
      .option('--agent <id>', 'that entry acts as this agent of the rules')
      .option('--npx', 'that entry lets npx fetch and start the newest version')
      .option('--project', 'the config of the project in this folder')
      .option('--dry-run', 'show what would change and change nothing')
      .action((host: string | undefined, options: ImportConfigOptions) =>
        finish(
          runCommand(context, options, (run) => (options.undo ? undo(run, host, options) : take(run, host, options))),
        ),
      );
  },
};

async function take(run: CommandRun, word: string | undefined, options: ImportConfigOptions): Promise<number> {
  const { context, output, settings } = run;
  const deps = hostDepsOf(context);
  const targets = word === undefined ? await chosen(run, deps) : [await targetOf(run, word, options)];
  const serversFile = hostServersFile(context, settings);
  const done: { taken: TakeOver; edit: HostEdit | undefined }[] = [];
  for (const target of targets) {
    if (target.file === serversFile) throw sameFile(target);
    const { takeOverServers } = await import('../../hosts/import-servers.ts');
    const taken = await takeOverServers(target, { serversFile, dryRun: options.dryRun === true }, deps);
    for (const line of linesOf(taken, serversFile, options)) output.line(line);
    done.push({ taken, edit: await replaced(run, taken, { options, deps, serversFile }) });
  }
  output.document({
    servers_file: serversFile,
    dry_run: options.dryRun === true,
    hosts: done.map(({ taken, edit }) => ({
      host: taken.target.id,
      file: taken.target.file,
      servers: taken.servers.map(documentOf),
      replaced: edit !== undefined,
      backup: edit?.backup ?? null,
    })),
  });
  return 0;
}

async function targetOf(run: CommandRun, word: string, { project }: ImportConfigOptions): Promise<HostTarget> {
  const { hostIdOf, hostTarget } = await import('../../hosts/find-hosts.ts');
  const { context } = run;
  const folder = project ? resolve(context.cwd) : undefined;
  return await hostTarget(hostIdOf(word), hostDepsOf(context), { project: folder, evenIfAbsent: false });
}

async function chosen(run: CommandRun, deps: HostDeps): Promise<readonly HostTarget[]> {
  const { findInstalledHosts } = await import('../../hosts/find-hosts.ts');
  const hosts = (await findInstalledHosts(deps)).filter(({ otherServers }) => otherServers > 0);
  if (hosts.length === 0) throw new GatewayError('INVALID_ARGUMENTS', 'no host here has servers to take over');
  if (!mayAsk(run)) {
    const names = hosts.map(({ id, otherServers }) => `${id} (${otherServers})`).join(', ');
    throw new GatewayError('INVALID_ARGUMENTS', `no host named; these have servers: ${names}`, {
      hint: `portico import-config ${hosts[0]?.id ?? 'HOST'}`,
    });
  }
  const choices = hosts.map(({ id, title, otherServers, file }) => ({
    value: id,
    label: `${title}: ${otherServers} server${otherServers === 1 ? '' : 's'}`,
    hint: file,
  }));
  const ids = await askWhich(run, 'Take over the servers of which hosts?', choices);
  return hosts.filter(({ id }) => ids.includes(id));
}

function sameFile({ file }: HostTarget): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `${file} is the servers file itself`, {
    hint: 'Name another one to write into with --config.',
  });
}

interface Replacing {
  readonly options: ImportConfigOptions;
  readonly deps: HostDeps;
  readonly serversFile: string;
}

/** Where it was asked for, or the human says so. */
async function replaced(
  run: CommandRun,
  { target, servers }: TakeOver,
  { options, deps, serversFile }: Replacing,
): Promise<HostEdit | undefined> {
  const { context, output, settings } = run;
  const names = servers.flatMap((server) => (server.kind === 'kept' ? [] : [server.name]));
  if (names.length === 0) return undefined;
  const question = `Replace them in ${target.title} by the one entry '${options.name}'?`;
  const wanted = options.replace ?? (mayAsk(run) && !options.dryRun && (await askYesNo(run, question)));
  if (!wanted) {
    output.line(`They stand in ${target.title} as well; --replace puts '${options.name}' in their place.`);
    return undefined;
  }
  const { findGatewayStart } = await import('../../hosts/gateway-start.ts');
  const { replaceServers } = await import('../../hosts/import-servers.ts');
  const start = await findGatewayStart(startWishesOf(context, settings, options));
  const dryRun = options.dryRun === true;
  const edit = await replaceServers(target, { names, name: options.name, start, serversFile, dryRun }, deps);
  if (!edit) return undefined;
  if (dryRun)
    for (const line of [`${target.file} would change:`, ...difference(edit.before, edit.after)]) output.line(line);
  else {
    output.line(`${target.title}: '${options.name}' stands for ${names.join(', ')} in ${target.file}`);
    output.line(`To put them back: portico import-config ${target.id} --undo${options.project ? ' --project' : ''}`);
  }
  return edit;
}

function linesOf(
  { target, servers, before, after }: TakeOver,
  file: string,
  options: ImportConfigOptions,
): readonly string[] {
  const shown = options.dryRun ? [`${file} would change:`, ...difference(before, after)] : [];
  const none = servers.length === 0 ? [`${target.title} has no servers to take over in ${target.file}`] : [];
  return [...none, ...servers.flatMap((server) => serverLines(server, file)), ...(before === after ? [] : shown)];
}

function serverLines(server: MergedServer, file: string): readonly string[] {
  if (server.kind === 'kept') return [`${server.name}: not taken over: ${server.reason}`];
  const { name, as, kind, warnings } = server;
  const renamed = as === name ? '' : ` as ${as}, since ${file} has another ${name}`;
  const what =
    kind === 'same'
      ? `${name}: is in ${file} already${as === name ? '' : ` as ${as}`}`
      : `${name}: taken over${renamed}`;
  return [what, ...warnings.map((warning) => `  ${warning}`)];
}

function documentOf(server: MergedServer): object {
  if (server.kind === 'kept') return { name: server.name, outcome: 'kept', reason: server.reason };
  return { name: server.name, outcome: server.kind, as: server.as, warnings: server.warnings };
}

async function undo(run: CommandRun, word: string | undefined, options: ImportConfigOptions): Promise<number> {
  const { context, output } = run;
  if (word === undefined) {
    throw new GatewayError('INVALID_ARGUMENTS', 'no host named', { hint: 'portico import-config HOST --undo' });
  }
  const { undoReplace } = await import('../../hosts/import-servers.ts');
  const target = await targetOf(run, word, options);
  const dryRun = options.dryRun === true;
  const { edit, exact, restored, left } = await undoReplace(target, { dryRun }, hostDepsOf(context));
  output.document({
    host: target.id,
    file: target.file,
    dry_run: dryRun,
    exact,
    restored,
    left,
    backup: edit.backup ?? null,
  });
  if (dryRun)
    for (const line of [`${target.file} would change:`, ...difference(edit.before, edit.after)]) output.line(line);
  else {
    if (restored.length > 0) output.line(`${target.title}: ${restored.join(', ')} stand in ${target.file} again`);
    output.line('The servers file was left as it is; take them out there if the gateway shall not have them.');
  }
  if (left.length > 0) output.line(`${target.title} has others named ${left.join(', ')} by now; they were left`);
  return 0;
}
