// Owns what is said of a server that answered a request with a protocol error of its own. Pure.
import { GatewayError } from '../errors.ts';
import { type RpcError, rpcCodes } from '../wire/rpc-error.ts';

/** Up to 2025-11-25, server/resources; since 2026-07-28 it is "invalid params". */
const resourceNotFound = -32002;

/** Whether it is what was asked for that the server does not know; another one may. */
export function isAboutParams({ code }: RpcError): boolean {
  return code === rpcCodes.invalidParams || code === resourceNotFound;
}

/** The server's own answer is the cause. `hint`: how the params should have been. */
export function serverError(
  error: RpcError,
  { server, tool }: { readonly server: string; readonly tool?: string | undefined },
  hint?: string,
): GatewayError {
  const message = `server '${server}' answered: ${error.message} (${error.code})`;
  if (!isAboutParams(error)) return new GatewayError('SERVER_UNAVAILABLE', message, { server, tool, cause: error });
  return new GatewayError('INVALID_ARGUMENTS', message, { server, tool, hint, cause: error });
}
