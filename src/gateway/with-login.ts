// Owns the road from "this call needs a login" to its second and last attempt; knows nothing of OAuth.

import type { LoginAttempt } from '../auth/authenticator.ts';
import { GatewayError, LoginAbandonedError, LoginRequiredError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import type { ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import { abandonedPageAdvice, loginAdvice, loginInvitation } from './login-advice.ts';
import type { LoginPort } from './login-port.ts';
import type { LoginWindows } from './login-windows.ts';
import { type Asked, type PermittedSessionDeps, permittedSession } from './permitted-session.ts';

export interface WithLoginDeps extends PermittedSessionDeps {
  readonly logins: LoginPort;
  readonly windows: LoginWindows;
  /** How long a call waits for its login, in milliseconds; 0: it answers with the URL at once. */
  readonly loginWaitMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Progress is reported this often while a call waits for a human. */
const reportEveryMs = 5000;

/**
 * Runs `attempt`; if it needs a login, starts or joins it, waits, and runs `attempt` once more. Nothing but a 401 or a
 * 403 `insufficient_scope` leads here, so the first attempt cannot have had an effect.
 * @throws GatewayError AUTH_REQUIRED (a login was started), AUTH_PENDING (one was open already), AUTH_FAILED;
 *   DENIED_BY_POLICY where the rules have changed during a wait
 */
export async function withLogin<T>(
  deps: WithLoginDeps,
  asked: Asked,
  host: Host,
  attempt: (session: ServerSession) => Promise<T>,
): Promise<T> {
  const { server } = asked;
  const run = async (): Promise<T> => await attempt(await permittedSession(deps, asked, host));
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    await logIn(deps, asked, error, host);
  }
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    const { challenge } = error;
    const scope = challenge.error === 'insufficient_scope' ? challenge.scope : undefined;
    throw new GatewayError(
      'AUTH_FAILED',
      scope === undefined
        ? `server '${server}' refuses the token of a login that just succeeded`
        : `server '${server}' still asks for scope "${scope}" after the login`,
      { server, hint: `portico logout ${server}, then portico login ${server}`, cause: error },
    );
  }
}

/** A login that ends without a verdict is followed by another one, until the call has waited long enough. */
async function logIn(deps: WithLoginDeps, asked: Asked, cause: LoginRequiredError, host: Host): Promise<void> {
  const { windows, loginWaitMs, now, directory } = deps;
  const { agent, server, item } = asked;
  const waitUntil = now() + loginWaitMs;
  const report = progressReports(server, host);
  for (let isFirst = true; ; isFirst = false) {
    directory.permit(agent, server, item);
    const { login, joined } = await begin(deps, server, cause, host, isFirst);
    const stopReports = report(login, isFirst);
    try {
      if (await waitFor(login.done, Math.max(waitUntil - now(), 0), host.signal)) {
        windows.succeeded(server);
        return;
      }
    } catch (error) {
      if (!(error instanceof LoginAbandonedError)) throw error;
      // Its page may still be before the human: another window so soon would be one too many, whoever opened the first.
      if (login.browserOpened || error.hadWindow) windows.opened(server);
      continue;
    } finally {
      stopReports();
    }
    throw unfinishedError(server, { login, joined, isFirst, cause });
  }
}

async function begin(
  { logins, windows }: WithLoginDeps,
  server: string,
  { challenge }: LoginRequiredError,
  host: Host,
  isFirst: boolean,
): Promise<{ readonly login: LoginAttempt; readonly joined: boolean }> {
  const joined = (await logins.status(server)).kind === 'pending';
  const mayOpen = !joined && windows.mayOpen(server);
  const login = await logins.login(server, { challenge, openBrowser: mayOpen, signal: host.signal });
  if (login.browserOpened && mayOpen) windows.opened(server);
  if (login.loginUrl !== undefined && (!joined || !isFirst) && windows.mayOffer(server, login.loginUrl)) {
    host.offerUrl(login.loginUrl, loginInvitation(server, login), login.done);
  }
  return { login, joined };
}

function unfinishedError(
  server: string,
  {
    login,
    joined,
    isFirst,
    cause,
  }: { readonly login: LoginAttempt; readonly joined: boolean; readonly isFirst: boolean; readonly cause: Error },
): GatewayError {
  const advice = loginAdvice(login, 'then call again');
  return new GatewayError(
    joined ? 'AUTH_PENDING' : 'AUTH_REQUIRED',
    joined ? `the login to server '${server}' is still open` : `server '${server}' needs a login`,
    {
      server,
      ...(login.loginUrl !== undefined && { loginUrl: login.loginUrl }),
      ...(login.userCode !== undefined && { userCode: login.userCode }),
      hint: isFirst ? advice : `${advice} ${abandonedPageAdvice}`,
      cause,
    },
  );
}

/** Begins to report on a login; the function that it gives ends that. */
type ReportLogin = (login: LoginAttempt, isFirst: boolean) => () => void;

function progressReports(server: string, host: Host): ReportLogin {
  let reports = 0;
  return (login, isFirst) => {
    if (login.loginUrl === undefined) return () => undefined;
    const code = login.userCode === undefined ? '' : ` (code ${login.userCode})`;
    const which = isFirst ? '' : ', which had to be begun anew';
    const report = (): void => {
      reports += 1;
      // Far below any step of the tool itself, since progress may only grow (basic/utilities/progress).
      host.progress({
        progress: reports / 1_000_000,
        message: `waiting for the login to '${server}'${which}: ${login.loginUrl}${code}`,
      });
    };
    report();
    const timer = setInterval(report, reportEveryMs);
    return () => clearInterval(timer);
  };
}
