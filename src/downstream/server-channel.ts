// Owns what a connection needs from its channel beyond carrying messages; knows nothing of any one transport.
import type { MessageChannel } from '../wire/messages.ts';

export interface ServerChannel extends MessageChannel {
  readonly transport: 'stdio' | 'http' | 'sse';
  /** The session that the server assigned (Streamable HTTP), while there is one. */
  readonly sessionId?: string | undefined;
  /** The child process, on a channel that has one, while it runs. */
  readonly runningPid?: number | undefined;
  /** There is a stream for what the server says by itself again, and what it said in between is lost. */
  ongap?: (() => void) | undefined;
  /** Sent as `MCP-Protocol-Version` from now on, on channels that have headers. */
  setProtocolVersion?(version: string): void;
  /** Whether each request says its revision itself (2026-07-28), without a session or a standing stream. */
  setModern?(isModern: boolean): void;
  /** Why the channel ended, as half a sentence, with what the server last said: `it exited with code 1; …`. */
  describeEnd?(): string | undefined;
  /** Ends everything at once and waits for nothing: for the last moment of the process. */
  killNow?(): void;
}
