// Owns which proxy a request goes through, by the same rules as the dispatcher under lib/http-fetch.ts; pure.
import { isLoopbackHost } from '../loopback.ts';

/** `host:port` of the proxy, without its credentials; undefined: the request goes straight to the server. */
export function proxyFor(url: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const setting = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name];
  const plain = setting('HTTP_PROXY') || undefined;
  const proxy = protocol === 'https:' ? setting('HTTPS_PROXY') || plain : plain;
  if (proxy === undefined || isLoopbackHost(hostname)) return undefined;
  const portNumber = Number(port || (protocol === 'https:' ? 443 : 80));
  const excluded = (setting('NO_PROXY') ?? '').split(/[,\s]/).filter(Boolean);
  if (excluded.some((entry) => isExcluded(entry, hostname, portNumber))) return undefined;
  return URL.canParse(proxy) ? new URL(proxy).host : 'an unreadable address';
}

/** `*`, `example.com`, `.example.com`, `*.example.com`, each with or without a port. */
function isExcluded(entry: string, hostname: string, port: number): boolean {
  if (entry === '*') return true;
  const [, host = entry, only] = /^(.+):(\d+)$/.exec(entry) ?? [];
  const name = host.replace(/^\*?\./, '').toLowerCase();
  if (only !== undefined && Number(only) !== port) return false;
  return hostname === name || hostname.endsWith(`.${name}`);
}
