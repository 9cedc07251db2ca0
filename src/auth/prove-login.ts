// Owns the one request that proves a token: an MCP `initialize`, judged by its status alone.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError, LoginRequiredError } from '../errors.ts';
import { within } from '../lib/deadline.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { quoteForeign } from './answer.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import { bearerChallenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { DpopKey } from './dpop.ts';

export type Proof =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly status: number; readonly challenge: AuthChallenge }
  /** The server did not answer, or with its own trouble: that says nothing about the token. */
  | { readonly kind: 'unanswered'; readonly reason: string };

const deadlineMs = 10_000;

/** The revision is only offered; whatever the server answers to it, a 401 or 403 is about the token. */
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

/** Sends one request with the token to the MCP server, and ends the session it may open. */
export async function proveToken(
  deps: { readonly fetch: FetchLike },
  input: {
    readonly entry: HttpServerEntry;
    readonly token: string;
    /** The key that the token is bound to, where it is. */
    readonly dpop?: DpopKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Proof> {
  const { entry, token } = input;
  // The same headers and redirects as every later request, with this token and no other.
  const authorized = fixedTokenFetch(deps, { entry, token, dpop: input.dpop });
  const accept = 'application/json, text/event-stream';
  // The older SSE transport opens with a GET; what comes as its stream is not read.
  const request: RequestInit =
    entry.transport === 'sse'
      ? { method: 'GET', headers: { accept } }
      : { method: 'POST', headers: { accept, 'content-type': 'application/json' }, body: initialize };
  try {
    return await within(deadlineMs, input.signal, async (signal) => {
      const response = await authorized(entry.url, { ...request, signal });
      const proof = judgeProof(response);
      await response.body?.cancel();
      const session = response.headers.get('mcp-session-id');
      if (session !== null) await endSession(authorized, entry.url, session, signal);
      return proof;
    });
  } catch (error) {
    input.signal?.throwIfAborted();
    if (error instanceof LoginRequiredError) {
      const status = error.challenge.error === 'insufficient_scope' ? 403 : 401;
      return { kind: 'rejected', status, challenge: error.challenge };
    }
    return { kind: 'unanswered', reason: errorText(error) };
  }
}

/** The `fetch` of one server with this token and no other, or with none; it renews and saves nothing. */
export function fixedTokenFetch(
  deps: { readonly fetch: FetchLike },
  input: {
    readonly entry: HttpServerEntry;
    readonly token: string | undefined;
    readonly dpop?: DpopKey | undefined;
  },
): FetchLike {
  const credentials = onlyToken(input.token, input.dpop);
  return createAuthorizedFetch({ fetch: deps.fetch, credentials }, input.entry);
}

function onlyToken(token: string | undefined, dpop: DpopKey | undefined): Credentials {
  return {
    token: async () => token,
    keyOf: () => dpop,
    renew: async () => undefined,
    giveUp: () => undefined,
    accept: () => undefined,
    unsaved: () => undefined,
    forget: () => undefined,
  };
}

/** Pure: what the answer's status says about the token. */
export function judgeProof(response: Response): Proof {
  const { status } = response;
  if (status === 401 || status === 403) return { kind: 'rejected', status, challenge: bearerChallenge(response) };
  if (status >= 500) return { kind: 'unanswered', reason: `status ${status}` };
  return { kind: 'accepted' };
}

/** @returns the error for a login whose brand-new token the server does not take */
export function rejectedTokenError(server: string, proof: Extract<Proof, { kind: 'rejected' }>): GatewayError {
  const said = proof.challenge.errorDescription ?? proof.challenge.error;
  const quote = said === undefined ? '' : `: ${quoteForeign(said)}`;
  return new GatewayError(
    'AUTH_FAILED',
    `server '${server}' answered ${proof.status} to the token it had just been given by its authorization server${quote}`,
    {
      server,
      hint: 'The token may be for another audience or lack a scope: set oauth.resource, oauth.scope, or what that authorization server calls its audience in oauth.authorizationParams.',
    },
  );
}

/** A session that was opened only to prove the token is of no use to anybody (Streamable HTTP, session management). */
async function endSession(authorized: FetchLike, url: string, session: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await authorized(url, { method: 'DELETE', headers: { 'mcp-session-id': session }, signal });
    await response.body?.cancel();
  } catch {
    // The server forgets the session by itself in time; the proof stands.
  }
}
