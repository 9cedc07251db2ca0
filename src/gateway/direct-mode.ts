// Owns the story of tools that stand in the host's own list: shown as soon as they are known, called by the names they
// are shown under. Knows nothing of MCP messages.
import type { Exposure } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import { createBackgroundLists } from './background-lists.ts';
import { createDirectArrivals } from './direct-arrivals.ts';
import { createDirectTools, type DirectTools, type DirectToolsDeps } from './direct-tools.ts';
import type { Host } from './host.ts';
import type { HostAtLarge } from './host-at-large.ts';
import { createHostView, type ToolView } from './host-view.ts';
import type { LiveConfig } from './live-config.ts';
import type { Offers } from './permitted-offers.ts';
import type { Asked } from './permitted-session.ts';
import { UnknownToolError } from './unknown-tool-error.ts';
import { unnamedAgent } from './unnamed-agent.ts';
import { type WithLoginDeps, withLogin } from './with-login.ts';

export interface DirectModeDeps extends Omit<DirectToolsDeps, 'expose'>, WithLoginDeps {
  readonly host: HostAtLarge;
  readonly config: LiveConfig;
  readonly calls: () => Calls;
  /** What servers are known to have besides tools. */
  readonly offers: () => Promise<Offers>;
  readonly settings: {
    readonly expose?: Exposure;
    readonly lockedAgent?: string | undefined;
    readonly defaultAgent?: string | undefined;
  };
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
    input: { readonly server: string; readonly tool: string; readonly args?: unknown; readonly whole: boolean },
    host: Host,
  ): Promise<Readonly<Record<string, unknown>>>;
  refuse(
    operation: { readonly name: 'execute_tool'; readonly server?: string; readonly tool?: string },
    problem: GatewayError,
    host: Host,
  ): Promise<never>;
}

export interface DirectMode {
  /** What the host is to see in its list of tools; it is told when that changes. Waits a little for a first start. */
  give(): Promise<ToolView>;
  /** The host was given a list before there was a gateway to ask. */
  gave(view: ToolView): void;
  /**
   * Calls a tool by the name that it is exposed by. @returns the server's own `CallToolResult`
   * @throws UnknownToolError no tool is exposed by that name; GatewayError
   */
  call(input: DirectCall, host: Host): Promise<Readonly<Record<string, unknown>>>;
  /** Whether a server stands in the host's own lists. */
  isDirect(server: string): boolean;
  /** What the host sees may have changed. */
  viewChanged(): void;
  /** Other servers or rules than before. */
  configChanged(): void;
  /** The tools of a server are not what they were known to be. */
  toolsChanged(server: string): void;
  /** Somebody logged in to a server. */
  loggedIn(server: string): void;
  /** Somebody may have logged in from elsewhere to a server that shows no tools: it is asked when `work` is done. */
  tryAfter<T>(work: Promise<T>): Promise<T>;
}

/**
 * Many hosts list tools once, and do not react when told of a change: the first list waits so long for servers that were
 * never seen before. Milliseconds.
 */
const firstListMs = 2000;

export function createDirectMode(deps: DirectModeDeps): DirectMode {
  const { downstream, now, settings } = deps;
  const agent = (): string | undefined => unnamedAgent(deps.config.current.rules, settings);
  const direct = createDirectTools({ ...deps, expose: settings.expose ?? 'meta' });
  const lists = createBackgroundLists({ downstream, now });
  const arrivals = createDirectArrivals({ ...deps, agent, direct, lists });
  const look = async (): Promise<ToolView> => {
    const who = agent();
    return {
      direct: who === undefined ? [] : (await direct.exposed(who)).tools,
      hasDirectServers: direct.hasDirectServers(),
      hasMetaServers: who === undefined || direct.hasMetaServers(),
      offers: await deps.offers(),
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

    call: (input, host) => callDirect({ ...deps, direct }, input, host),
    tryAfter: (work) => work.finally(() => arrivals.askLoggedIn()),

    isDirect: (server) => direct.isDirect(server),
    viewChanged: () => view.changed(),

    configChanged() {
      // Nobody is started for a list that nobody has asked for.
      if (firstWait !== undefined) void arrivals.askAll();
      view.changed();
    },

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
): Promise<Readonly<Record<string, unknown>>> {
  const { direct } = deps;
  const calls = deps.calls();
  const { unusable } = deps.config.current;
  if (unusable) return await calls.refuse({ name: 'execute_tool', tool: name }, unusable, host);
  if (!direct.hasDirectServers()) throw new UnknownToolError(name);
  const who = unnamedAgent(deps.config.current.rules, deps.settings);
  const routeOf = async () => (who === undefined ? undefined : (await direct.exposed(who)).routes.get(name));
  let route = await routeOf();
  if (!route && who !== undefined) {
    // The host may know the name from another day.
    for (const { name: server } of await direct.candidates(who, name)) {
      try {
        await listNow(deps, { agent: who, server }, host);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return await calls.refuse({ name: 'execute_tool', server }, error, host);
      }
    }
    route = await routeOf();
  }
  if (!route) return await calls.refuse({ name: 'execute_tool', tool: name }, new UnknownToolError(name), host);
  const { server, tool, definition } = route;
  // Beside an `outputSchema`, a host takes no result whose structured content was put aside.
  const whole = definition['outputSchema'] !== undefined;
  return await calls.executeTool({ server, tool, args, whole }, host);
}

async function listNow(deps: DirectModeDeps, asked: Asked, host: Host): Promise<void> {
  await withLogin(deps, asked, host, async ({ catalog }) => {
    await catalog.tools(host);
  });
}
