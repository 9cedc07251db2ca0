// Owns showing a URL in a browser: which URLs may be opened, and by which program; knows nothing of logins.

import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { errorText, GatewayError } from '../errors.ts';
import { isLoopbackHost } from './loopback.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

export interface BrowserDeps {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly spawn?: Spawn;
}

export interface BrowserOutcome {
  readonly opened: boolean;
  /** Why nothing was opened. */
  readonly reason?: string;
}

export type OpenBrowser = (url: string) => Promise<BrowserOutcome>;

/** A program that ends within this time with an error opened nothing; one that still runs is a browser. */
const observeMs = 1000;
/** So long may the system take for starting its browser. */
const systemLimitMs = 3000;

/** RFC 3986 section 2: these characters and no others. Quotes, backticks, spaces and control characters are not among them. */
const uriCharacters = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

/**
 * The URL if a browser may be sent there: https, or http on loopback, no user name, only characters of RFC 3986.
 * The string is returned as it came; it was never decoded and built again.
 * @throws GatewayError AUTH_FAILED
 */
export function requireOpenableUrl(text: string): string {
  const refuse = (why: string): GatewayError =>
    new GatewayError('AUTH_FAILED', `the login URL ${JSON.stringify(text.slice(0, 200))} is not opened: ${why}`, {
      hint: 'The authorization server names a wrong page for logging in; tell its operator.',
    });
  if (!URL.canParse(text)) throw refuse('it is no URL');
  const url = new URL(text);
  const loopback = url.protocol === 'http:' && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !loopback) throw refuse('only https URLs, and http on loopback, are opened');
  if (url.username !== '' || url.password !== '') throw refuse('it holds a user name or password');
  if (!uriCharacters.test(text)) throw refuse('it holds characters that no URL may hold (RFC 3986 section 2)');
  return text;
}

/**
 * Whether there is a browser to try at all; where there is none, nobody should wait for a human. Only the environment
 * is looked at, so it is known at once.
 */
export function hasBrowser(env: Environment, platform: NodeJS.Platform): boolean {
  // `none` in BROWSER is a habit of web development tools.
  const chosen = env['GATEWAY_BROWSER']?.trim() || env['BROWSER']?.trim();
  if (chosen) return chosen !== 'none';
  // Over SSH these two would open a window on the screen of the other machine, in front of nobody.
  const overSsh = Boolean(env['SSH_CONNECTION'] || env['SSH_CLIENT'] || env['SSH_TTY']);
  if (platform === 'darwin' || platform === 'win32') return !overSsh;
  if (env['DISPLAY'] || env['WAYLAND_DISPLAY']) return true;
  // WSL opens the browser of Windows and needs no display, but its way to Windows can be switched off (`interop`).
  return !overSsh && Boolean(env['WSL_DISTRO_NAME'] && env['WSL_INTEROP']);
}

/**
 * Shows the URL in `GATEWAY_BROWSER`, else in `BROWSER`, else in the system's browser. No shell sees the URL. A
 * program that is missing or fails is not an error: the outcome says so, and the human still has the URL.
 * @throws GatewayError AUTH_FAILED for a URL that must not be opened
 */
export async function openBrowser(url: string, deps: BrowserDeps): Promise<BrowserOutcome> {
  const target = requireOpenableUrl(url);
  if (!hasBrowser(deps.env, deps.platform)) {
    return { opened: false, reason: 'there is no browser here: no display, an SSH session, or GATEWAY_BROWSER=none' };
  }
  const chosen = deps.env['GATEWAY_BROWSER']?.trim();
  if (chosen) return run(chosen, target, deps);
  const candidates = splitBrowserVariable(deps.env['BROWSER']?.trim() ?? '', deps.platform);
  if (candidates.length === 0) return openWithSystem(target);
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const outcome = await run(candidate, target, deps);
    if (outcome.opened) return outcome;
    reasons.push(outcome.reason ?? candidate);
  }
  return { opened: false, reason: reasons.join('; ') };
}

/** `BROWSER` may list several commands, separated as in `PATH`; on Windows a colon belongs to a drive. */
function splitBrowserVariable(value: string, platform: NodeJS.Platform): string[] {
  const commands = platform === 'win32' ? value.split(';') : value.split(':');
  return commands.map((command) => command.trim()).filter((command) => command !== '');
}

async function run(command: string, url: string, deps: BrowserDeps): Promise<BrowserOutcome> {
  const [program = '', ...args] = command.split(/\s+/);
  // `%s` is where the BROWSER convention wants the URL; without it, it goes last.
  const placed = args.map((argument) => argument.replaceAll('%s', () => url));
  if (!args.some((argument) => argument.includes('%s'))) placed.push(url);
  try {
    const child = (deps.spawn ?? spawnChild)(program, placed, {
      env: { ...deps.env },
      stdio: 'ignore',
      detached: deps.platform !== 'win32',
      shell: false,
      windowsHide: true,
    });
    return await observe(child, program);
  } catch (error) {
    return { opened: false, reason: `'${program}' did not start: ${errorText(error)}` };
  }
}

async function openWithSystem(url: string): Promise<BrowserOutcome> {
  let clock: NodeJS.Timeout | undefined;
  // Some systems are slow to start it (PowerShell out of WSL); nobody waits for that, and nothing says that it failed.
  const slow = new Promise<BrowserOutcome>((resolve) => {
    clock = setTimeout(resolve, systemLimitMs, { opened: true });
  });
  try {
    return await Promise.race([startSystem(url), slow]);
  } finally {
    clearTimeout(clock);
  }
}

async function startSystem(url: string): Promise<BrowserOutcome> {
  try {
    const { default: open } = await import('open');
    return await observe(await open(url), 'the system browser');
  } catch (error) {
    return { opened: false, reason: `the system browser did not start: ${errorText(error)}` };
  }
}

async function observe(child: ChildProcess, program: string): Promise<BrowserOutcome> {
  child.unref();
  // Without a listener, an error after the time below would end the whole process.
  child.on('error', () => undefined);
  const patience = new AbortController();
  const clock = setTimeout(() => patience.abort(), observeMs);
  try {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal: patience.signal });
    if (child.exitCode === 0) return { opened: true };
    return { opened: false, reason: `'${program}' ended with ${child.exitCode ?? child.signalCode}` };
  } catch (error) {
    if (patience.signal.aborted) return { opened: true };
    return { opened: false, reason: `'${program}' did not start: ${errorText(error)}` };
  } finally {
    clearTimeout(clock);
  }
}
