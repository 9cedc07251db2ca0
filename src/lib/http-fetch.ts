// Owns the one `fetch` under every request that leaves the process: proxies, no idle limits, addresses that may not be
// connected to; knows nothing of OAuth.
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici';
import type { FetchLike } from './fetch-like.ts';

export interface HttpFetch {
  readonly fetch: FetchLike;
  /**
   * A `fetch` that connects to a name only where the rule accepts the addresses it has at that very moment. Through a
   * proxy it is the proxy that resolves names.
   */
  guarded(rule: AddressRule): FetchLike;
  close(): Promise<void>;
}

/** Undefined: the addresses may be connected to; else why not. */
export type AddressRule = (hostname: string, addresses: readonly string[]) => Promise<string | undefined>;

/** Loopback, and what `NO_PROXY` names. Everything, as curl has it, is an asterisk that stands alone. */
function excepted(named: string): string {
  if (named.split(/[,\s]/).includes('*')) return '*';
  return ['localhost', '127.0.0.1', '[::1]', '::1', named].filter(Boolean).join(',');
}

/**
 * A `fetch` that obeys `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (loopback never goes through a proxy) and lets a
 * stream be silent for as long as it likes: time limits belong to the calls. Custom CAs come from NODE_EXTRA_CA_CERTS.
 */
export function createHttpFetch(env: Readonly<Record<string, string | undefined>>): HttpFetch {
  const proxy = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name];
  const httpProxy = proxy('HTTP_PROXY');
  const httpsProxy = proxy('HTTPS_PROXY');
  const options = {
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    noProxy: excepted(proxy('NO_PROXY') ?? ''),
  };
  const agents: EnvHttpProxyAgent[] = [];
  const fetchOver = (agent: EnvHttpProxyAgent): FetchLike => {
    agents.push(agent);
    return (url, init) => undiciFetch(url, { ...(init as object), dispatcher: agent }) as unknown as Promise<Response>;
  };
  return {
    fetch: fetchOver(new EnvHttpProxyAgent(options)),
    guarded: (rule) => fetchOver(new EnvHttpProxyAgent({ ...options, connect: { lookup: guardedLookup(rule) } })),
    async close() {
      await Promise.all(agents.map((agent) => agent.destroy()));
    },
  };
}

/** The addresses that were judged are the ones that are connected to: a name that changes in between gains nothing. */
function guardedLookup(rule: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const judged = rule(
        hostname,
        addresses.map(({ address }) => address),
      );
      judged.then(
        (refusal) => {
          const [first] = addresses;
          if (refusal !== undefined || !first) callback(new Error(refusal ?? `${hostname} has no address`), []);
          else if (options.all) callback(null, addresses);
          else callback(null, first.address, first.family);
        },
        (reason: Error) => callback(reason, []),
      );
    });
  };
}
