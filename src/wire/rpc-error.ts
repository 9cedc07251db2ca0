// Owns the errors of a JSON-RPC conversation; knows nothing of servers or of the gateway's own codes.

/** Error codes of JSON-RPC 2.0 (section 5.1). */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Ours, in the implementation-defined range: an answer was larger than one message may be. */
  messageTooLarge: -32001,
} as const;

/** An error answer, received or to be sent. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

/** The `error` of an answer, as far as it has the right form. */
export function readRpcError(error: unknown): RpcError {
  const { code, message, data } = (
    typeof error === 'object' && error !== null ? error : { message: error }
  ) as Readonly<Record<string, unknown>>;
  return new RpcError(
    typeof code === 'number' ? code : rpcCodes.internalError,
    typeof message === 'string' ? message : 'an error without a message',
    data,
  );
}

export class RequestTimeoutError extends Error {
  readonly timeoutMs: number;
  /** `idle`: neither answer nor progress for so long. `total`: no answer, whatever progress there was. */
  readonly limit: 'idle' | 'total';

  constructor(timeoutMs: number, limit: 'idle' | 'total' = 'idle') {
    super(`no answer within ${timeoutMs} ms`);
    this.name = 'RequestTimeoutError';
    this.timeoutMs = timeoutMs;
    this.limit = limit;
  }
}

export class ConnectionClosedError extends Error {
  constructor() {
    super('the connection is closed');
    this.name = 'ConnectionClosedError';
  }
}
