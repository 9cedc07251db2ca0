// Owns reading the `_meta` of a host's requests, and which revision a request is of. Pure.
import { type Members, membersOf } from '../lib/members.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';

export const modernVersion = '2026-07-28';

const prefix = 'io.modelcontextprotocol/';
/** What belongs to this hop alone (2026-07-28, basic, `_meta`); everything else is passed on to servers. */
const ofThisHop: ReadonlySet<string> = new Set([
  'progressToken',
  `${prefix}protocolVersion`,
  `${prefix}clientInfo`,
  `${prefix}clientCapabilities`,
  `${prefix}logLevel`,
  `${prefix}subscriptionId`,
]);

/** Error codes of 2026-07-28 (schema, error codes). */
const unsupportedVersion = -32022;

export interface RequestMeta {
  readonly progressToken: unknown;
  /** For the server behind. */
  readonly passed: Members;
  /** What a request of revision 2026-07-28 says of its host; undefined: the request is of an earlier revision. */
  readonly modern:
    | { readonly capabilities: Members; readonly logLevel: string | undefined; readonly clientInfo: unknown }
    | undefined;
}

const nothing: Members = Object.freeze({});

/** @throws RpcError invalid params, or a revision that is not spoken here */
export function readRequestMeta(params: Members, supported: readonly string[]): RequestMeta {
  const meta = membersOf(params['_meta']);
  return { progressToken: meta['progressToken'], passed: passedOf(meta), modern: modernOf(meta, supported) };
}

function passedOf(meta: Members): Members {
  const passed = Object.entries(meta).filter(([key]) => !ofThisHop.has(key));
  return passed.length === 0 ? nothing : Object.fromEntries(passed);
}

function modernOf(meta: Members, supported: readonly string[]): RequestMeta['modern'] {
  const version = meta[`${prefix}protocolVersion`];
  if (version === undefined) return undefined;
  if (version !== modernVersion) {
    const data = { supported, requested: version };
    throw new RpcError(unsupportedVersion, 'Unsupported protocol version', data);
  }
  const capabilities = meta[`${prefix}clientCapabilities`];
  if (typeof capabilities !== 'object' || capabilities === null) {
    throw new RpcError(rpcCodes.invalidParams, `_meta["${prefix}clientCapabilities"] is missing`);
  }
  const logLevel = meta[`${prefix}logLevel`];
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    throw new RpcError(rpcCodes.invalidParams, `_meta["${prefix}logLevel"] is no log level`);
  }
  return { capabilities: capabilities as Members, logLevel, clientInfo: meta[`${prefix}clientInfo`] };
}

/** Severities of RFC 5424, the least severe first. */
const logLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export function isLogLevel(value: unknown): value is string {
  return typeof value === 'string' && logLevels.includes(value);
}

/** Whether a message is as severe as the host wants; one of an unknown level is. */
export function isWanted(level: unknown, wanted: string): boolean {
  return !isLogLevel(level) || logLevels.indexOf(level) >= logLevels.indexOf(wanted);
}
