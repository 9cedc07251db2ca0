// Owns `portico login`: show the URL, then take the callback or a pasted callback URL, whichever comes first.
import { createInterface } from 'node:readline';
import type { Composition } from '../../compose.ts';
import { errorText, GatewayError, LoginAbandonedError } from '../../errors.ts';
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
import { loginServers } from '../login-servers.ts';
import { reportFailure } from '../output.ts';

interface LoginOptions extends CommonOptions {
  readonly all?: boolean;
  readonly browser: boolean;
}

const loginFailed = 3;

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

function login(run: CommandRun, names: readonly string[], options: LoginOptions): Promise<number> {
  return withGateway(run, async (composition) => {
    const { output } = run;
    const targets = loginServers(composition.servers, names, options.all ?? false);
    const results: { server: string; state: string; account?: string }[] = [];
    let code = 0;
    for (const server of targets) {
      try {
        await logInTo(run, composition, server, options.browser);
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
  });
}

async function logInTo(run: CommandRun, { logins }: Composition, server: string, openBrowser: boolean): Promise<void> {
  const { context } = run;
  const interrupted = new AbortController();
  context.onEnd(() =>
    interrupted.abort(new GatewayError('CANCELLED', `the login to '${server}' was interrupted`, { server })),
  );
  const { signal } = interrupted;
  const begin = async (): Promise<LoginAttempt> => {
    const attempt = await logins.login(server, { openBrowser, headless: !openBrowser, signal });
    showWhatToDo(run, server, attempt);
    return attempt;
  };
  let attempt = await begin();
  const stopReading = readPastedUrls(run, logins, server);
  try {
    for (;;) {
      try {
        return await orAborted(attempt.done, signal);
      } catch (error) {
        if (!(error instanceof LoginAbandonedError) || signal.aborted) throw error;
        run.output.line(`${errorText(error)}; a page of it leads nowhere any more`);
        attempt = await begin();
      }
    }
  } finally {
    stopReading();
  }
}

type LoginAttempt = Awaited<ReturnType<Composition['logins']['login']>>;

function showWhatToDo(
  { context, output }: CommandRun,
  server: string,
  { loginUrl, urlHoldsMs, userCode, browserOpened }: LoginAttempt,
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

/** A pasted line that does not fit is reported, and the login goes on. An empty one asks for the URL as it is now. */
function readPastedUrls({ context, output }: CommandRun, logins: Composition['logins'], server: string): () => void {
  const showUrlAgain = async (): Promise<void> => {
    const status = await logins.status(server);
    if (status.kind === 'pending') output.line(`  ${status.loginUrl}`);
  };
  const lines = createInterface({ input: context.stdin, terminal: false });
  lines.on('line', (line) => {
    const pasted = line.trim();
    const work = pasted === '' ? showUrlAgain() : logins.finish(server, pasted);
    work.catch((error: unknown) => {
      output.line(errorText(error));
      if (error instanceof GatewayError && error.hint) output.line(`  ${error.hint}`);
    });
  });
  return () => {
    lines.close();
    context.stdin.pause();
  };
}

function expiry(status: Awaited<ReturnType<Composition['logins']['status']>>): string {
  if (status.kind !== 'logged_in' || status.expiresAt === undefined || status.canRefresh) return '';
  return `; no refresh token was issued, so this login ends at ${new Date(status.expiresAt).toISOString()} and needs a browser then`;
}
