// Owns the story of tools that stand in the host's own list: shown as soon as they are known, called by the names they
// are shown under. Knows nothing of MCP messages.
import { GatewayError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import { createBackgroundLists } from './background-lists.ts';
import { createDirectArrivals } from './direct-arrivals.ts';
import { createDirectTools, type DirectTools, type DirectToolsDeps } from './direct-tools.ts';
import type { Host } from './host.ts';
import type { HostAtLarge } from './host-at-large.ts';
import { createHostView, type ToolView } from './host-view.ts';
import { UnknownToolError } from './unknown-tool-error.ts';
import { type WithLoginDeps, withLogin } from './with-login.ts';

export interface DirectModeDeps extends DirectToolsDeps, WithLoginDeps {
  readonly host: HostAtLarge;
  /** Whose tools are shown; undefined: the rules want every call to say who it is. */
  readonly agent: () => string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface DirectCall {
  readonly name: string;
  /** As the host sent them; undefined: it sent none. */
  readonly args?: unknown;
}

/** The use cases that a call ends in. */
interface Calls {
  executeTool(
    input: { readonly server: string; readonly tool: string; readonly args?: unknown },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  refuse(
    operation: { readonly name: 'execute_tool'; readonly server?: string; readonly tool?: string },
    problem: GatewayError,
    host: Host,
  ): Promise<never>;
}

export interface DirectMode {
  give(): Promise<ToolView>;
  gave(view: ToolView): void;
  /** @throws UnknownToolError | GatewayError */
  call(input: DirectCall, host: Host, calls: Calls): Promise<Readonly<Record<string, unknown>>>;
  toolsChanged(server: string): void;
  loggedIn(server: string): void;
  /** Somebody may have logged in from elsewhere to a server that shows no tools. */
  tryAgain(): void;
}

/**
 * Many hosts list tools once, and do not react when told of a change: the first list waits so long for servers that were
 * never seen before. Milliseconds.
 */
const firstListMs = 2000;

export function createDirectMode(deps: DirectModeDeps): DirectMode {
  const { downstream, agent, now } = deps;
  const direct = createDirectTools(deps);
  const lists = createBackgroundLists({ downstream, now });
  const arrivals = createDirectArrivals({ ...deps, direct, lists });
  const look = async (): Promise<ToolView> => {
    const who = agent();
    return {
      direct: who === undefined ? [] : (await direct.exposed(who)).tools,
      hasDirectServers: direct.hasDirectServers(),
      hasMetaServers: who === undefined || direct.hasMetaServers(),
    };
  };
  const view = createHostView({ host: deps.host, look });
  let firstWait: Promise<unknown> | undefined;

  return {
    async give() {
      const asked = arrivals.askAll();
      firstWait ??= waitFor(asked, firstListMs);
      await firstWait;
      const shown = await look();
      view.gave(shown);
      return shown;
    },

    gave(shown) {
      view.gave(shown);
      view.changed();
    },

    call: (input, host, calls) => callDirect({ ...deps, direct }, input, host, calls),
    tryAgain: () => arrivals.askLoggedIn(),

    toolsChanged(server) {
      view.changed();
      if (!direct.isDirect(server)) return;
      void downstream.knownTools(server).then((known) => {
        if (!known?.isRecent) lists.listAgain(server);
      });
    },

    loggedIn(server) {
      if (direct.isDirect(server)) lists.listAgain(server);
    },
  };
}

async function callDirect(
  deps: DirectModeDeps & { readonly direct: DirectTools },
  { name, args }: DirectCall,
  host: Host,
  calls: Calls,
): Promise<Readonly<Record<string, unknown>>> {
  const { direct, agent } = deps;
  if (!direct.hasDirectServers()) throw new UnknownToolError(name);
  const who = agent();
  const routeOf = async () => (who === undefined ? undefined : (await direct.exposed(who)).routes.get(name));
  let route = await routeOf();
  if (!route && who !== undefined) {
    // The host may know the name from another day.
    for (const { name: server } of await direct.candidates(who, name)) {
      try {
        await listNow(deps, server, host);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return await calls.refuse({ name: 'execute_tool', server }, error, host);
      }
    }
    route = await routeOf();
  }
  if (!route) return await calls.refuse({ name: 'execute_tool', tool: name }, new UnknownToolError(name), host);
  return await calls.executeTool({ server: route.server, tool: route.tool, args }, host);
}

async function listNow(deps: DirectModeDeps, server: string, host: Host): Promise<void> {
  await withLogin(deps, server, host, async () => {
    const { catalog } = await deps.downstream.session(server, host);
    await catalog.tools(host);
  });
}
