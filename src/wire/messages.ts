// Owns the shapes of JSON-RPC 2.0 messages as MCP uses them, and of a channel that carries them.

export type RequestId = string | number;

export interface JsonRpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface JsonRpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface JsonRpcResult {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: unknown;
}

export interface JsonRpcFailure {
  readonly jsonrpc: '2.0';
  /** JSON-RPC allows null where the request could not be read. */
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResult | JsonRpcFailure;

export interface SendOptions {
  /** Aborting it ends the underlying request, on channels that make one per message. */
  readonly requestSignal?: AbortSignal;
  /** Called when the stream that should have carried the answer ended without it. */
  readonly onRequestStreamEnd?: () => void;
  /** Sent with the message, on channels that have headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A channel of messages. The transports of the MCP SDK have this shape, and so have our own. `start` is called once,
 * after the handlers are set.
 */
export interface MessageChannel {
  /** Whether the channel makes one request per message, which `requestSignal` can end. */
  readonly hasPerRequestStream?: boolean;
  /** Whether ending that request is how it is cancelled, and a notification is not (2026-07-28, Cancellation). */
  readonly cancelsByClosing?: boolean;
  start(): Promise<void>;
  send(message: JsonRpcMessage, options?: SendOptions): Promise<void>;
  close(): Promise<void>;
  /** `answering`: the request of ours whose stream brought it, where the channel knows. */
  onmessage?: ((message: JsonRpcMessage, size?: number, answering?: RequestId) => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onclose?: (() => void) | undefined;
}
