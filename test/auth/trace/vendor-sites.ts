// Owns the shapes of real providers as maps of URLs, for tests that trace a login without any of them. Each keeps the one
// quirk it is known for, and nothing else of the vendor.
import type { FetchLike } from '../../../src/lib/fetch-like.ts';
import type { Reply } from '../scripted-server.ts';

export type Site = Readonly<Record<string, Reply>>;

/** A `fetch` on a site; every other path of a known host is answered by `elsewhere`, an unknown host is ENOTFOUND. */
export function fetchOf(
  site: Site,
  elsewhere: Reply = { status: 404, body: 'not here' },
): FetchLike & { asked: string[] } {
  const hosts = new Set(Object.keys(site).map((url) => new URL(url.replace(/^[A-Z]+ /, '')).host));
  const asked: string[] = [];
  const fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    const method = init.method ?? 'GET';
    asked.push(`${method} ${url.href}`);
    if (!hosts.has(url.host)) {
      const cause = Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), { code: 'ENOTFOUND' });
      throw new TypeError('fetch failed', { cause });
    }
    const { status = 200, headers = {}, body = '' } = site[`${method} ${url.href}`] ?? site[url.href] ?? elsewhere;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(status === 204 ? null : text, { status, headers: headers as Record<string, string> });
  };
  return Object.assign(fetch, { asked });
}

/** What the MCP endpoint says to a stranger. */
export function challenge(parameters = ''): Reply {
  return { status: 401, headers: { 'www-authenticate': `Bearer${parameters === '' ? '' : ` ${parameters}`}` } };
}

export function resourceMetadata(resource: string, issuer: string, change: object = {}): Reply {
  return { body: { resource, authorization_servers: [issuer], ...change } };
}

export function serverMetadata(issuer: string, change: object = {}): Reply {
  const base = issuer.replace(/\/$/, '');
  return {
    body: {
      issuer,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      registration_endpoint: `${base}/register`,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      ...change,
    },
  };
}
