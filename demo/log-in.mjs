// Owns the step in the middle of the demo: a call that needs a login, and the login. With a browser the human approves
// while the call waits; without one, a small built-in client follows the URL that the gateway answers.
import { approve } from '../fixtures/http/approve.mjs';
import { call, showRequests, successful } from './walk.mjs';

/** @param {import('./walk.mjs').Walk} walk @param {{ server: string, tool: string }} args @returns {Promise<any>} */
export async function logIn(walk, args) {
  const { terminal, browser } = walk;
  terminal.sent(`execute_tool ${JSON.stringify(args)}`);
  return browser ? await withBrowser(walk, args) : await withBuiltInClient(walk, args);
}

/** @param {import('./walk.mjs').Walk} walk @param {object} args */
async function withBuiltInClient(walk, args) {
  const { terminal } = walk;
  const { structuredContent } = await call(walk, 'execute_tool', args);
  showRequests(walk);
  const { code, message, login_url: loginUrl } = structuredContent?.error ?? {};
  if (code !== 'AUTH_REQUIRED' || loginUrl === undefined) {
    throw new Error(`AUTH_REQUIRED with a login URL expected: ${JSON.stringify(structuredContent)}`);
  }
  terminal.received(`${code}: ${message}; login_url:`, 'yellow');
  showUrl(walk, loginUrl);
  terminal.say('No browser here: the built-in client opens the URL, approves, and follows to the callback.');
  const { status, body } = await approve(loginUrl, { signal: AbortSignal.timeout(10_000) });
  showRequests(walk);
  const title = /<h1>([^<]*)</.exec(body)?.[1] ?? body.slice(0, 80);
  if (status !== 200) throw new Error(`the callback page answered ${status}: ${title}`);
  terminal.say(`The page at the callback says "${title}". Only now, after a request with the token succeeded.`);
  terminal.sent(`execute_tool ${JSON.stringify(args)}`);
  const result = successful(await call(walk, 'execute_tool', args));
  showRequests(walk);
  return result;
}

/** @param {import('./walk.mjs').Walk} walk @param {object} args */
async function withBrowser(walk, args) {
  const { terminal, loginWaitMs } = walk;
  let shown = false;
  const onProgress = () => {
    if (shown) return;
    shown = true;
    showRequests(walk);
    // What went wrong with the login is told by the call that waits for it.
    showWaiting(walk).catch(() => undefined);
  };
  const result = successful(await call(walk, 'execute_tool', args, { timeoutMs: loginWaitMs + 10_000, onProgress }));
  showRequests(walk);
  terminal.say('The call waited for the login, and was then sent again.');
  return result;
}

/** Joins the open login to have its URL. @param {import('./walk.mjs').Walk} walk */
async function showWaiting(walk) {
  const { structuredContent } = await call(walk, 'login_server', { server: 'notes' });
  if (structuredContent?.login_url === undefined) return;
  showUrl(walk, structuredContent.login_url);
  walk.terminal.say('Approve in the browser window. If there is none, open the URL above.');
}

/** The whole URL on a line of its own, to click on. @param {import('./walk.mjs').Walk} walk @param {string} url */
function showUrl({ terminal }, url) {
  terminal.line(`      ${terminal.paint('cyan', url)}`);
}
