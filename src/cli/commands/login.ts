// Owns `portico login`: ask for what the entry needs, show the URL, then take the callback or a pasted callback URL, whichever comes first.
import type { Composition } from '../../compose.ts';
import type { LoadedServers } from '../../config/server-entry.ts';
import { errorText, GatewayError, LoginAbandonedError } from '../../errors.ts';
import { later } from '../../lib/later.ts';
import { orAborted } from '../../lib/or-aborted.ts';
import { printable } from '../../lib/printable.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { readConfigWithInputs } from '../config-with-inputs.ts';
import { giveInputs } from '../give-inputs.ts';
import { canLogIn, loginServers, misconfigured } from '../login-servers.ts';
import { reportFailure } from '../output.ts';
import { collectPastes, type Paste } from '../pastes.ts';
import { openStdinLines, type StdinLines } from '../stdin-lines.ts';

interface LoginOptions extends CommonOptions {
  readonly all?: boolean;
  readonly browser: boolean;
}

const loginFailed = 3;
/** How long the next line of a paste may take before somebody is told that it does not fit. Milliseconds. */
const pasteMs = 300;

export const loginCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('login'))
      .description('log in now')
      .argument('[servers...]')
      .option('--all', 'every server that can have a login')
      .option('--no-browser', 'print the URL and open nothing')
      .action((servers: string[], options: LoginOptions) =>
        finish(runCommand(context, options, (run) => login(run, servers, options))),
      );
  },
};

async function login(run: CommandRun, names: readonly string[], options: LoginOptions): Promise<number> {
  const { context } = run;
  const { servers: loaded, inputs } = await readConfigWithInputs(run);
  const targets = loginServers(loaded.servers, names, options.all ?? false, loaded.inputs);
  const lines = openStdinLines(context.stdin);
  try {
    await giveInputs(run, lines, { inputs, loaded, servers: targets });
    return await withGateway(run, (composition) =>
      logInToAll({ run, composition, lines, openBrowser: options.browser, inputs: loaded.inputs }, targets),
    );
  } finally {
    lines.close();
  }
}

interface Login {
  readonly run: CommandRun;
  readonly composition: Composition;
  readonly lines: StdinLines;
  readonly openBrowser: boolean;
  /** As they were before anybody was asked. */
  readonly inputs: LoadedServers['inputs'];
}

async function logInToAll(deps: Login, targets: readonly string[]): Promise<number> {
  const { run, composition } = deps;
  const { output } = run;
  const results: { server: string; state: string; account?: string }[] = [];
  let code = 0;
  for (const server of targets) {
    try {
      if (!(await hasLogin(deps, server))) {
        results.push({ server, state: 'ready' });
        output.line(`${server}: has every value that it needs, and no login. portico logout ${server} forgets them.`);
        continue;
      }
      await logInTo(deps, server);
      const status = await composition.logins.status(server);
      const account = status.kind === 'logged_in' ? status.account : undefined;
      results.push({ server, state: 'logged_in', ...(account !== undefined && { account }) });
      output.line(`${server}: logged in${account === undefined ? '' : ` as ${account}`}${expiry(status)}`);
    } catch (error) {
      if (targets.length === 1) return reportFailure(output, error);
      results.push({ server, state: 'failed' });
      output.line(`${server}: ${errorText(error)}`);
      if (error instanceof GatewayError && error.hint) output.line(`  ${error.hint}`);
      code = loginFailed;
    }
  }
  output.document({ servers: results });
  return code;
}

/** Whether there is something to log in to. A server that was given a key may want nothing else. */
async function hasLogin({ composition, inputs }: Login, name: string): Promise<boolean> {
  const server = composition.servers.get(name);
  if (server?.state === 'broken') throw misconfigured(server);
  if (!server || !inputs.has(name)) return true;
  return canLogIn(server) && (await composition.logins.mayNeedLogin(name));
}

