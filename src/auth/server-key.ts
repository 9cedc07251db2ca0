// Owns the name under which a login is kept: the same server and account give the same key on every machine.
import { createHash } from 'node:crypto';

/** Hex digits of the key. */
const keyLength = 32;

/**
 * The URL without the differences that mean nothing: case of scheme and host, default port, fragment, one trailing
 * slash of the path. The query is kept: servers use it to tell tenants apart.
 */
export function canonicalServerUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname.replace(/\/$/, '')}${search}`;
}

/** Users copy these files between machines, so the key holds nothing of the machine or of the entry's name. */
export function loginKey(url: string, profile?: string): string {
  const account = profile === undefined ? '' : `\n${profile}`;
  return createHash('sha256')
    .update(`${canonicalServerUrl(url)}${account}`)
    .digest('hex')
    .slice(0, keyLength);
}
