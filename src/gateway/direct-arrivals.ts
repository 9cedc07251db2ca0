// Owns making the tools of directly exposed servers known: which servers are asked, and when it is worth it. Knows nothing
// of how tools are shown.
import type { BackgroundLists } from './background-lists.ts';
import type { DirectTools } from './direct-tools.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { LoginPort } from './login-port.ts';

export interface DirectArrivalsDeps {
  readonly downstream: DownstreamPort;
  readonly logins: LoginPort;
  readonly direct: DirectTools;
  readonly lists: BackgroundLists;
  readonly agent: () => string | undefined;
}

export interface DirectArrivals {
  /** Asks every server that may have news. Resolves when those have answered of which nothing was known. */
  askAll(): Promise<void>;
  /** Asks servers that needed a login, where somebody has logged in since. */
  askLoggedIn(): void;
}

export function createDirectArrivals({ downstream, logins, direct, lists, agent }: DirectArrivalsDeps): DirectArrivals {
  const names = (): readonly string[] => {
    const who = agent();
    return who === undefined ? [] : direct.servers(who).map(({ name }) => name);
  };
  const needsLogin = (name: string): boolean => downstream.snapshot(name).state === 'needs_login';
  const isLoggedIn = async (name: string): Promise<boolean> => {
    try {
      return (await logins.status(name)).kind === 'logged_in';
    } catch {
      // What is wrong with the login is said by list_servers.
      return false;
    }
  };
  const ask = async (name: string): Promise<void> => {
    // Without a login the answer would be the same as before.
    if (!needsLogin(name) || (await isLoggedIn(name))) await lists.list(name);
  };
  const askUnlessKnown = async (name: string): Promise<void> => {
    const known = await downstream.knownTools(name);
    // A connection that is up knows itself whether its list is still good.
    const asked = known?.isRecent && downstream.snapshot(name).state !== 'ready' ? undefined : ask(name);
    if (!known) await asked;
  };
  return {
    askAll: async () => void (await Promise.all(names().map(askUnlessKnown))),
    askLoggedIn() {
      for (const name of names().filter(needsLogin)) void ask(name);
    },
  };
}