async function logInTo({ run, composition: { logins }, lines, openBrowser }: Login, server: string): Promise<void> {
  const { context } = run;
  const interrupted = new AbortController();
  context.onEnd(() =>
    interrupted.abort(new GatewayError('CANCELLED', `the login to '${server}' was interrupted`, { server })),
  );
  const { signal } = interrupted;
  for (;;) {
    const attempt = await logins.login(server, { openBrowser, headless: !openBrowser, signal });
    showWhatToDo(run, server, attempt);
    const stopReading = readPastedUrls(run, { logins, lines }, { server, loginUrl: attempt.loginUrl });
    try {
      return await orAborted(attempt.done, signal);
    } catch (error) {
      if (!(error instanceof LoginAbandonedError) || signal.aborted) throw error;
      run.output.line(`${errorText(error)}; a page of it leads nowhere any more`);
    } finally {
      stopReading();
    }
  }
}

function showWhatToDo(
  { context, output }: CommandRun,
  server: string,
  { loginUrl, urlHoldsMs, userCode, browserOpened }: Awaited<ReturnType<Composition['logins']['login']>>,
): void {
  if (loginUrl === undefined) return;
  const where = userCode === undefined ? 'in a browser' : 'in a browser on any device';
  const what = browserOpened
    ? 'a browser window was asked for; if none appears, open this URL'
    : `open this URL ${where}`;
  output.line(`${server}: ${what} to log in:`);
  output.line();
  output.line(`  ${loginUrl}`);
  if (userCode !== undefined) output.line(`  code: ${userCode}`);
  output.line();
  if (userCode !== undefined) {
    output.line('Make sure that the page shows this code, or enter it there, and approve. The rest goes by itself.');
  } else {
    if (urlHoldsMs !== undefined) {
      output.line(`It can be opened for ${Math.round(urlHoldsMs / 1000)} seconds; press Enter for a fresh one.`);
    }
    output.line('If the page that follows cannot be reached, paste its address here and press Enter.');
  }
  // Programs read the URL too, while the one document of --json is still to come.
  if (output.isJson) context.stderr.write(`${printable([loginUrl, userCode ?? ''].join('\n').trim())}\n`);
}

/** A paste that does not fit is reported, and the login goes on. An empty line asks for the URL as it is now. */
function readPastedUrls(
  run: CommandRun,
  { logins, lines }: { readonly logins: Composition['logins']; readonly lines: StdinLines },
  { server, loginUrl }: { readonly server: string; readonly loginUrl: string | undefined },
): () => void {
  const { output } = run;
  const showUrlAgain = async (): Promise<void> => {
    const status = await logins.status(server);
    if (status.kind === 'pending') output.line(`  ${status.loginUrl}`);
  };
  const state = loginUrl === undefined ? undefined : (new URL(loginUrl).searchParams.get('state') ?? undefined);
  const pastes = collectPastes({ state });
  let unsay: () => void = () => undefined;
  const stop = lines.listen((batch) => {
    unsay();
    const paste = pastes.add(batch);
    const act = (): void => void handPasted(run, server, paste, { logins, showUrlAgain });
    // A whole address waits for nothing; of anything else the rest may come in a moment, as terminals cut pastes.
    if (paste.kind === 'whole' || paste.kind === 'empty') act();
    else unsay = later(act, pasteMs);
  });
  return () => {
    unsay();
    stop();
  };
}

async function handPasted(
  { output }: CommandRun,
  server: string,
  paste: Paste,
  { logins, showUrlAgain }: { readonly logins: Composition['logins']; readonly showUrlAgain: () => Promise<void> },
): Promise<void> {
  try {
    if (paste.kind === 'empty') await showUrlAgain();
    else if (paste.kind !== 'part') await logins.finish(server, paste.text);
    else
      output.line('That is not the whole address (it holds state=… and code=…): paste the rest, or all of it again.');
  } catch (error) {
    output.line(errorText(error));
    if (error instanceof GatewayError && error.hint) output.line(`  ${error.hint}`);
  }
}

function expiry(status: Awaited<ReturnType<Composition['logins']['status']>>): string {
  if (status.kind !== 'logged_in' || status.expiresAt === undefined || status.canRefresh) return '';
  return `; no refresh token was issued, so this login ends at ${new Date(status.expiresAt).toISOString()} and needs a browser then`;
}
