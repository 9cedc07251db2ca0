// Owns `portico export`: logins as one file that a passphrase opens, for another machine.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { KeptHere, LoginPlace, PreparedExport } from '../../archive-wiring.ts';
import { errorTable, GatewayError } from '../../errors.ts';
import { isMissing } from '../../lib/json-file.ts';
import { readInput } from '../bounded-input.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { loginServers } from '../login-servers.ts';
import { accountOf, archiveLimit, nameOf } from '../moved-logins.ts';
import { readPassphrase } from '../passphrase.ts';
import { createTerminalLog } from '../terminal-log.ts';

interface ExportOptions extends CommonOptions {
  readonly all?: boolean;
  readonly output?: string;
  readonly passphraseFile?: string;
  readonly move?: boolean;
}

export const exportCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('export'))
      .description('save logins for another machine in one file, encrypted with a passphrase')
      .argument('[servers...]', 'default: every server of the config that has a login')
      .option('--all', 'also logins that no server of the config uses')
      .option('--output <file>', 'where to; - is stdout, the default where stdout is no terminal')
      .option('--passphrase-file <file>', 'default: GATEWAY_EXPORT_PASSPHRASE, else asked for')
      .option('--move', 'then delete them here, without revoking them')
      .action((servers: string[], options: ExportOptions) =>
        finish(runCommand(context, options, (run) => exportLogins(run, servers, options))),
      );
  },
};

async function exportLogins(run: CommandRun, names: readonly string[], options: ExportOptions): Promise<number> {
  const { context, output, settings } = run;
  const { openLoginPlace, prepareExport } = await import('../../archive-wiring.ts');
  const file = await chooseFile(run, options);
  const everything = options.all === true;
  const place = await openLoginPlace({ ...context, log: createTerminalLog(output) }, settings);
  const named = names.length > 0 ? loginServers(place.servers, names, false) : [];
  if (named.length > 0 && everything) throw new GatewayError('INVALID_ARGUMENTS', '--all, and servers by name');
  const prepared = await prepareExport(place, { names: named, everything });
  requireLogins(place, prepared, named);
  if (options.move === true) await prepared.requireForgettable();
  const passphrase = await readPassphrase(context, { file: options.passphraseFile, isNew: true, mayAsk: true });
  const text = await prepared.seal(passphrase);
  if (file === undefined) await writeAll(context.stdout, text);
  else await writeFileFor(file, text);
  const kept = options.move === true ? await prepared.forget() : undefined;
  report(run, prepared, { file, kept });
  return kept?.some(({ reason }) => reason !== 'renewed') ? errorTable.CONFIG_INVALID.exitCode : 0;
}

/** Undefined: stdout. Before anything is asked or read. */
async function chooseFile({ context, output }: CommandRun, options: ExportOptions): Promise<string | undefined> {
  const { output: named, move } = options;
  if (named === undefined && (context.stdout.isTTY || output.isJson)) {
    throw new GatewayError('INVALID_ARGUMENTS', 'no file named for the logins', { hint: '--output logins.portico' });
  }
  if (named === undefined || named === '-') {
    if (output.isJson) throw new GatewayError('INVALID_ARGUMENTS', '--json and the logins cannot both go to stdout');
    // A pipe that broke would have been the end of the logins.
    if (move) throw new GatewayError('INVALID_ARGUMENTS', '--move needs a file', { hint: '--output logins.portico' });
    return undefined;
  }
  const file = resolve(context.cwd, named);
  if (await mayReplace(context, file)) return file;
  throw new GatewayError('INVALID_ARGUMENTS', `${file} is there already, and is no export of logins`, {
    hint: 'Name another file; - is stdout.',
  });
}

async function mayReplace(context: CommandRun['context'], file: string): Promise<boolean> {
  try {
    if (!(await stat(file)).isFile()) return false;
  } catch (error) {
    if (isMissing(error)) return true;
    throw unwritable(file, error);
  }
  const { archiveProblem } = await import('../../archive-wiring.ts');
  return (await archiveProblem(await readInput(context, file, archiveLimit))) === undefined;
}

