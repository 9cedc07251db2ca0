// Owns `npm run demo`: one walk through the gateway with real processes on loopback, and its exit code: 0 when every
// step did what it says, else 1.
//
//   node demo/demo.mjs [--auto]      --auto: a built-in client logs in, also where there is a browser
import process, { argv, env, execPath, stdout } from 'node:process';
import { openStage } from './stage.mjs';
import { steps } from './steps.mjs';
import { createTerminal } from './terminal.mjs';

/** Without a human nothing here takes long; with one, the login does. Milliseconds. */
const limitMs = { auto: 30_000, browser: 180_000 };
const loginWaitMs = { auto: 0, browser: 120_000 };

/** As the gateway decides it; on a build machine there is nobody to log in. @param {Readonly<Record<string, string | undefined>>} given */
function hasHuman({ CI, GATEWAY_BROWSER, BROWSER, DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME, SSH_CONNECTION }) {
  if (CI || GATEWAY_BROWSER === 'none') return false;
  if (GATEWAY_BROWSER || BROWSER || DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME) return true;
  return (process.platform === 'darwin' || process.platform === 'win32') && !SSH_CONNECTION;
}

/** @param {number} timeMs @returns {Promise<never>} */
function stopped(timeMs) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the demo took longer than ${timeMs / 1000} s`)), timeMs).unref();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
  });
}

const browser = !argv.includes('--auto') && hasHuman(env);
const mode = browser ? 'browser' : 'auto';
const terminal = createTerminal({ stream: stdout, env });
const startedAt = performance.now();
const ending = stopped(limitMs[mode]);
// It is waited for in every step; before the first nobody listens.
ending.catch(() => undefined);
let doing = 'starting the servers';
let code = 0;
/** @type {import('./stage.mjs').Stage | undefined} */
let stage;

terminal.line(terminal.paint('bold', 'Portico demo'));
terminal.line('Everything runs on this machine, and no request leaves loopback.');
try {
  stage = await openStage({ program: execPath, env, browser, loginWaitMs: loginWaitMs[mode] });
  const walk = { stage, terminal, browser, loginWaitMs: loginWaitMs[mode] };
  for (const { title, run } of steps) {
    doing = title;
    terminal.step(title);
    await Promise.race([run(walk), ending]);
  }
  const { counts } = stage.authorizationServer;
  const took = ((performance.now() - startedAt) / 1000).toFixed(1);
  const logins = `${counts.registrations} registration, ${counts.codeExchanges} login, ${counts.refreshes} refresh`;
  terminal.line();
  terminal.line(`${terminal.paint('green', 'Done')} in ${took} s: ${steps.length} steps, ${logins}.`);
} catch (error) {
  code = 1;
  terminal.line();
  terminal.line(`${terminal.paint('red', 'Failed')} at "${doing}": ${error instanceof Error ? error.message : error}`);
  const log = stage?.log().trim() ?? '';
  if (log !== '') terminal.line('The end of the gateway’s log:');
  for (const text of log === '' ? [] : log.split('\n').slice(-10)) terminal.quote(text);
} finally {
  await stage?.close();
}
stdout.write('', () => process.exit(code));
