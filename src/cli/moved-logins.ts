// Owns how a login that moves is named to people, in an export and in an import.
import type { ToldLogin } from '../archive-wiring.ts';

/** Largest file of exported logins. Bytes. */
export const archiveLimit = 10 * 1024 * 1024;

/** By the servers of the config, else by what it is a login to. */
export function nameOf({ servers, server_url, profile }: ToldLogin): string {
  if (servers.length > 0) return servers.join(', ');
  return profile === null ? server_url : `${server_url} (${profile})`;
}

export function accountOf({ account }: ToldLogin): string {
  return account === null ? '' : ` (${account})`;
}
