// Owns `portico install`: the gateway's entry in the config of a host, put in or taken out.
import { resolve } from 'node:path';
import { GatewayError } from '../../errors.ts';
import type { HostEdit } from '../../hosts/change-host.ts';
import type { HostDeps, HostTarget } from '../../hosts/find-hosts.ts';
import type { StartCommand } from '../../hosts/host-table.ts';
import type { InstallOutcome } from '../../hosts/install.ts';
import { askYesNo, mayAsk } from '../ask.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { difference } from '../difference.ts';
import { hostDepsOf, hostNotes, hostServersFile, startWishesOf } from '../host-surroundings.ts';
import { columns } from '../output.ts';

interface InstallOptions extends CommonOptions {
  readonly name: string;
  readonly agent?: string;
  readonly npx?: boolean;
  readonly project?: boolean;
  readonly uninstall?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export const installCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('install'))
      .description('add this gateway to the config of a host (Claude Desktop, Cursor, VS Code ...)')
      .argument('[host]', 'without one: the hosts of this machine')
      .option('--uninstall', 'take it out again')
      .option('--name <name>', 'of the entry', 'portico')
      .option('--agent <id>', 'the host acts as this agent of the rules')
      .option('--npx', 'let npx fetch and start the newest version')
      .option('--project', 'into the config of the project in this folder')
      .option('--force', 'replace another entry of that name; write even where the host is not found')
      .option('--dry-run', 'show what would change and change nothing')
      .action((host: string | undefined, options: InstallOptions) =>
        finish(
          runCommand(context, options, (run) =>
            host === undefined
              ? listHosts(run, options)
              : options.uninstall
                ? uninstall(run, host, options)
                : install(run, host, options),
          ),
        ),
      );
  },
};

async function listHosts({ context, output }: CommandRun, { uninstall: out }: InstallOptions): Promise<number> {
  if (out) throw new GatewayError('INVALID_ARGUMENTS', 'no host named', { hint: 'portico install HOST --uninstall' });
  const { findInstalledHosts } = await import('../../hosts/find-hosts.ts');
  const hosts = await findInstalledHosts(hostDepsOf(context));
  output.document({
    hosts: hosts.map(({ id, title, file, state, entries, otherServers, problem }) => ({
      host: id,
      title,
      file,
      state,
      entries,
      other_servers: otherServers,
      problem: problem ?? null,
    })),
  });
  if (hosts.length === 0)
    output.line('No host was found. portico install HOST --force writes its config all the same.');
  else {
    const rows = hosts.map((host) => [host.id, host.state, String(host.otherServers), host.file]);
    for (const line of columns([['HOST', 'STATE', 'OTHER SERVERS', 'CONFIG'], ...rows])) output.line(line);
    for (const { problem } of hosts) if (problem !== undefined) output.line(problem);
    output.line('portico install HOST adds the gateway; portico import-config HOST takes over its servers.');
  }
  return 0;
}

async function targetOf(
  { context }: CommandRun,
  word: string,
  options: InstallOptions,
): Promise<{ target: HostTarget; deps: HostDeps }> {
  const { hostIdOf, hostTarget } = await import('../../hosts/find-hosts.ts');
  const deps = hostDepsOf(context);
  const project = options.project ? resolve(context.cwd) : undefined;
  const evenIfAbsent = options.force === true || options.uninstall === true;
  return { deps, target: await hostTarget(hostIdOf(word), deps, { project, evenIfAbsent }) };
}

