// Owns how a value or an error of ours becomes a `CallToolResult`; a failure is never a protocol error.
import { GatewayError } from '../errors.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';

/** `structuredContent`, and the same JSON as text for hosts that read only that (2025-11-25, server/tools). */
export function presentValue(value: object): Record<string, unknown> {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

export function presentError(error: GatewayError): Record<string, unknown> {
  const { code, message, hint, server, tool, rule, loginUrl, userCode } = error;
  return {
    ...presentValue({
      error: {
        code,
        message,
        ...(hint !== undefined && { hint }),
        ...(server !== undefined && { server }),
        ...(tool !== undefined && { tool }),
        ...(rule !== undefined && { rule }),
        ...(loginUrl !== undefined && { login_url: loginUrl }),
        ...(userCode !== undefined && { user_code: userCode }),
      },
    }),
    isError: true,
  };
}

/** Beside a tool's own `outputSchema`, hosts would hold `structuredContent` against that. */
export function presentDirectError(error: GatewayError): Record<string, unknown> {
  const { structuredContent: _ours, ...shown } = presentError(error);
  return shown;
}

/** The error answer of a server that an error of ours stands for. */
export function serverAnswer(error: unknown): RpcError | undefined {
  let cause = error;
  // An error that was given its place has the one it stands for as its cause.
  while (cause instanceof GatewayError) ({ cause } = cause);
  return cause instanceof RpcError ? cause : undefined;
}

/** A failure of a request that is no tool call: the server's own error answer as it came, else ours with its code. */
export function asRpcError(error: unknown): RpcError {
  const answer = serverAnswer(error);
  if (answer) return answer;
  const { code, message, hint } = asGatewayError(error);
  const rpcCode = code === 'INTERNAL' ? rpcCodes.internalError : rpcCodes.invalidParams;
  return new RpcError(rpcCode, `${code}: ${message}`, hint === undefined ? undefined : { hint });
}

/** Whatever was thrown, as an error of the table. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('INTERNAL', 'the gateway failed; its log says more', { cause: error });
}
