// Owns a gateway whose servers and logins are plain values, for tests of the use cases.
import type { AuditEntry } from '../../src/audit/record.ts';
import type { LoginAttempt, LoginStatus } from '../../src/auth/authenticator.ts';
import type { AgentRules, Rules } from '../../src/config/rules.ts';
import type { ConfiguredServer, ServerEntry } from '../../src/config/server-entry.ts';
import type { RecalledOffers } from '../../src/downstream/known-offers.ts';
import type { ServerWatcher } from '../../src/downstream/server-snapshot.ts';
import type { ToolDefinition } from '../../src/downstream/tool-pages.ts';
import type { DownstreamPort, KnownTools, ServerSession, ServerSnapshot } from '../../src/gateway/downstream-port.ts';
import { createGateway, type Gateway, type GatewaySettings } from '../../src/gateway/gateway.ts';
import type { Host } from '../../src/gateway/host.ts';
import { createHostAtLarge, type HostAtLarge } from '../../src/gateway/host-at-large.ts';
import type { ConfigState, LiveConfig } from '../../src/gateway/live-config.ts';
import type { LoginPort, LoginRequest } from '../../src/gateway/login-port.ts';

export interface FakeServer {
  readonly entry?: Partial<ServerEntry>;
  readonly tools?: readonly ToolDefinition[];
  readonly snapshot?: ServerSnapshot;
  readonly call?: ServerSession['connection']['callTool'];
  readonly request?: ServerSession['connection']['request'];
  readonly makesTasks?: boolean;
  readonly lists?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly connect?: () => void | Promise<void>;
  readonly subscribe?: (uri: string) => Promise<void>;
  /** What is known of its tools without asking it. */
  readonly known?: KnownTools;
  /** The same for what it has besides. */
  readonly knownOffers?: RecalledOffers;
}

export interface Scene {
  readonly gateway: Gateway;
  readonly audit: AuditEntry[];
  readonly loginRequests: { readonly server: string; readonly request: LoginRequest }[];
  readonly clock: { now: number };
  /** The servers whose tools were asked for in the background. */
  readonly refreshed: string[];
  /** The config in force; what it is replaced by is used from then on. */
  readonly live: { current: ConfigState };
  readonly hostAtLarge: HostAtLarge;
  /** Whom the servers tell of changes. */
  readonly watcher: ServerWatcher;
}

export interface SceneSettings {
  readonly servers?: Readonly<Record<string, FakeServer>>;
  readonly broken?: readonly ConfiguredServer[];
  readonly rules?: Rules;
  readonly config?: Partial<ConfigState>;
  readonly settings?: Partial<GatewaySettings>;
  readonly login?: (server: string) => Promise<LoginAttempt>;
  readonly loginStatus?: (server: string) => LoginStatus;
  /** What stands between the use cases and the servers. */
  readonly around?: (port: DownstreamPort, config: LiveConfig) => DownstreamPort;
}

