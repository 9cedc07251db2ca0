// Owns the limits of one request to a stranger: time, bytes, redirects. Knows nothing of what is asked.
import { within } from '../lib/deadline.ts';
import type { FetchLike } from '../lib/fetch-like.ts';

export interface Bounds {
  /** Milliseconds until the whole body must be there. */
  readonly limitMs?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

const defaultLimitMs = 10_000;
const defaultMaxBytes = 1024 * 1024;
const maxRedirects = 3;
/** Fetch standard section 2.2.3: a response of these statuses may have no body at all. */
const bodiless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

export class TooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
    this.name = 'TooLargeError';
  }
}

/** The request was redirected and not followed. */
export class RedirectError extends Error {
  constructor(status: number, location: string | null) {
    super(
      `answered ${status}, a redirect to ${location === null ? 'nowhere' : JSON.stringify(location.slice(0, 200))}`,
    );
    this.name = 'RedirectError';
  }
}

/**
 * A `fetch` whose answer has arrived whole when it resolves. GET follows redirects on the same origin, at most three;
 * everything else, which may carry credentials, follows none (RFC 9700 section 4.12).
 * @throws TooLargeError, RedirectError, a `TimeoutError`, or the reason of `signal`
 */
export function boundedFetch(fetch: FetchLike, bounds: Bounds = {}): FetchLike {
  const { limitMs = defaultLimitMs, maxBytes = defaultMaxBytes, signal } = bounds;
  return (url, init = {}) =>
    within(limitMs, signal, async (until) => {
      let target = new URL(url);
      for (let redirects = 0; ; redirects++) {
        const response = await fetch(target.href, { ...init, redirect: 'manual', signal: until });
        if (response.status < 300 || response.status > 399 || response.status === 304) {
          return await whole(response, maxBytes, until);
        }
        await response.body?.cancel();
        const location = response.headers.get('location');
        const next = location !== null && URL.canParse(location, target.href) ? new URL(location, target) : undefined;
        const follow = (init.method ?? 'GET') === 'GET' && next?.origin === target.origin && redirects < maxRedirects;
        if (!follow) throw new RedirectError(response.status, location);
        target = next;
      }
    });
}

async function whole(response: Response, maxBytes: number, until: AbortSignal): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  // A body that never ends is given back to the network, also where `fetch` has lost the signal.
  until.addEventListener('abort', () => void reader?.cancel().catch(() => undefined), { once: true });
  while (reader) {
    const { done, value } = (await reader.read()) as { done: boolean; value: Uint8Array | undefined };
    if (done || value === undefined) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new TooLargeError(maxBytes);
    }
    chunks.push(value);
  }
  const body = bodiless.has(response.status) ? null : Buffer.concat(chunks);
  return new Response(body, { status: response.status, headers: [...response.headers] });
}
