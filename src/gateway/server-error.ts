// Owns what is said of a server that answered a request with a protocol error of its own. Pure.
import { GatewayError } from '../errors.ts';
import { type RpcError, rpcCodes } from '../wire/rpc-error.ts';

/** The server's own answer is the cause. `hint`: how the params should have been. */
export function serverError(
  error: RpcError,
  { server, tool }: { readonly server: string; readonly tool?: string | undefined },
  hint?: string,
): GatewayError {
  const message = `server '${server}' answered: ${error.message} (${error.code})`;
  const isAboutParams = error.code === rpcCodes.invalidParams;
  return new GatewayError(isAboutParams ? 'INVALID_ARGUMENTS' : 'SERVER_UNAVAILABLE', message, {
    server,
    tool,
    hint: isAboutParams ? hint : undefined,
    cause: error,
  });
}