export function createScene(scene: SceneSettings): Scene {
  const fakes = scene.servers ?? {};
  const audit: AuditEntry[] = [];
  const refreshed: string[] = [];
  const hostAtLarge = createHostAtLarge();
  const watchers: ServerWatcher[] = [];
  const loginRequests: Scene['loginRequests'] = [];
  const clock = { now: Date.UTC(2026, 0, 1) };
  const configured: ConfiguredServer[] = [
    ...Object.entries(fakes).map(
      ([name, fake]): ConfiguredServer => ({ state: 'usable', name, entry: entryOf(name, fake) }),
    ),
    ...(scene.broken ?? []),
  ];
  const logins: LoginPort = {
    async login(server, request) {
      loginRequests.push({ server, request });
      if (!scene.login) throw new Error('no login expected');
      return await scene.login(server);
    },
    finish: async () => undefined,
    status: async (server) => scene.loginStatus?.(server) ?? { kind: 'none' },
  };
  const live: { current: ConfigState } = {
    current: {
      servers: new Map(configured.map((server) => [server.name, server])),
      rules: scene.rules,
      source: { serversFile: '/config/mcp.json', rulesFile: undefined, loadedAt: clock.now, issues: [], reloads: [] },
      ...scene.config,
    },
  };
  const port: DownstreamPort = {
    async session(server) {
      await fakes[server]?.connect?.();
      return sessionOf(fakes[server] ?? {});
    },
    hostChanged: () => undefined,
    watch: (watcher) => void watchers.push(watcher),
    snapshot: (server) => fakes[server]?.snapshot ?? { state: 'idle' },
    knownTools: async (server) => fakes[server]?.known,
    async knownOffers(server) {
      const { knownOffers, snapshot } = fakes[server] ?? {};
      return knownOffers ?? (snapshot?.offers && { offers: snapshot.offers, lists: {} });
    },
    refresh: (server) => void refreshed.push(server),
  };
  const gateway = createGateway(
    {
      config: live,
      downstream: scene.around?.(port, live) ?? port,
      logins,
      host: hostAtLarge,
      audit: { write: (record) => void audit.push(record), close: async () => undefined },
      now: () => clock.now,
    },
    { version: '0.0.0', loginWaitMs: 0, ...scene.settings },
  );
  const [watcher] = watchers;
  if (!watcher) throw new Error('nobody watches the servers');
  return { gateway, audit, loginRequests, clock, refreshed, live, hostAtLarge, watcher };
}

function entryOf(name: string, { entry }: FakeServer): ServerEntry {
  const base = {
    name,
    disabled: false,
    timeoutMs: 1000,
    totalTimeoutMs: 3_600_000,
    connectTimeoutMs: 1000,
    maxResultBytes: 1_048_576,
    protocol: 'auto',
  };
  if (entry?.kind === 'http') {
    return {
      ...base,
      kind: 'http',
      transport: 'auto',
      url: 'https://example.test/mcp',
      headers: {},
      oauth: {
        grantType: 'authorization_code',
        dpop: false,
        callbackHost: '127.0.0.1',
        authorizationParams: {},
      },
      ...entry,
    };
  }
  return { ...base, kind: 'stdio', command: 'server', args: [], env: {}, inheritEnv: [], ...(entry as object) };
}

function sessionOf({
  tools = [],
  call,
  lists = {},
  request,
  subscribe,
  makesTasks = false,
}: FakeServer): ServerSession {
  return {
    offerings: {
      list: async (kind) => lists[kind] ?? [],
      offers: { resources: false, prompts: false, completions: false },
      makesTasks,
    },
    catalog: { tools: async () => tools, find: async (name) => tools.find((tool) => tool.name === name) },
    connection: {
      callTool: call ?? (async (_tool, args) => ({ result: { content: [], echoed: args }, size: 7 })),
      changes: { subscribe: subscribe ?? (async () => undefined), unsubscribe: async () => undefined },
      request: request ?? (async (method, params) => ({ result: { method, params }, size: 7 })),
    },
  };
}

export function host(overrides: Partial<Host> = {}): Host {
  return {
    requestId: '1',
    signal: new AbortController().signal,
    capabilities: {},
    meta: {},
    takesQuestions: false,
    ask: () => Promise.reject(new Error('nothing is asked here')),
    notify: () => undefined,
    progress: () => undefined,
    offerUrl: () => undefined,
    ...overrides,
  };
}

export function rules(agents: Readonly<Record<string, PartialAgentRules>>, denyOnMissingAgent = false): Rules {
  return {
    agents: new Map(
      Object.entries(agents).map(([name, { allow, deny }]) => [name, { allow: lists(allow), deny: lists(deny) }]),
    ),
    denyOnMissingAgent,
  };
}

type PartialAgentRules = { readonly [Side in keyof AgentRules]?: Partial<AgentRules[Side]> };

function lists(given: Partial<AgentRules['allow']> = {}): AgentRules['allow'] {
  return { servers: [], tools: {}, resources: {}, prompts: {}, ...given };
}
