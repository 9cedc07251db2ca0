// Owns which URLs of foreign metadata may be asked; pure, resolves no names: address-rule.ts judges what they resolve to.
import { isLoopbackHost } from './loopback.ts';

export type EndpointVerdict =
  | { readonly kind: 'allowed'; readonly url: URL }
  | { readonly kind: 'refused'; readonly reason: string };

export interface EndpointContext {
  /** The MCP server that the metadata belongs to. */
  readonly serverUrl: string;
  /** `oauth.issuer`: its host was named by the user and may be anywhere. */
  readonly issuer?: string | undefined;
}

/**
 * https anywhere; plain http on loopback for a server that is itself there (RFC 8414 section 2, RFC 8252 section 8.3).
 * A server elsewhere may not point at private addresses: that would make the gateway ask inside its own network.
 */
export function judgeEndpoint(value: unknown, { serverUrl, issuer }: EndpointContext): EndpointVerdict {
  if (typeof value !== 'string' || !URL.canParse(value)) return { kind: 'refused', reason: 'no URL' };
  const url = new URL(value);
  const server = new URL(serverUrl);
  if (url.username !== '' || url.password !== '') return { kind: 'refused', reason: 'holds a user name or password' };
  const loopback = isLoopbackHost(url.hostname);
  const serverOnLoopback = isLoopbackHost(server.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback && serverOnLoopback)) {
    return { kind: 'refused', reason: 'not https' };
  }
  const named = issuer !== undefined && URL.canParse(issuer) && new URL(issuer).hostname === url.hostname;
  if (!named && url.hostname !== server.hostname && isPrivateHost(url.hostname)) {
    const allowed = loopback ? serverOnLoopback : isPrivateHost(server.hostname) && !isLinkLocal(url.hostname);
    if (!allowed) return { kind: 'refused', reason: 'points at a private address that the server is not on itself' };
  }
  return { kind: 'allowed', url };
}

/** Whether the client may speak plain http to this URL: for the switch of oauth4webapi, after `judgeEndpoint`. */
export function isPlainLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackHost(hostname);
}

/** RFC 1918, 3927, 6598, 4193, 4291, and the names that mean "in here" (RFC 6761, RFC 6762, ICANN's `.internal`). */
const privateHosts: readonly RegExp[] = [
  /^(?:0|10|127)\./,
  /^192\.168\./,
  /^172\.(?:1[6-9]|2\d|3[01])\./,
  /^169\.254\./,
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^\[(?:::1?|::ffff:[0-9a-f:]+|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/,
  /^(?:.+\.)?(?:localhost|local|internal)\.?$/,
];

/** Of a host as `URL.hostname` gives it. */
export function isPrivateHost(hostname: string): boolean {
  return privateHosts.some((pattern) => pattern.test(hostname));
}

/** RFC 3927, RFC 4291: where clouds keep the credentials of machines. No server but one on that very host names it. */
export function isLinkLocal(hostname: string): boolean {
  return /^169\.254\.|^\[fe[89ab][0-9a-f]:/.test(hostname);
}
