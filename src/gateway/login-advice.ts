// Owns the sentences that tell a human, through an agent, how to finish a login. Starts nothing.
import type { LoginAttempt } from '../auth/authenticator.ts';

type Open = Pick<LoginAttempt, 'userCode' | 'urlHoldsMs' | 'browserOpened'>;

/** What to do with `login_url`; `then`: what the agent does afterwards. */
export function loginAdvice({ userCode, urlHoldsMs, browserOpened }: Open, then: string): string {
  if (userCode !== undefined) {
    return `Ask the user to open login_url in a browser on any device, to make sure that it shows or takes the code ${userCode}, and to approve; ${then}.`;
  }
  const soon =
    urlHoldsMs === undefined
      ? ''
      : ` It can be opened for ${Math.round(urlHoldsMs / 1000)} s; login_server gives a fresh one.`;
  const paste = 'If the page that follows cannot be reached, pass its address to login_server as callback_url.';
  const open = browserOpened
    ? 'A browser window was asked for; if none appears, ask the user to open login_url'
    : 'Ask the user to open login_url in a browser';
  return `${open}; ${then}.${soon} ${paste}`;
}

/** For a human who may still have the page of a login that ended with the process that held it. */
export const abandonedPageAdvice = 'A login page from before leads nowhere any more: the login had to be begun anew.';

/** The same for a dialog of the host, which shows the URL by itself. */
export function loginInvitation(server: string, { userCode }: Open): string {
  const code = userCode === undefined ? '' : ` The page shows or takes the code ${userCode}.`;
  return `Log in to '${server}', so that its tools can be used.${code}`;
}