async function install(run: CommandRun, word: string, options: InstallOptions): Promise<number> {
  const { context, output, settings } = run;
  const { findGatewayStart } = await import('../../hosts/gateway-start.ts');
  const { installInto } = await import('../../hosts/install.ts');
  const { hostTable } = await import('../../hosts/host-table.ts');
  const { target, deps } = await targetOf(run, word, options);
  if (target.file === hostServersFile(context, settings)) throw servesItself(target);
  const start = await findGatewayStart(startWishesOf(context, settings, options));
  const wishes = { name: options.name, start, dryRun: options.dryRun === true };
  let outcome = await installInto(target, { ...wishes, force: options.force === true }, deps);
  if (outcome.kind === 'different') {
    await requireConsent(run, outcome, options.name);
    outcome = await installInto(target, { ...wishes, force: true }, deps);
  }
  const notes = await hostNotes(context, settings);
  const edit = 'edit' in outcome ? outcome.edit : undefined;
  output.document({
    ...documentOf(target, options, edit),
    outcome: outcome.kind,
    entry: hostTable[target.id].entryOf(start),
    notes,
  });
  for (const line of linesOf(outcome, edit, { options, start })) output.line(line);
  if (!options.dryRun && edit) output.line(hostTable[target.id].activate);
  for (const note of notes) output.line(note);
  return 0;
}

/** The gateway would start itself as one of its servers, and that one the next. */
function servesItself({ file }: HostTarget): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `${file} is the servers file of this gateway itself`, {
    hint: 'Name another one with --config.',
  });
}

/** @throws GatewayError INVALID_ARGUMENTS, CANCELLED */
async function requireConsent(
  run: CommandRun,
  { target, isGateway }: Extract<InstallOutcome, { kind: 'different' }>,
  name: string,
): Promise<void> {
  const what = isGateway ? 'starts this gateway in another way' : 'is something else';
  const message = `${target.file} has an entry '${name}' already, which ${what}`;
  if (mayAsk(run) && (await askYesNo(run, `${message}. Replace it?`))) return;
  throw new GatewayError('INVALID_ARGUMENTS', message, {
    hint: 'Replace it with --force, or give this one another name with --name.',
  });
}

function linesOf(
  outcome: InstallOutcome,
  edit: HostEdit | undefined,
  { options, start }: { readonly options: InstallOptions; readonly start: StartCommand },
): readonly string[] {
  const { target, kind } = outcome;
  if (!edit) return [`${target.title}: '${options.name}' is in ${target.file} already, nothing to change`];
  if (options.dryRun) return [`${target.file} would change:`, ...difference(edit.before, edit.after)];
  const backup = edit.backup === undefined ? [] : [`The file from before is ${edit.backup}`];
  return [
    `${target.title}: '${options.name}' was ${kind === 'replaced' ? 'replaced' : 'added'} in ${target.file}`,
    `It starts: ${[start.command, ...start.args].join(' ')}`,
    ...backup,
  ];
}

async function uninstall(run: CommandRun, word: string, options: InstallOptions): Promise<number> {
  const { output } = run;
  const { uninstallFrom } = await import('../../hosts/install.ts');
  const { target, deps } = await targetOf(run, word, options);
  const dryRun = options.dryRun === true;
  const outcome = await uninstallFrom(target, { name: options.name, force: options.force === true, dryRun }, deps);
  const edit = outcome.kind === 'removed' ? outcome.edit : undefined;
  const restored = outcome.kind === 'removed' ? outcome.restored : [];
  const exact = outcome.kind === 'removed' && outcome.exact;
  output.document({ ...documentOf(target, options, edit), outcome: outcome.kind, exact, restored });
  if (!edit) output.line(`${target.title}: there is no '${options.name}' in ${target.file}`);
  else if (dryRun)
    for (const line of [`${target.file} would change:`, ...difference(edit.before, edit.after)]) output.line(line);
  else {
    const gone = edit.file === 'deleted' ? ', and the file with it, which was made for it' : '';
    output.line(`${target.title}: '${options.name}' was taken out of ${target.file}${gone}`);
    if (restored.length > 0) output.line(`These servers stand there again: ${restored.join(', ')}`);
    if (edit.backup !== undefined) output.line(`The file from before is ${edit.backup}`);
  }
  return 0;
}

function documentOf(target: HostTarget, options: InstallOptions, edit: HostEdit | undefined): object {
  return {
    host: target.id,
    file: target.file,
    name: options.name,
    dry_run: options.dryRun === true,
    backup: edit?.backup ?? null,
    difference: edit ? difference(edit.before, edit.after) : [],
  };
}
