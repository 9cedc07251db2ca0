// Owns `portico import`: take in logins that were exported, or those of another program; what is here and newer stays.
import { Option } from 'commander';
import type { CacheImport, ForeignProgram, ImportWishes, LoginPlace, MovedLogin } from '../../archive-wiring.ts';
import { errorTable, GatewayError } from '../../errors.ts';
import { readInput } from '../bounded-input.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { loginServers } from '../login-servers.ts';
import { accountOf, archiveLimit, nameOf } from '../moved-logins.ts';
import { readPassphrase } from '../passphrase.ts';
import { createTerminalLog } from '../terminal-log.ts';

interface ImportOptions extends CommonOptions {
  readonly from?: ForeignProgram;
  readonly server?: readonly string[];
  readonly passphraseFile?: string;
  readonly force?: boolean;
}

const programs: readonly ForeignProgram[] = ['mcp-remote', 'mcporter'];

export const importCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('import'))
      .description('take in exported logins, or those of another program')
      .argument('[place]', 'the file, or - for stdin; with --from the directory, where it is not the usual one')
      .addOption(new Option('--from <program>', 'read the logins of this program').choices(programs))
      .option('--server <names...>', 'the logins of these servers of the config alone')
      .option('--passphrase-file <file>', 'default: GATEWAY_EXPORT_PASSPHRASE, else asked for')
      .option('--force', 'also replace logins that are newer here')
      .action((where: string | undefined, options: ImportOptions) =>
        finish(runCommand(context, options, (run) => importLogins(run, where, options))),
      );
  },
};

async function importLogins(run: CommandRun, where: string | undefined, options: ImportOptions): Promise<number> {
  const { context, output, settings } = run;
  const { openLoginPlace } = await import('../../archive-wiring.ts');
  const place = await openLoginPlace({ ...context, log: createTerminalLog(output) }, settings);
  const names = options.server ? loginServers(place.servers, options.server, false) : [];
  const wishes = { names, force: options.force === true };
  if (options.from !== undefined) return await importForeign(run, { place, wishes, program: options.from, where });
  return await importFile(run, { place, wishes, where, passphraseFile: options.passphraseFile });
}

interface Work {
  readonly place: LoginPlace;
  readonly wishes: ImportWishes;
  readonly where: string | undefined;
}

async function importFile(
  run: CommandRun,
  { place, wishes, where, passphraseFile }: Work & { readonly passphraseFile: string | undefined },
): Promise<number> {
  const { context, output } = run;
  const path = where ?? (context.stdin.isTTY ? undefined : '-');
  if (path === undefined) {
    throw new GatewayError('INVALID_ARGUMENTS', 'no file named', { hint: 'portico import FILE, or - for stdin' });
  }
  const { archiveProblem, importArchive } = await import('../../archive-wiring.ts');
  const name = path === '-' ? 'stdin' : path;
  const text = await readInput(context, path, archiveLimit);
  const problem = await archiveProblem(text);
  // Before anybody types a passphrase for it.
  if (problem) throw new GatewayError('CONFIG_INVALID', `${name} ${problem.reason}`, { hint: problem.hint });
  const passphrase = await readPassphrase(context, { file: passphraseFile, isNew: false, mayAsk: path !== '-' });
  const logins = await importArchive(place, { name, text, passphrase }, wishes);
  if (logins.length === 0) {
    const whose = wishes.names.length > 0 ? ` of ${wishes.names.join(', ')}` : 's';
    throw new GatewayError('INVALID_ARGUMENTS', `${name} holds no login${whose}`);
  }
  for (const line of logins.flatMap(linesOf)) output.line(line);
  const renewing = namesOfNew(logins);
  if (renewing.length > 0) {
    output.line(`Careful: where ${renewing.join(', ')} came from, no gateway may go on with it, or it ends on both.`);
  }
  output.document({ from: null, place: path, logins: logins.map(documentOf) });
  return exitCodeOf(logins);
}

