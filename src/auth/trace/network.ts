// Owns the doctor's step "network": whether the server can be reached, and through what. Asks for the addresses alone;
// the connection is judged by the first request.
import type { HttpServerEntry } from '../../config/server-entry.ts';
import { orAborted } from '../../lib/or-aborted.ts';
import type { Probe } from '../probe-server.ts';
import { errorCodeOf, networkFinding } from './network-failure.ts';
import { proxyFor } from './proxy.ts';
import type { DoctorStep } from './report.ts';
import { stepOf } from './report.ts';
import { foreign } from './text.ts';

export type LookUp = (hostname: string) => Promise<readonly string[]>;

export interface Network {
  readonly host: string;
  readonly proxy?: string;
  /** Absent behind a proxy, which looks the name up itself. */
  readonly addresses?: readonly string[];
  readonly lookUpError?: unknown;
}

export async function lookAtNetwork(
  deps: { readonly lookUp: LookUp; readonly env: Readonly<Record<string, string | undefined>> },
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Promise<Network> {
  const { host, hostname } = new URL(url);
  const proxy = proxyFor(url, deps.env);
  if (proxy !== undefined) return { host, proxy };
  try {
    return { host, addresses: await orAborted(deps.lookUp(hostname.replace(/^\[|\]$/g, '')), signal) };
  } catch (lookUpError) {
    signal.throwIfAborted();
    return { host, lookUpError };
  }
}

/** Pure. */
export function judgeNetwork(network: Network, probe: Probe, entry: Pick<HttpServerEntry, 'url'>): DoctorStep {
  const { host, proxy, addresses, lookUpError } = network;
  const facts = { host, addresses: addresses ?? null, proxy: proxy ?? null };
  const way = proxy === undefined ? (addresses?.join(', ') ?? '') : `through the proxy ${proxy}`;
  const summary = `${host} answers${way === '' ? '' : ` (${way})`}`;
  if (probe.kind === 'answered') return stepOf('network', { summary, facts });
  if (probe.kind === 'redirected') {
    const next = URL.canParse(probe.location, entry.url) ? new URL(probe.location, entry.url).href : undefined;
    return stepOf('network', { summary, facts }, [
      {
        status: 'failed',
        summary: `${host} answers ${probe.status}, a redirect to ${foreign(probe.location)}; headers and tokens are not carried there`,
        fix: {
          ...(next !== undefined && next.length <= 200 && { config: `"url": ${JSON.stringify(next)}` }),
          explanation: 'If that is the right address, write it as the url of this server.',
        },
      },
    ]);
  }
  const finding = networkFinding(proxy === undefined ? host : `${host} through the proxy ${proxy}`, probe.error);
  // The look-up says more than a failed connection where it failed as well.
  const lookedUp = lookUpError !== undefined && errorCodeOf(probe.error) !== errorCodeOf(lookUpError);
  return stepOf('network', { summary, facts }, [finding, ...(lookedUp ? [networkFinding(host, lookUpError)] : [])]);
}
