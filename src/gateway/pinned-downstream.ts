// Owns the door between the use cases and servers with `toolPinning`: the one place where their tools come in, and calls
// go out. What comes in can be called, and nothing else. Other servers pass through untouched.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { Lazy } from '../lib/lazy.ts';
import type { DownstreamPort, KnownTools, ServerSession, ServerSnapshot } from './downstream-port.ts';
import type { LiveConfig } from './live-config.ts';
import type { ToolReviews, Verdict } from './tool-reviews.ts';

export interface PinningDeps {
  readonly config: LiveConfig;
  /** Loaded with the first server that has it. */
  readonly reviews: Lazy<Pick<ToolReviews, 'review' | 'last'>>;
}

type Reviews = Pick<ToolReviews, 'review' | 'last'>;

export function pinnedDownstream(port: DownstreamPort, { config, reviews }: PinningDeps): DownstreamPort {
  const pinned = (name: string): ServerEntry | undefined => {
    const server = config.current.servers.get(name);
    return server?.state === 'usable' && server.entry.toolPinning ? server.entry : undefined;
  };
  let opened: Reviews | undefined;
  const open = async (): Promise<Reviews> => {
    opened ??= await reviews.get();
    return opened;
  };
  const session: DownstreamPort['session'] = async (server, options) => {
    const found = await port.session(server, options);
    return pinned(server) ? pinnedSession(found, () => pinned(server), await open()) : found;
  };
  return {
    ...port,
    session,

    async knownTools(server) {
      const known = await port.knownTools(server);
      const entry = pinned(server);
      if (!known || !entry) return known;
      const verdict = await (await open()).review(entry, known.tools, { isLive: false });
      return entry.toolPinning === 'block' ? withoutOthers(known, verdict) : known;
    },

    refresh(server) {
      if (!pinned(server)) return port.refresh(server);
      const listing = session(server, new AbortController()).then(({ catalog }) => catalog.tools());
      // What became of it is in the snapshot.
      listing.catch(() => undefined);
    },

    snapshot(server) {
      const snapshot = port.snapshot(server);
      const entry = pinned(server);
      const verdict = entry && opened?.last(entry);
      return entry && verdict ? reviewedSnapshot(snapshot, verdict, entry.toolPinning === 'block') : snapshot;
    },
  };
}

function withoutOthers(known: KnownTools, { agreed, others }: Verdict): KnownTools {
  return others.length === 0 ? known : { ...known, tools: agreed, withheld: others };
}

function reviewedSnapshot(snapshot: ServerSnapshot, { changes, others }: Verdict, isBlocked: boolean): ServerSnapshot {
  if (others.length === 0) return snapshot;
  const withheld = new Set(isBlocked ? others.map(({ name }) => name) : []);
  return {
    ...snapshot,
    toolNames: snapshot.toolNames?.filter((name) => !withheld.has(name)),
    toolChanges: { ...changes, isBlocked },
  };
}

/** `entry`: as the config has it at the time; undefined: its tools are not pinned any more. */
function pinnedSession(
  { connection, catalog, offerings }: ServerSession,
  entry: () => ServerEntry | undefined,
  reviews: Reviews,
): ServerSession {
  const list: ServerSession['catalog']['tools'] = async (options) => {
    const tools = await catalog.tools(options);
    const current = entry();
    if (!current) return tools;
    const { agreed } = await reviews.review(current, tools, { isLive: true });
    return current.toolPinning === 'block' ? agreed : tools;
  };
  const find: ServerSession['catalog']['find'] = async (name, options) => {
    const found = await catalog.find(name, options);
    return found && (await list(options)).find((tool) => tool.name === name);
  };
  return {
    offerings,
    catalog: { tools: list, find },
    connection: {
      changes: connection.changes,
      request: (...request) => connection.request(...request),
      async callTool(tool, args, options) {
        const current = entry();
        if (current?.toolPinning === 'block' && !(await find(tool, options))) {
          throw keptBack(current.name, tool, reviews.last(current));
        }
        return await connection.callTool(tool, args, options);
      },
    },
  };
}

function keptBack(server: string, tool: string, verdict: Verdict | undefined): GatewayError {
  const isNew = verdict?.changes.added.includes(tool);
  if (!isNew && !verdict?.changes.changed.includes(tool)) {
    // One that the server does not list could do anything: nobody has seen what it says of itself.
    const hint = 'get_server_tools shows the names.';
    return new GatewayError('TOOL_NOT_FOUND', `server '${server}' lists no tool '${tool}'`, { server, tool, hint });
  }
  const what = isNew ? 'is new, and nobody has agreed to it' : 'has changed since it was agreed to';
  return new GatewayError('DENIED_BY_POLICY', `tool '${tool}' of server '${server}' ${what}`, {
    server,
    tool,
    rule: 'toolPinning',
    hint: `Only a human can agree, in a terminal: portico tools ${server} --approve`,
  });
}
