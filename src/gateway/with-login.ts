// Owns the road from "this call needs a login" to its second and last attempt; knows nothing of OAuth.

import type { LoginAttempt } from '../auth/authenticator.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import type { Host } from './host.ts';
import { loginAdvice, loginInvitation } from './login-advice.ts';
import type { LoginPort } from './login-port.ts';
import type { LoginWindows } from './login-windows.ts';

export interface WithLoginDeps {
  readonly logins: LoginPort;
  readonly windows: LoginWindows;
  /** How long a call waits for its login, in milliseconds; 0: it answers with the URL at once. */
  readonly loginWaitMs: number;
}

/** Progress is reported this often while a call waits for a human. */
const reportEveryMs = 5000;

/**
 * Runs `attempt`; if it needs a login, starts or joins it, waits, and runs `attempt` once more. Nothing but a 401 or a
 * 403 `insufficient_scope` leads here, so the first attempt cannot have had an effect.
 * @throws GatewayError AUTH_REQUIRED (a login was started), AUTH_PENDING (one was open already), AUTH_FAILED
 */
export async function withLogin<T>(
  deps: WithLoginDeps,
  server: string,
  host: Host,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    await logIn(deps, server, error, host);
  }
  try {
    return await attempt();
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

async function logIn(deps: WithLoginDeps, server: string, cause: LoginRequiredError, host: Host): Promise<void> {
  const { logins, windows, loginWaitMs } = deps;
  const joined = (await logins.status(server)).kind === 'pending';
  const mayOpen = !joined && windows.mayOpen(server);
  const login = await logins.login(server, { challenge: cause.challenge, openBrowser: mayOpen, signal: host.signal });
  if (login.browserOpened && mayOpen) windows.opened(server);
  if (!joined && login.loginUrl !== undefined) {
    host.offerUrl(login.loginUrl, loginInvitation(server, login), login.done);
  }
  const stopReports = reportProgress(server, login, host);
  try {
    if (await waitFor(login.done, loginWaitMs, host.signal)) {
      windows.succeeded(server);
      return;
    }
  } finally {
    stopReports();
  }
  throw new GatewayError(
    joined ? 'AUTH_PENDING' : 'AUTH_REQUIRED',
    joined ? `the login to server '${server}' is still open` : `server '${server}' needs a login`,
    {
      server,
      ...(login.loginUrl !== undefined && { loginUrl: login.loginUrl }),
      ...(login.userCode !== undefined && { userCode: login.userCode }),
      hint: loginAdvice(login, 'then call again'),
      cause,
    },
  );
}

function reportProgress(server: string, login: LoginAttempt, host: Host): () => void {
  if (login.loginUrl === undefined) return () => undefined;
  const code = login.userCode === undefined ? '' : ` (code ${login.userCode})`;
  let reports = 0;
  const report = (): void => {
    reports += 1;
    // Far below any step of the tool itself, since progress may only grow (basic/utilities/progress).
    host.progress({
      progress: reports / 1_000_000,
      message: `waiting for the login to '${server}': ${login.loginUrl}${code}`,
    });
  };
  report();
  const timer = setInterval(report, reportEveryMs);
  return () => clearInterval(timer);
}
