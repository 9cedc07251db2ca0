// Owns what the use cases need of the servers behind the gateway; compose.ts plugs the pool in.
import type { ToolDefinition } from '../downstream/tool-pages.ts';

export interface ServerSession {
  /** All tools of the server, from its catalog. */
  tools(options: { readonly signal: AbortSignal }): Promise<readonly ToolDefinition[]>;
  /** Calls a tool; the result is the server's own, `size` the bytes of the message that carried it, where known. */
  callTool(
    tool: string,
    args: Readonly<Record<string, unknown>>,
    options: {
      readonly signal: AbortSignal;
      readonly timeoutMs: number;
      readonly onProgress: (params: Readonly<Record<string, unknown>>) => void;
    },
  ): Promise<{ readonly result: Readonly<Record<string, unknown>>; readonly size: number | undefined }>;
}

export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'needs_login' | 'failed' | 'disabled';

export interface ServerSnapshot {
  readonly state: ConnectionState;
  readonly reason?: string | undefined;
  /** Epoch milliseconds of the next try, when the state is `failed`. */
  readonly nextTryAt?: number | undefined;
  /** Names of the tools, once they are known. */
  readonly toolNames?: readonly string[] | undefined;
  readonly protocolVersion?: string | undefined;
  /** The server's own title, or else the first sentence of its instructions. */
  readonly selfDescription?: string | undefined;
}

export interface DownstreamPort {
  /** Connects when needed. @throws LoginRequiredError | GatewayError SERVER_UNAVAILABLE, TIMEOUT, CANCELLED */
  session(server: string, options: { readonly signal: AbortSignal }): Promise<ServerSession>;
  snapshot(server: string): ServerSnapshot;
}
