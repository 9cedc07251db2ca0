// Owns the explicit login on an agent's request: start, join, finish by a pasted URL, begin anew.

import type { LoginAttempt } from '../auth/authenticator.ts';
import { GatewayError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import type { Host } from './host.ts';
import { loginAdvice, loginInvitation } from './login-advice.ts';
import type { LoginPort } from './login-port.ts';
import type { LoginWindows } from './login-windows.ts';
import type { ServerDirectory } from './server-directory.ts';

export interface LoginServerInput {
  readonly agent: string;
  readonly server: string;
  readonly callbackUrl?: string | undefined;
  readonly restart: boolean;
}

export interface LoginServerResult {
  readonly server: string;
  readonly state: 'logged_in' | 'login_pending';
  readonly login_url?: string;
  readonly user_code?: string;
  readonly expires_in_s?: number;
  readonly account?: string;
  readonly hint: string;
}

export interface LoginServerDeps {
  readonly directory: ServerDirectory;
  readonly logins: LoginPort;
  readonly windows: LoginWindows;
  readonly now: () => number;
}

/** A login that is there already, or completes at once, is answered as done. Milliseconds. */
const settleMs = 500;

export async function loginServer(
  deps: LoginServerDeps,
  input: LoginServerInput,
  host: Host,
): Promise<LoginServerResult> {
  const { logins, windows, directory } = deps;
  const { server } = input;
  const entry = directory.usable(input.agent, server);
  if (entry.kind === 'stdio') {
    throw new GatewayError(
      'INVALID_ARGUMENTS',
      `server '${server}' is a local command: there is nothing to log in to`,
      {
        server,
      },
    );
  }
  if (input.callbackUrl !== undefined) {
    await logins.finish(server, input.callbackUrl);
    windows.succeeded(server);
    return await done(deps, server);
  }
  const status = await logins.status(server);
  if (status.kind === 'off') {
    throw new GatewayError(
      'INVALID_ARGUMENTS',
      `server '${server}' uses a fixed header or "oauth": false, not a login`,
      {
        server,
        hint: 'Change its entry in the config to log in instead.',
      },
    );
  }
  const login = await logins.login(server, { openBrowser: true, restart: input.restart, signal: host.signal });
  if (await waitFor(login.done, settleMs, host.signal)) return await done(deps, server);
  if (login.loginUrl !== undefined) host.offerUrl(login.loginUrl, loginInvitation(server, login), login.done);
  return pending(deps, server, login);
}

async function done({ logins }: LoginServerDeps, server: string): Promise<LoginServerResult> {
  const status = await logins.status(server);
  return {
    server,
    state: 'logged_in',
    ...(status.kind === 'logged_in' && status.account !== undefined && { account: status.account }),
    hint: 'Go on: the tools of this server can be called now.',
  };
}

function pending({ now }: LoginServerDeps, server: string, login: LoginAttempt): LoginServerResult {
  return {
    server,
    state: 'login_pending',
    ...(login.loginUrl !== undefined && { login_url: login.loginUrl }),
    ...(login.userCode !== undefined && { user_code: login.userCode }),
    expires_in_s: Math.max(0, Math.round((login.expiresAt - now()) / 1000)),
    hint: loginAdvice(login, 'then call the tool again'),
  };
}
