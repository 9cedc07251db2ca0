// Owns where the tools of one server come from: from the server, or from what is known of it while it is not up.
import type { ServerEntry } from '../config/server-entry.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { waitFor } from '../lib/deadline.ts';
import type { DownstreamPort, KnownTools, ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import { permittedSession } from './permitted-session.ts';
import { type WithLoginDeps, withLogin } from './with-login.ts';

export interface ToolList {
  readonly tools: readonly ToolDefinition[];
  /** Set where the server was not asked, or did not answer. */
  readonly cached?: {
    /** When the tools were listed, epoch milliseconds. */
    readonly at: number;
    /** Why, where that is news. */
    readonly hint?: string;
  };
}

export interface ReadToolsDeps extends WithLoginDeps {
  readonly downstream: DownstreamPort;
}

/** How long a server may take where its tools are known. Milliseconds. */
const patienceMs = 10_000;
/** Longest reason that is shown, in characters. */
const longestReason = 200;

/**
 * A command that is not running is not started only to be listed: known tools of the last day will do. Where the tools
 * are known, a missing login is no reason to open a browser either. `fresh`: the server has to answer.
 */
export async function readTools(
  deps: ReadToolsDeps,
  { agent, entry, fresh }: { readonly agent: string; readonly entry: ServerEntry; readonly fresh: boolean },
  host: Host,
): Promise<ToolList> {
  const { downstream } = deps;
  const server = entry.name;
  const list = async ({ catalog }: ServerSession): Promise<readonly ToolDefinition[]> => await catalog.tools(host);
  const known = fresh ? undefined : await downstream.knownTools(server);
  if (!known) return { tools: await withLogin(deps, { agent, server }, host, list) };
  const { state } = downstream.snapshot(server);
  if (known.isRecent && (state === 'idle' || state === 'connecting')) {
    if (entry.kind === 'http' || state === 'connecting') downstream.refresh(server);
    return cached(known);
  }
  const asked = permittedSession(deps, { agent, server }, host).then(list);
  try {
    if (await waitFor(asked, patienceMs, host.signal)) return { tools: await asked };
    return cached(known, 'The server has not answered yet.');
  } catch (error) {
    const hint = host.signal.aborted ? undefined : absenceOf(error);
    if (hint === undefined) throw error;
    return cached(known, hint);
  }
}

function cached({ tools, listedAt }: KnownTools, hint?: string): ToolList {
  return { tools, cached: { at: listedAt, ...(hint !== undefined && { hint }) } };
}

/** Undefined: the error is about something else. */
function absenceOf(error: unknown): string | undefined {
  if (error instanceof LoginRequiredError) return 'Calls need a login first: login_server.';
  if (!(error instanceof GatewayError)) return undefined;
  if (error.code !== 'SERVER_UNAVAILABLE' && error.code !== 'TIMEOUT') return undefined;
  return `The server cannot be reached now: ${error.message.slice(0, longestReason)}`;
}
