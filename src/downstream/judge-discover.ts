// Owns what a refused `server/discover` says about the era of a server. Pure: it asks nothing.
import { GatewayError } from '../errors.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError, rpcCodes } from '../wire/rpc-error.ts';
import { HttpStatusError, NotAMessageError } from './http-answer-errors.ts';
import { NoCommonRevisionError } from './modern-era.ts';
import type { ServerChannel } from './server-channel.ts';

/**
 * - `legacy`: a server is there and does not know the question.
 * - `unclear`: it was not answered as a server answers it; `initialize` may fare better, and nothing is learned.
 * - `final`: about the login or the network; or of a revision that nobody speaks here. Nothing else is tried.
 */
export type DiscoverFailure = 'legacy' | 'unclear' | 'final';

/** Timeout, too early, too many requests. */
const passingStatuses: readonly number[] = [408, 425, 429];

/**
 * Whatever is not about something else means legacy: those servers answer an unknown first request in many ways
 * (2026-07-28, stdio and Streamable HTTP, Backward Compatibility).
 */
export function judgeDiscoverFailure(error: unknown, transport: ServerChannel['transport']): DiscoverFailure {
  if (error instanceof NoCommonRevisionError) return error.isModern ? 'final' : 'legacy';
  if (error instanceof GatewayError) return 'final';
  // Status 500 in JSON-RPC's words.
  if (error instanceof RpcError)
    return error.code === rpcCodes.internalError && transport === 'http' ? 'unclear' : 'legacy';
  if (error instanceof HttpStatusError) {
    // A login says nothing about an era, whatever the body says.
    if (error.status === 401 || error.status === 403) return 'final';
    return error.status >= 500 || passingStatuses.includes(error.status) ? 'unclear' : 'legacy';
  }
  if (error instanceof NotAMessageError) return 'unclear';
  if (error instanceof ConnectionClosedError) return transport === 'http' ? 'unclear' : 'legacy';
  // Silence of a server on the network is an outage; some local ones ignore what they do not know.
  if (error instanceof RequestTimeoutError) return transport === 'http' ? 'final' : 'legacy';
  return 'final';
}
