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
  // The parser takes these away or encodes them, so that what is shown in messages would be another text than what is asked.
  if (oddCharacters.test(value)) return { kind: 'refused', reason: 'holds characters that no URL may hold' };
  if (value.length > maxLength) return { kind: 'refused', reason: `longer than ${maxLength} characters` };
  const url = new URL(value);
  const server = new URL(serverUrl);
  if (url.username !== '' || url.password !== '') return { kind: 'refused', reason: 'holds a user name or password' };
  const host = unmapped(url.hostname);
  const loopback = isThisMachine(host);
  const serverOnLoopback = isLoopbackHost(server.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname) && serverOnLoopback)) {
    return { kind: 'refused', reason: 'not https' };
  }
  const named = issuer !== undefined && URL.canParse(issuer) && new URL(issuer).hostname === url.hostname;
  if (!named && url.hostname !== server.hostname && isPrivateHost(host)) {
    const allowed = loopback ? serverOnLoopback : isPrivateHost(server.hostname) && !isLinkLocal(host);
    if (!allowed) return { kind: 'refused', reason: 'points at a private address that the server is not on itself' };
  }
  return { kind: 'allowed', url };
}

/** Blanks, controls, and what is not seen. */
export const oddCharacters = /[\s\p{C}]/u;
const maxLength = 2000;

/** Whether the client may speak plain http to this URL: for the switch of oauth4webapi, after `judgeEndpoint`. */
export function isPlainLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackHost(hostname);
}

/** RFC 1918, 3927, 6598, 6890, 5771, 1112, 4193, 4291, 6052, 3056, and the names that mean "in here" (RFC 6761, RFC 6762, ICANN's `.internal`). */
const privateHosts: readonly RegExp[] = [
  /^(?:0|10|127|22[4-9]|2[345]\d)\./,
  /^192\.(?:168|0\.0)\./,
  /^198\.1[89]\./,
  /^172\.(?:1[6-9]|2\d|3[01])\./,
  /^169\.254\./,
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  // An IPv4 address inside an IPv6 one leads to wherever that one is.
  /^\[(?:::|64:ff9b:|2002:|f[cd][0-9a-f]{2}:|fe[89abcdef][0-9a-f]:|ff[0-9a-f]{2}:)/,
  /^(?:.+\.)?(?:localhost|local|internal)\.?$/,
];

/** Of a host as `URL.hostname` gives it. */
export function isPrivateHost(hostname: string): boolean {
  return privateHosts.some((pattern) => pattern.test(hostname));
}

/** RFC 3927, RFC 4291: where clouds keep the credentials of machines. No server but one on that very host names it. */
export function isLinkLocal(hostname: string): boolean {
  return /^169\.254\.|^\[fe[89ab][0-9a-f]:|^\[fd00:ec2::254\]$/.test(unmapped(hostname));
}

/** Loopback, and what systems take for it (RFC 6761 section 6.3; RFC 1122 section 3.2.1.3). */
export function isThisMachine(hostname: string): boolean {
  const host = unmapped(hostname);
  return isLoopbackHost(host) || host === '[::]' || /^0\.|(?:^|\.)localhost\.?$/.test(host);
}

/** RFC 4291 section 2.5.5.2, RFC 6052: the IPv4 address that is meant, as `URL.hostname` writes it. */
function unmapped(hostname: string): string {
  const [, high, low] = /^\[(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return hostname;
  const [one, other] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [one >> 8, one & 255, other >> 8, other & 255].join('.');
}