async function writeFileFor(file: string, text: string): Promise<void> {
  const { writePrivateFile } = await import('../../lib/private-file.ts');
  try {
    await writePrivateFile(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): GatewayError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unwritable';
  return new GatewayError('INVALID_ARGUMENTS', `${file} cannot be written (${code})`, { cause: error });
}

async function writeAll(stream: CommandRun['context']['stdout'], text: string): Promise<void> {
  await new Promise<void>((done, fail) => {
    const broken = (): void => fail(new GatewayError('INVALID_ARGUMENTS', 'stdout was closed before the end'));
    stream.once('error', broken);
    stream.write(text, (error) => (error ? broken() : done()));
  });
}

/** @throws GatewayError AUTH_REQUIRED, CONFIG_INVALID */
function requireLogins(
  { serversFile, place }: LoginPlace,
  { logins, without, unreadable }: PreparedExport,
  named: readonly string[],
): void {
  const [unread] = unreadable;
  if (unread && (named.length > 0 || logins.length === 0)) throw unread;
  const [lacking] = named.length > 0 ? without : [];
  if (lacking !== undefined) {
    const hint = `portico login ${lacking}, or leave it out`;
    throw new GatewayError('AUTH_REQUIRED', `server '${lacking}' has no login to export`, { server: lacking, hint });
  }
  if (logins.length > 0) return;
  if (serversFile === undefined) {
    const hint = 'Name one with --config, or take every login of the directory with --all.';
    throw new GatewayError('CONFIG_INVALID', 'there is no servers file that says which logins to export', { hint });
  }
  const message = `there are no logins to export in ${place.directory}`;
  throw new GatewayError('AUTH_REQUIRED', message, { hint: 'portico login SERVER' });
}

function report(
  { output }: CommandRun,
  { logins, without, unreadable }: PreparedExport,
  { file, kept }: { readonly file: string | undefined; readonly kept: readonly KeptHere[] | undefined },
): void {
  const stays = new Set(kept?.map(({ login }) => nameOf(login)));
  for (const login of logins) {
    const what = kept === undefined ? 'exported' : stays.has(nameOf(login)) ? 'exported, not deleted here' : 'moved';
    output.line(`${nameOf(login)}: ${what}${accountOf(login)}`);
  }
  for (const server of without) output.line(`${server}: has no login`);
  for (const { message, hint } of unreadable) output.line(`not exported: ${message}${hint ? `. ${hint}` : ''}`);
  for (const { login, reason } of kept ?? []) output.line(`${nameOf(login)}: ${whyKept(reason)}`);
  if (file !== undefined) output.line(`written to ${file}; take it in there with: portico import ${quoted(file)}`);
  const renewing = logins.filter(({ renews_itself }) => renews_itself).map(nameOf);
  if (kept === undefined && renewing.length > 0) for (const line of warning(renewing)) output.line(line);
  output.document({
    file: file ?? null,
    logins: logins.map((login) => ({ ...login, moved: kept !== undefined && !stays.has(nameOf(login)) })),
    without,
    unreadable: unreadable.map(({ message, hint }) => ({ message, hint })),
  });
}

function whyKept(reason: KeptHere['reason']): string {
  if (reason === 'renewed') return 'was renewed meanwhile: the file holds the older login of it';
  return `is in the file and still here, where no gateway may go on with it: ${reason.message}`;
}

/** RFC 9700 section 4.14.2: a refresh token that two use looks stolen, and the server ends the login of both. */
function warning(renewing: readonly string[]): readonly string[] {
  return [
    `Careful: ${renewing.join(', ')} can be used on one machine only. Where two renew the same login, it ends on both.`,
    '  To move it: portico export --move, which deletes it here. (portico logout would end it there too.)',
    '  To have it on both: do not import it, and log in there once more.',
  ];
}

function quoted(file: string): string {
  return /^[\w./:@+-]+$/.test(file) ? file : JSON.stringify(file);
}
