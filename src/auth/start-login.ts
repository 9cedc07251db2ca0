// Owns how a login comes to be open in this process: nothing to do, held here, or joined where another holds it.
import { hostname } from 'node:os';
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError, LoginAbandonedError } from '../errors.ts';
import type { OpenBrowser } from './browser.ts';
import { foreignCallbackError, JoinedLogin } from './joined-login.ts';
import type { LeaseRecord } from './lease-file.ts';
import { openLogin } from './login.ts';
import type { LoginLease, LoginLeases } from './login-lease.ts';
import type { LoginDeps } from './login-road.ts';
import { probeServer } from './probe-server.ts';
import { proveToken } from './prove-login.ts';

/** How long a human has. */
const limitMs = 10 * 60_000;

export interface LoginRequest {
  /** What the server asked for; absent: a human wants to log in. */
  readonly challenge?: AuthChallenge | undefined;
  /** Drop what is open and what is registered, and begin anew. */
  readonly restart?: boolean | undefined;
  /** The human said that there is no browser here. */
  readonly headless?: boolean | undefined;
}

export interface StartDeps extends LoginDeps {
  readonly leases: LoginLeases;
  readonly openBrowser: OpenBrowser;
  readonly hasBrowser: boolean;
}

export interface StartInput {
  readonly entry: HttpServerEntry;
  readonly settings: OAuthSettings;
  readonly key: string;
  readonly request: LoginRequest;
  /** Aborted with the reason when the process ends. */
  readonly closing: AbortSignal;
}

/** A login that waits for its human, here or in another process. */
export interface OpenLogin {
  /** As it can be opened now. */
  readonly loginUrl: string;
  /** How long it can be opened, where that is shorter than the login. Milliseconds. */
  readonly urlHoldsMs?: number | undefined;
  readonly userCode?: string | undefined;
  readonly expiresAt: number;
  readonly browserOpened: boolean;
  readonly done: Promise<void>;
  /** Opens the browser, once per login. */
  show(): Promise<void>;
  /** @throws GatewayError INVALID_ARGUMENTS where the callback is not this login's */
  deliver(parameters: URLSearchParams): Promise<void>;
  /** Ends it, with the reason; resolves when nothing of it is left. */
  drop(reason: GatewayError): Promise<void>;
}

/** Undefined: there is a login already. @throws GatewayError AUTH_FAILED */
export async function startLogin(deps: StartDeps, input: StartInput): Promise<OpenLogin | undefined> {
  for (;;) {
    try {
      return await startOrJoin(deps, input);
    } catch (error) {
      // The holder went before it had a URL: nobody has seen anything of that login yet.
      if (!(error instanceof LoginAbandonedError) || input.closing.aborted) throw error;
    }
  }
}

async function startOrJoin(deps: StartDeps, input: StartInput): Promise<OpenLogin | undefined> {
  const { key, request } = input;
  const takeOver = request.restart === true;
  if (!takeOver && (await isLoggedIn(deps, input))) return undefined;
  const before = await deps.store.read(key);
  const expiresAt = deps.now() + limitMs;
  const claim = await deps.leases.claim(key, { expiresAt, takeOver });
  if (claim.kind === 'taken') return await joinLogin(deps, input, claim.by, before);
  const { lease } = claim;
  try {
    // Another process may have finished its login between the first look and the lease.
    if (!takeOver && (await isLoggedIn(deps, input))) {
      await lease.finish();
      return undefined;
    }
    return await holdLogin(deps, input, { lease, expiresAt, before: claim.before });
  } catch (error) {
    const hint = error instanceof GatewayError ? error.hint : undefined;
    const end = { message: errorText(error), hint };
    await (error instanceof LoginAbandonedError ? lease.abandon(end) : lease.fail(end, false));
    throw error;
  }
}

/** Whether the request that asked for a login would pass by now. */
async function isLoggedIn(deps: StartDeps, { entry, key, request, closing }: StartInput): Promise<boolean> {
  const { challenge } = request;
  if (challenge?.error === 'insufficient_scope') {
    const granted = (await deps.store.read(key))?.tokens?.scope?.split(' ') ?? [];
    return challenge.scope?.split(' ').every((scope) => granted.includes(scope)) ?? false;
  }
  // A token that the server rejected is given up by then: what comes is another one, or none.
  const token = await renewedIfReachable(deps, challenge, closing);
  if (token === undefined || challenge) return token !== undefined;
  const dpop = deps.credentials.keyOf(token);
  const proof = await proveToken(deps, { entry, token, dpop, signal: closing });
  if (proof.kind !== 'rejected') return true;
  return proof.status === 401 && (await deps.credentials.renew(token, { signal: closing })) !== undefined;
}

/** What cannot be refreshed now does not keep a human from logging in anew. */
async function renewedIfReachable(
  deps: StartDeps,
  challenge: AuthChallenge | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await deps.credentials.renew(undefined, { signal });
  } catch (error) {
    if (challenge || !(error instanceof GatewayError) || error.code !== 'SERVER_UNAVAILABLE') throw error;
    return undefined;
  }
}

/** Where a human wants to log in, nobody has heard yet what the server asks for: it may say so in a challenge alone. */
async function askedFor(
  deps: StartDeps,
  entry: HttpServerEntry,
  signal: AbortSignal,
): Promise<{ readonly challenge: AuthChallenge; readonly withoutLogin?: number }> {
  const probe = await probeServer(deps, { entry, signal });
  if (probe.kind !== 'answered') return { challenge: {} };
  return probe.status === 401 ? { challenge: probe.challenge } : { challenge: {}, withoutLogin: probe.status };
}

