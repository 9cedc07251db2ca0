// Owns the one `fetch` under every request that leaves the process: proxies, no idle limits; knows nothing of OAuth.
import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici';
import type { FetchLike } from './fetch-like.ts';

export interface HttpFetch {
  readonly fetch: FetchLike;
  close(): Promise<void>;
}

/**
 * A `fetch` that obeys `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (loopback never goes through a proxy) and lets a
 * stream be silent for as long as it likes: time limits belong to the calls. Custom CAs come from NODE_EXTRA_CA_CERTS.
 */
export function createHttpFetch(env: Readonly<Record<string, string | undefined>>): HttpFetch {
  const proxy = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name];
  const httpProxy = proxy('HTTP_PROXY');
  const httpsProxy = proxy('HTTPS_PROXY');
  const agent = new EnvHttpProxyAgent({
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    noProxy: ['localhost', '127.0.0.1', '[::1]', '::1', proxy('NO_PROXY')].filter(Boolean).join(','),
  });
  return {
    fetch: (url, init) => undiciFetch(url, { ...(init as object), dispatcher: agent }) as unknown as Promise<Response>,
    close: () => agent.destroy(),
  };
}