async function importForeign(
  run: CommandRun,
  { place, wishes, where, program }: Work & { readonly program: ForeignProgram },
): Promise<number> {
  const { output } = run;
  if (place.serversFile === undefined) {
    const message = `there is no servers file, and what ${program} saved can be told only by the servers of one`;
    throw new GatewayError('CONFIG_INVALID', message, { hint: 'Write one first, or name it with --config.' });
  }
  const { importCache } = await import('../../archive-wiring.ts');
  const found = await importCache(place, { program, directory: where }, wishes);
  const { directory, logins, without, others } = found;
  if (logins.length === 0) throw nothingFor(found, program);
  for (const line of logins.flatMap(linesOf)) output.line(line);
  for (const server of without) output.line(`${server}: ${program} has no login for it`);
  for (const server of found.runners) output.line(runnerAdvice(server, program));
  if (others.length > 0) output.line(`not taken, since no server asked for them: ${othersOf(found)}`);
  const renewing = namesOfNew(logins);
  if (renewing.length > 0) {
    output.line(`Careful: two programs that renew the same login end it for both. Make ${program} forget it:`);
    for (const command of logins.flatMap((login) => forgetCommands(login, program))) output.line(`  ${command}`);
  }
  output.document({
    from: program,
    place: directory,
    logins: logins.map(documentOf),
    without,
    runners: found.runners,
    others,
  });
  return exitCodeOf(logins);
}

const sentences = {
  imported: 'imported',
  same: 'the same login is here already',
  kept: 'kept the newer one here (--force replaces it)',
} as const;

function linesOf(moved: MovedLogin): readonly string[] {
  if (moved.outcome === 'failed') {
    const { message, hint } = moved.error;
    return [`not imported: ${message}`, ...(hint === undefined ? [] : [`  ${hint}`])];
  }
  const { login, outcome } = moved;
  const unused = login.servers.length === 0 ? '; no server of the config uses it' : '';
  return [`${nameOf(login)}: ${sentences[outcome]}${accountOf(login)}${unused}`];
}

function documentOf(moved: MovedLogin): object {
  if (moved.outcome !== 'failed') return { outcome: moved.outcome, ...moved.login };
  const { code, message, hint } = moved.error;
  return { outcome: moved.outcome, servers: moved.servers, error: { code, message, hint } };
}

/** Imported, and with a refresh token. */
function namesOfNew(logins: readonly MovedLogin[]): readonly string[] {
  return logins.flatMap((moved) =>
    moved.outcome === 'imported' && moved.login.renews_itself ? [nameOf(moved.login)] : [],
  );
}

function forgetCommands(moved: MovedLogin, program: ForeignProgram): readonly string[] {
  if (moved.outcome !== 'imported' || !moved.login.renews_itself || moved.remains.length === 0) return [];
  const words = moved.remains.map((word) => (/^[\w./:@+\\-]+$/.test(word) ? word : JSON.stringify(word)));
  return [`${program === 'mcp-remote' ? 'rm' : 'mcporter config logout'} ${words.join(' ')}`];
}

function nothingFor(found: CacheImport, program: ForeignProgram): GatewayError {
  const servers = found.without.length > 0 ? `: ${found.without.join(', ')}` : '';
  const message = `${program} has no login in ${found.directory} for a server of the config${servers}`;
  const [runner] = found.runners;
  const hint =
    runner !== undefined
      ? runnerAdvice(runner, program)
      : found.others.length > 0
        ? `It has ${othersOf(found)}. A login goes to the server with the very same url.`
        : 'portico login SERVER';
  return new GatewayError('AUTH_REQUIRED', message, { hint });
}

function runnerAdvice(server: string, program: ForeignProgram): string {
  return `${server}: its entry runs ${program}; write "url" in place of "command" and "args", and import again`;
}

function othersOf({ others }: CacheImport): string {
  const known = others.flatMap(({ name, url }) => {
    if (url !== null) return [url];
    return name === null ? [] : [`${name} (its url was not noted: --server ${name} takes it)`];
  });
  const unknown = others.length - known.length;
  return [...known, ...(unknown > 0 ? [`${unknown} of urls that are not noted there`] : [])].join(', ');
}

/** That of the first failure: the others came in all the same. */
function exitCodeOf(logins: readonly MovedLogin[]): number {
  const failed = logins.find((moved) => moved.outcome === 'failed');
  return failed?.outcome === 'failed' ? errorTable[failed.error.code].exitCode : 0;
}
