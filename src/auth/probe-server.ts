// Owns the one request without a token: an MCP `initialize`, and everything its answer says. Judges nothing.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { within } from '../lib/deadline.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import type { Challenge } from './challenge.ts';
import { bearerChallenge, parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';

export type Probe =
  | ProbeAnswer
  | { readonly kind: 'redirected'; readonly status: number; readonly location: string }
  | { readonly kind: 'unanswered'; readonly error: unknown };

export interface ProbeAnswer {
  readonly kind: 'answered';
  readonly method: 'POST' | 'GET';
  readonly status: number;
  readonly challenges: readonly Challenge[];
  /** What a login makes of the challenges. */
  readonly challenge: AuthChallenge;
  /** The beginning of the body, where the status is an error. */
  readonly text: string;
}

const deadlineMs = 10_000;
const maxTextBytes = 4096;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'portico-login', version: '1' },
  },
});

/** Streamable HTTP first and the older SSE transport on 404 and 405, as a connect does. */
export async function probeServer(
  deps: { readonly fetch: FetchLike },
  input: { readonly entry: HttpServerEntry; readonly signal?: AbortSignal | undefined },
): Promise<Probe> {
  const { entry } = input;
  if (entry.transport === 'sse') return await ask(deps, input, 'GET');
  const probe = await ask(deps, input, 'POST');
  const mayBeOlder = entry.transport === 'auto' && probe.kind === 'answered' && [404, 405].includes(probe.status);
  if (!mayBeOlder) return probe;
  const older = await ask(deps, input, 'GET');
  // A page for browsers at the same URL is no stream: then the first answer is the one that counts.
  return older.kind === 'answered' && (older.status < 300 || older.status === 401) ? older : probe;
}

async function ask(
  { fetch }: { readonly fetch: FetchLike },
  { entry, signal }: { readonly entry: HttpServerEntry; readonly signal?: AbortSignal | undefined },
  method: 'POST' | 'GET',
): Promise<Probe> {
  let last: Response | undefined;
  const observed: FetchLike = async (url, init) => {
    last = undefined;
    last = await fetch(url, init);
    return last;
  };
  // The headers and redirects of every later request: what this is answered is what the gateway is answered.
  const authorized = createAuthorizedFetch({ fetch: observed, credentials: withoutToken }, entry);
  const accept = method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream';
  const request: RequestInit =
    method === 'GET'
      ? { method, headers: { accept } }
      : { method, headers: { accept, 'content-type': 'application/json' }, body: initialize };
  try {
    return await within(deadlineMs, signal, async (until) => {
      const response = await authorized(entry.url, { ...request, signal: until });
      const text = response.status >= 400 ? await readStart(response) : '';
      await response.body?.cancel();
      await endSession(authorized, entry.url, response, until);
      return answered(response, method, text);
    });
  } catch (error) {
    signal?.throwIfAborted();
    // An answer that the authorized fetch turned into an error of the gateway is an answer here.
    if (!last) return { kind: 'unanswered', error };
    const location = last.headers.get('location');
    if (redirects.has(last.status) && location !== null) return { kind: 'redirected', status: last.status, location };
    return answered(last, method, '');
  }
}

function answered(response: Response, method: 'POST' | 'GET', text: string): ProbeAnswer {
  const challenges = parseChallenges(response.headers.get('www-authenticate'));
  return { kind: 'answered', method, status: response.status, challenges, challenge: bearerChallenge(response), text };
}

const withoutToken: Credentials = {
  token: async () => undefined,
  renew: async () => undefined,
  keyOf: () => undefined,
  giveUp: () => undefined,
  accept: () => undefined,
  unsaved: () => undefined,
  forget: () => undefined,
};

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader && size < maxTextBytes) {
    const { done, value } = (await reader.read()) as { done: boolean; value: Uint8Array | undefined };
    if (done || value === undefined) break;
    chunks.push(value);
    size += value.byteLength;
  }
  await reader?.cancel();
  reader?.releaseLock();
  return Buffer.concat(chunks).subarray(0, maxTextBytes).toString('utf8');
}

/** A session that was opened only to look is of no use to anybody (Streamable HTTP, session management). */
async function endSession(authorized: FetchLike, url: string, opened: Response, signal: AbortSignal): Promise<void> {
  const session = opened.headers.get('mcp-session-id');
  if (session === null) return;
  try {
    const response = await authorized(url, { method: 'DELETE', headers: { 'mcp-session-id': session }, signal });
    await response.body?.cancel();
  } catch {
    // The server forgets the session by itself in time; what it answered stands.
  }
}
