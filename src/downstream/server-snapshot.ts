// Owns what is told of a server to those who only look; knows nothing of how it came to be so.
import type { GatewayError, LoginRequiredError } from '../errors.ts';
import type { ConnectionInfo } from './handshake.ts';
import type { Offers } from './offerings.ts';
import type { ToolDefinition } from './tool-pages.ts';

/** Hears of servers as they come and change; set before the first of them is opened. */
export interface ServerWatcher {
  /** A connection is open: what the server offers is known from now on. */
  ready(server: string): void;
  /** What is known of the things it has besides tools is not what was known. */
  offersChanged?(server: string): void;
  /** A list of prompts or resources has changed, or a resource that is followed. */
  told(server: string, method: string, params: Readonly<Record<string, unknown>>): void;
}

export type ServerSnapshot = {
  /** What was last listed, also after the connection ended, and by an earlier process if that has been looked up. */
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** What the server calls itself, and its revision, when it was last listed. */
  readonly title?: string | undefined;
  readonly protocolVersion?: string | undefined;
  /** What the server last said it offers besides. */
  readonly offers?: Offers | undefined;
  /** Its child processes that run. */
  readonly processes?: readonly number[] | undefined;
} & (
  | { readonly state: 'idle' | 'connecting' | 'disabled' }
  | { readonly state: 'ready'; readonly info: ConnectionInfo; readonly since: number }
  | { readonly state: 'needs_login'; readonly error: LoginRequiredError | undefined }
  | {
      readonly state: 'failed';
      readonly error: GatewayError;
      readonly failedAt: number;
      /** From when on it is started again, epoch milliseconds; absent: the next call tries at once. */
      readonly nextTryAt?: number | undefined;
    }
);