async function holdLogin(
  deps: StartDeps,
  { entry, settings, key, request, closing }: StartInput,
  held: { lease: LoginLease; expiresAt: number; before: LeaseRecord | undefined },
): Promise<OpenLogin> {
  const { lease, expiresAt, before } = held;
  const own = new AbortController();
  const what = `the login to server '${entry.name}'`;
  const late = new GatewayError('AUTH_FAILED', `${what} was not finished within 10 minutes`, hintFor(entry));
  const clock = setTimeout(() => own.abort(late), limitMs);
  clock.unref();
  const elsewhere = `${what} was begun anew by another process`;
  const onLost = (): void => own.abort(new LoginAbandonedError('CANCELLED', elsewhere, hintFor(entry)));
  lease.lost.addEventListener('abort', onLost, { once: true });
  const stop = (): void => {
    clearTimeout(clock);
    lease.lost.removeEventListener('abort', onLost);
  };
  try {
    const opened = await openLogin(deps, {
      entry,
      settings,
      key,
      ...(request.challenge ? { challenge: request.challenge } : await askedFor(deps, entry, closing)),
      lease,
      distrustedClientId: before?.unprovenClientId,
      ...(before?.host === hostname() && { earlierCallbackUrl: before.callbackUrl }),
      freshClient: request.restart === true,
      headless: request.headless === true || !deps.hasBrowser,
      expiresAt,
      signal: AbortSignal.any([own.signal, closing]),
    });
    const done = opened.done.finally(stop);
    return openedLogin(deps, entry, {
      loginUrl: opened.loginUrl,
      urlHoldsMs: opened.urlHoldsMs,
      userCode: opened.userCode,
      expiresAt: opened.expiresAt,
      done,
      isShown: () => false,
      canShow: true,
      claimWindow: () => deps.leases.claimWindow(key, lease.owner),
      releaseWindow: () => deps.leases.releaseWindow(key, lease.owner),
      deliver: async (parameters) => {
        if (!opened.deliver(parameters)) throw foreignCallbackError(entry.name);
      },
      abort: (reason) => own.abort(reason),
    });
  } catch (error) {
    stop();
    throw error;
  }
}

async function joinLogin(
  deps: StartDeps,
  { entry, key, closing }: StartInput,
  found: LeaseRecord,
  before: Awaited<ReturnType<StartDeps['store']['read']>>,
): Promise<OpenLogin | undefined> {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, closing]);
  const joined = new JoinedLogin(deps, { server: entry.name, key, found, before, signal });
  if ((await joined.url()) === undefined) return undefined;
  const finish = async (): Promise<void> => deps.credentials.accept(await joined.finished(), true);
  return openedLogin(deps, entry, {
    loginUrl: () => joined.lease.loginUrl ?? '',
    userCode: joined.lease.userCode,
    expiresAt: joined.lease.expiresAt,
    done: finish(),
    isShown: () => joined.lease.browserOpened,
    // A browser on this machine reaches the holder's listener; from another machine it would not.
    canShow: found.host === hostname(),
    claimWindow: () => deps.leases.claimWindow(key, found.owner),
    releaseWindow: () => deps.leases.releaseWindow(key, found.owner),
    deliver: (parameters) => joined.deliver(parameters),
    abort: (reason) => own.abort(reason),
  });
}

interface Parts {
  readonly loginUrl: () => string;
  readonly urlHoldsMs?: number | undefined;
  readonly userCode: string | undefined;
  readonly expiresAt: number;
  readonly done: Promise<void>;
  /** Another process has opened the browser for it. */
  readonly isShown: () => boolean;
  readonly canShow: boolean;
  readonly claimWindow: () => Promise<boolean>;
  readonly releaseWindow: () => Promise<void>;
  readonly deliver: (parameters: URLSearchParams) => Promise<void>;
  readonly abort: (reason: GatewayError) => void;
}

function openedLogin(deps: StartDeps, entry: HttpServerEntry, parts: Parts): OpenLogin {
  // The one who wants the outcome waits for `done`; nobody waiting is no unhandled rejection.
  const ended = parts.done.catch(() => undefined);
  let opened = false;
  let showing: Promise<void> | undefined;
  const show = async (): Promise<void> => {
    try {
      opened = true;
      // Another process may have opened a window for this very login.
      if (!(await parts.claimWindow())) return;
      const outcome = await deps.openBrowser(parts.loginUrl());
      opened = outcome.opened;
      if (opened) return;
      deps.log.info({ server: entry.name, reason: outcome.reason }, 'no browser was opened');
      await parts.releaseWindow();
    } catch (error) {
      opened = false;
      // The human still has the URL.
      deps.log.warn({ server: entry.name, error: errorText(error) }, 'the browser could not be opened');
    }
  };
  return {
    get loginUrl() {
      return parts.loginUrl();
    },
    urlHoldsMs: parts.urlHoldsMs,
    userCode: parts.userCode,
    expiresAt: parts.expiresAt,
    get browserOpened() {
      return opened || parts.isShown();
    },
    done: parts.done,
    async show() {
      if (parts.canShow && !parts.isShown()) showing ??= show();
      await showing;
    },
    deliver: parts.deliver,
    async drop(reason) {
      parts.abort(reason);
      await ended;
    },
  };
}

function hintFor(entry: HttpServerEntry): { server: string; hint: string } {
  return { server: entry.name, hint: `portico login ${entry.name}` };
}
