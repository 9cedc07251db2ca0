// Owns what an agent is told about the servers it may see; starts none of them.

import type { LoginStatus } from '../auth/authenticator.ts';
import type { ConfiguredServer, ServerEntry } from '../config/server-entry.ts';
import { errorText } from '../errors.ts';
import { redact } from '../lib/redact.ts';
import type { DownstreamPort, ServerSnapshot } from './downstream-port.ts';
import type { LiveConfig } from './live-config.ts';
import type { LoginPort } from './login-port.ts';
import type { ServerDirectory } from './server-directory.ts';
import { changesLine } from './shown-changes.ts';
import { shownProblem } from './shown-problem.ts';
import { firstSentence } from './tool-brief.ts';

export type ServerState = ServerSnapshot['state'] | 'login_pending';

export interface ListedServer {
  readonly name: string;
  readonly description?: string;
  readonly state: ServerState;
  /** How many tools the agent may use, once known. */
  readonly tools?: number;
  readonly account?: string;
  readonly hint?: string;
  readonly transport?: string;
  readonly url?: string;
  readonly command?: string;
  readonly protocol?: string;
}

export interface ListServersResult {
  readonly servers: readonly ListedServer[];
  /** The files as they are now cannot be used: what is listed is what was in force before. */
  readonly config_error?: string;
}

export interface ListServersDeps {
  readonly config: LiveConfig;
  readonly directory: ServerDirectory;
  readonly downstream: DownstreamPort;
  readonly logins: LoginPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Longest description without `include_metadata`, in characters: an entry stays within 50 tokens. */
const shortDescription = 90;
const shortHint = 100;

export async function listServers(
  deps: ListServersDeps,
  input: { readonly agent: string; readonly includeMetadata: boolean },
): Promise<ListServersResult> {
  const servers = await Promise.all(
    deps.directory.visible(input.agent).map((server) => describe(deps, server, input.agent, input.includeMetadata)),
  );
  const { problem } = deps.config.current.source;
  return problem ? { servers, config_error: shownProblem(problem) } : { servers };
}

async function describe(
  { directory, downstream, logins, now }: ListServersDeps,
  server: ConfiguredServer,
  agent: string,
  includeMetadata: boolean,
): Promise<ListedServer> {
  const { name } = server;
  if (server.state === 'broken') {
    if (server.disabled) return { name, ...describedAs(server.description, includeMetadata), state: 'disabled' };
    const reason = server.issues[0]?.message ?? 'misconfigured';
    return {
      name,
      ...describedAs(server.description, includeMetadata),
      state: 'failed',
      hint: cut(reason, includeMetadata),
    };
  }
  const { entry } = server;
  // Read once, so that a server that is not up yet can be described by what an earlier process saw.
  await downstream.knownTools(name);
  const snapshot = downstream.snapshot(name);
  const login = await loginOf(logins, entry);
  const state = stateOf(entry, snapshot, login);
  const mayCall = (tool: string): boolean => directory.mayCall(agent, name, tool);
  const hint =
    login.kind === 'unusable'
      ? login.reason
      : (hintFor(name, state, snapshot, now()) ?? warningOf(login, state) ?? pinningHint(name, snapshot, mayCall));
  const toolCount = snapshot.toolNames?.filter(mayCall).length;
  return {
    name,
    ...(entry.description === undefined
      ? saidOfItself(snapshot.selfDescription, includeMetadata)
      : describedAs(entry.description, includeMetadata)),
    state,
    ...(toolCount !== undefined && { tools: toolCount }),
    ...(login.kind === 'logged_in' && login.account !== undefined && { account: login.account }),
    ...(hint !== undefined && { hint: cut(hint, includeMetadata) }),
    ...(includeMetadata && metadata(entry, snapshot)),
  };
}

type KnownLogin = LoginStatus | { readonly kind: 'unusable'; readonly reason: string };

async function loginOf(logins: LoginPort, entry: ServerEntry): Promise<KnownLogin> {
  if (entry.kind === 'stdio' || entry.disabled) return { kind: 'off' };
  try {
    return await logins.status(entry.name);
  } catch (error) {
    // One login file that cannot be used must not hide the other servers.
    return { kind: 'unusable', reason: errorText(error) };
  }
}

/** The state of product.md section 5: what the connection says, corrected by what the logins know. */
function stateOf(entry: ServerEntry, snapshot: ServerSnapshot, login: KnownLogin): ServerState {
  if (entry.disabled) return 'disabled';
  if (login.kind === 'unusable') return 'failed';
  if (login.kind === 'pending') return 'login_pending';
  // Another process, or `portico login`, may have logged in since.
  if (snapshot.state === 'needs_login' && login.kind === 'logged_in') return 'idle';
  return snapshot.state;
}

function hintFor(
  name: string,
  state: ServerState,
  { reason, nextTryAt = 0 }: ServerSnapshot,
  now: number,
): string | undefined {
  switch (state) {
    case 'needs_login':
      return `needs a login: call login_server, or run: portico login ${name}`;
    case 'login_pending':
      return 'a login is open: login_server shows its URL';
    case 'failed':
      return nextTryAt > now ? `next try in ${Math.ceil((nextTryAt - now) / 1000)} s: ${reason}` : reason;
    case 'idle':
    case 'connecting':
    case 'ready':
    case 'disabled':
      return undefined;
    default:
      return state satisfies never;
  }
}

/** What threatens a login; a server that is used without one has none to lose. */
function warningOf(login: KnownLogin, state: ServerState): string | undefined {
  if (login.kind === 'logged_in') return login.warning;
  return login.kind === 'none' && state !== 'ready' ? login.warning : undefined;
}

function pinningHint(
  server: string,
  { toolChanges }: ServerSnapshot,
  mayCall: (tool: string) => boolean,
): string | undefined {
  if (!toolChanges) return undefined;
  const [changed, added] = [toolChanges.changed.filter(mayCall), toolChanges.added.filter(mayCall)];
  return changed.length + added.length === 0 ? undefined : changesLine(server, { ...toolChanges, changed, added });
}

function describedAs(
  description: string | undefined,
  whole: boolean,
  limit = shortDescription,
): { description?: string } {
  if (description === undefined || description === '') return {};
  return { description: whole ? description : firstSentence(description, limit) };
}

/** Nobody here wrote that: whoever reads it shall know whose words they are. */
const ownWords = 'It says: ';

function saidOfItself(text: string | undefined, whole: boolean): { description?: string } {
  const { description } = describedAs(text, whole, shortDescription - ownWords.length);
  return description === undefined ? {} : { description: `${ownWords}${description}` };
}

function cut(text: string, whole: boolean): string {
  return whole || text.length <= shortHint ? text : `${text.slice(0, shortHint - 1)}…`;
}

/** Arguments of a command stay out: they may hold secrets. */
function metadata(entry: ServerEntry, snapshot: ServerSnapshot): Partial<ListedServer> {
  const protocol = snapshot.protocolVersion;
  return {
    ...(entry.kind === 'stdio'
      ? { transport: 'stdio', command: entry.command }
      : { transport: entry.transport === 'auto' ? 'http' : entry.transport, url: redact(entry.url) }),
    ...(protocol !== undefined && { protocol }),
  };
}
