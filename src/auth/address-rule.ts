// Owns which addresses the hosts of foreign metadata may have: endpoint-rule.ts for names, after they are resolved.
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { AddressRule, HttpFetch } from '../lib/http-fetch.ts';
import type { EndpointContext } from './endpoint-rule.ts';
import { isLinkLocal, isPrivateHost, isThisMachine } from './endpoint-rule.ts';

/** Requests to the server itself as ever; those to hosts that it names, under the rule. */
export function guardStrangers(http: Pick<HttpFetch, 'fetch' | 'guarded'>, context: EndpointContext): FetchLike {
  const { hostname } = new URL(context.serverUrl);
  let guarded: FetchLike | undefined;
  return (url, init) => {
    if (new URL(url).hostname === hostname) return http.fetch(url, init);
    guarded ??= http.guarded(createAddressRule(context));
    return guarded(url, init);
  };
}

/** Every address of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * A public name for a private address is as good as the address: a server elsewhere may not make the gateway ask inside
 * its own network. A server that is itself in there may, and a host that the user named.
 */
export function createAddressRule({ serverUrl, issuer }: EndpointContext, resolve: Resolve = resolveName): AddressRule {
  const server = new URL(serverUrl).hostname;
  const named = issuer !== undefined && URL.canParse(issuer) ? new URL(issuer).hostname : undefined;
  return async (hostname, addresses) => {
    if (hostname === server || hostname === named) return undefined;
    const inside = addresses.filter((address) => isPrivateHost(asHost(address)));
    if (inside.length === 0) return undefined;
    const own = (await resolve(server)).map(asHost);
    const refused = inside.find((address) => !mayPointAt(asHost(address), own));
    return refused === undefined
      ? undefined
      : `${hostname} has the private address ${refused}, which the server is not on itself`;
  };
}

function mayPointAt(host: string, own: readonly string[]): boolean {
  if (isThisMachine(host)) return own.some(isThisMachine);
  return own.some(isPrivateHost) && !isLinkLocal(host);
}

/** As `URL.hostname` writes an address. */
function asHost(address: string): string {
  if (!isIPv6(address)) return address;
  return URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname : `[${address}]`;
}

async function resolveName(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true });
  return found.map(({ address }) => address);
}
