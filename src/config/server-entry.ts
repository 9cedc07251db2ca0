// Owns the shape of one configured server after parsing: what every other room reads; knows nothing of files or zod.
import type { Secret } from '../lib/secret.ts';
import type { ServerInput } from './input-values.ts';

/** Whether tools are reached through the meta tools, or stand in the host's list of tools themselves. */
export type Exposure = 'meta' | 'direct';

/** What becomes of tools that are not as they were agreed to: pointed out, or neither shown nor called. */
export type ToolPinning = 'mark' | 'block';

interface EntryBase {
  /** The key under `mcpServers`. */
  readonly name: string;
  readonly description?: string;
  readonly disabled: boolean;
  /** Account label: two entries with one URL and two profiles are two logins. */
  readonly profile?: string;
  /** Limit of one call, in milliseconds; progress from the server starts it anew. */
  readonly timeoutMs: number;
  /** Limit of one call whatever progress there is, in milliseconds. */
  readonly totalTimeoutMs: number;
  /** Limit of one connect, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A server that nobody has used for so many milliseconds is ended; absent: never. */
  readonly idleTimeoutMs?: number;
  /** Most text that one answer gives to an agent, in bytes of UTF-8; the rest of a result is read in pages. */
  readonly maxResultBytes: number;
  /** `auto`, or a pinned protocol revision such as `2025-11-25`. */
  readonly protocol: string;
  /** Absent: as `serve --expose` says. */
  readonly expose?: Exposure;
  /** Absent: nothing is kept of its tools to be compared with. */
  readonly toolPinning?: ToolPinning;
}

export interface StdioServerEntry extends EntryBase {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute: a relative `cwd` is resolved against the config file's directory. */
  readonly cwd?: string;
  /** Names of variables (`*` allowed) of the gateway's environment that the child also gets; `true` means all. */
  readonly inheritEnv: true | readonly string[];
}

export interface HttpServerEntry extends EntryBase {
  readonly kind: 'http';
  /** `auto` = Streamable HTTP, with legacy SSE only on 404 or 405. */
  readonly transport: 'auto' | 'http' | 'sse';
  /** As written in the config, after interpolation: never passed through `URL.href`. */
  readonly url: string;
  /** Sent with every request to the MCP URL, never to an authorization server. May hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** `false`: never log in here; a 401 is an error. */
  readonly oauth: OAuthSettings | false;
}

export type ServerEntry = StdioServerEntry | HttpServerEntry;

export type GrantType =
  | 'authorization_code'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:device_code'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The `oauth` block; every member that is absent is found out by discovery or has the documented default. */
export interface OAuthSettings {
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly clientMetadataUrl?: string;
  readonly scope?: string;
  readonly grantType: GrantType;
  readonly privateKey?: Secret;
  readonly signingAlg?: string;
  readonly assertion?: AssertionSource;
  readonly idp?: { readonly clientId: string; readonly idToken: Secret; readonly tokenEndpoint: string };
  readonly dpop: boolean;
  readonly callbackHost: string;
  readonly callbackPort?: number;
  readonly redirectUri?: string;
  /** Sent as it is (RFC 8707); `false` sends none; absent: what the resource metadata says. */
  readonly resource?: string | false;
  readonly tokenEndpointAuthMethod?: string;
  readonly authorizationParams: Readonly<Record<string, string>>;
  readonly issuer?: string;
}

/** Where the JWT of a jwt-bearer grant comes from; a relative path is resolved against the config file's directory. */
export type AssertionSource =
  | { readonly kind: 'value'; readonly value: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] };

/** One thing that is wrong with a file, and where. */
export interface ConfigIssue {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** JSON pointer (RFC 6901) to the value, `''` for the whole file. */
  readonly pointer: string;
  readonly message: string;
  readonly hint?: string;
  /** The server that alone is affected, if it is one. */
  readonly server?: string;
}

/** A configured server: usable, or kept with the errors that make it unusable. */
export type ConfiguredServer =
  | { readonly state: 'usable'; readonly name: string; readonly entry: ServerEntry }
  | {
      readonly state: 'broken';
      readonly name: string;
      readonly description?: string;
      /** The entry says `disabled: true`: it would not be started even if it were right. */
      readonly disabled?: true;
      readonly issues: readonly ConfigIssue[];
    };

/** What one config file says. */
export interface LoadedServers {
  readonly path: string;
  /** In the order of the file. */
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  /** What has to be asked for, by server; only those that refer to an input. */
  readonly inputs: ReadonlyMap<string, readonly ServerInput[]>;
  /** Everything that is wrong with the file, those of broken servers included. */
  readonly issues: readonly ConfigIssue[];
}
