// Owns what a human is shown where authorization requests are pushed (RFC 9126): a URL that can still be opened late.
import { errorText } from '../errors.ts';
import type { PendingAuthorization } from './authorize.ts';
import { requireOpenableUrl } from './browser.ts';
import type { CallbackPort } from './callback-server.ts';
import type { Discovery } from './discover.ts';
import { unopenedPage } from './login-page.ts';
import type { LoginDeps, LoginInput } from './login-road.ts';
import type { PushedAuthorization } from './pushed-authorization.ts';
import { pushAuthorization } from './pushed-authorization.ts';
import type { SavedClient } from './token-store.ts';

export interface ShownUrl {
  url(): string;
  /** How long the URL can be opened, where that is shorter than the login. Milliseconds. */
  readonly holdsMs?: number;
  stop(): void;
}

interface PushedLogin {
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly pending: PendingAuthorization;
  readonly port: CallbackPort;
  /** The server took another authentication method than the client was registered with. */
  corrected(client: SavedClient): void;
}

const leastPauseMs = 1000;

/** What is shown where nothing is pushed. */
export function fixedLoginUrl(url: string): ShownUrl {
  return { url: () => url, stop: () => undefined };
}

/**
 * A pushed request lives a minute or so, and a human may be slower. A browser on this machine is sent to our listener,
 * which pushes when it is opened. A browser elsewhere cannot reach that: there the URL holds the reference itself, and
 * is replaced before it dies.
 * @throws GatewayError AUTH_FAILED
 */
export async function pushedLoginUrl(
  deps: Pick<LoginDeps, 'fetch' | 'now' | 'log'>,
  { entry, settings, headless, lease, signal }: LoginInput,
  { discovery, client: registered, pending, port, corrected }: PushedLogin,
): Promise<ShownUrl> {
  const server = entry.name;
  let client = registered;
  const push = async (): Promise<PushedAuthorization> => {
    const { parameters, dpop } = pending;
    const pushed = await pushAuthorization(deps, {
      server,
      discovery,
      client,
      parameters,
      dpop,
      key: settings,
      signal,
    });
    requireOpenableUrl(pushed.url);
    client = pushed.client;
    corrected(client);
    return pushed;
  };
  // The first one before anything is shown: what the server refuses is said at once.
  const first = await push();
  if (headless) {
    return keptFresh(first, {
      push,
      renewed: (loginUrl) => lease.publish({ loginUrl }),
      failed: (error) => deps.log.warn({ server, error: errorText(error) }, 'the login URL could not be renewed'),
    });
  }
  let unused: PushedAuthorization | undefined = first;
  const staleAt = deps.now() + first.expiresInMs / 2;
  return fixedLoginUrl(
    port.serveStart(async () => {
      try {
        const { url } = unused && deps.now() < staleAt ? unused : await push();
        // A reference is good for one use (RFC 9126 section 4).
        unused = undefined;
        return url;
      } catch (error) {
        return unopenedPage(server, errorText(error));
      }
    }),
  );
}

/** At any time the URL holds for about a third of its lifetime, or longer. */
function keptFresh(
  first: PushedAuthorization,
  on: {
    readonly push: () => Promise<PushedAuthorization>;
    readonly renewed: (url: string) => Promise<void>;
    readonly failed: (error: unknown) => void;
  },
): ShownUrl {
  let current = first;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void renew(), Math.max((current.expiresInMs * 2) / 3, leastPauseMs));
    timer.unref();
  };
  const renew = async (): Promise<void> => {
    try {
      current = await on.push();
      if (!stopped) await on.renewed(current.url);
    } catch (error) {
      // The next try may do better; a login that has ended has no next one.
      if (!stopped) on.failed(error);
    }
    plan();
  };
  plan();
  return {
    url: () => current.url,
    holdsMs: first.expiresInMs,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
