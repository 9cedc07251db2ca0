// Owns finding the authorization server of an MCP server (RFC 9728, RFC 8414, OIDC Discovery); knows nothing of clients or tokens.
import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { quoteForeign, readAnswer } from './answer.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { DiscoveryLook, LookTarget } from './discovery-look.ts';
import { judgeEndpoint, oddCharacters } from './endpoint-rule.ts';
import { describeThrown } from './oauth-errors.ts';
import type { ResourceMetadata } from './protected-resource.ts';
import { judgeResourceAnswer, resourceMetadataUrls } from './protected-resource.ts';
import { defaultMetadata, judgeMetadataAnswer, serverMetadataUrls } from './server-metadata.ts';

/** One URL that was asked, and what it gave: a status, or a few words. */
export interface TrailStep {
  readonly url: string;
  readonly status: number | string;
}

export interface Discovery {
  /** The exact string to send as `resource` (RFC 8707); absent: none is sent. */
  readonly resource?: string;
  /** `scopes_supported` of the protected resource metadata, not of the authorization server. */
  readonly scopesSupported?: readonly string[];
  /** The resource takes DPoP-bound tokens only (RFC 9728 section 2). */
  readonly dpopRequired?: true;
  readonly issuer: string;
  readonly as: AuthorizationServer;
  readonly trail: readonly TrailStep[];
}

export interface DiscoverInput {
  /** The server's name, for messages. */
  readonly server: string;
  readonly serverUrl: string;
  /** Static headers of the entry: sent to the MCP server's own origin alone, and never to an authorization server. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly challenge: AuthChallenge;
  /** What the server answered without a token, where that was no 401: it may not want a login at all. */
  readonly withoutLogin?: number | undefined;
  readonly settings: OAuthSettings;
  readonly signal?: AbortSignal | undefined;
  /** Aborted when no further URL is to be asked; absent: after 30 seconds. */
  readonly over?: AbortSignal | undefined;
  /** Hears of every URL with the whole answer, also where the discovery fails. */
  readonly observe?: ((look: DiscoveryLook) => void) | undefined;
}

/** So many authorization servers of one resource are looked at: a list of thousands would have us ask all of those hosts. */
const maxServers = 5;
/** No further URL is asked after this time; hosts that never answer would have a human wait for minutes. */
const limitMs = 30_000;
/** Characters. */
const maxShownLength = 500;

interface Search {
  readonly fetch: FetchLike;
  readonly input: DiscoverInput;
  readonly trail: TrailStep[];
  /** The first issuer that was named in the place of the expected one. */
  otherIssuer: string | undefined;
  /** How many of the URLs gave no answer at all. */
  unanswered: number;
  /** Aborted when no further URL is to be asked. */
  readonly over: AbortSignal;
}

/** @throws GatewayError AUTH_FAILED, or SERVER_UNAVAILABLE where nobody answered, with every URL that was tried */
export async function discover(deps: { readonly fetch: FetchLike }, input: DiscoverInput): Promise<Discovery> {
  const over = input.over ?? AbortSignal.timeout(limitMs);
  const search: Search = { fetch: deps.fetch, input, trail: [], otherIssuer: undefined, unanswered: 0, over };
  const { serverUrl, settings } = input;
  const metadata = await findResource(search);
  const { origin } = new URL(serverUrl);
  // Without a list the server is its own authorization server, as in MCP revision 2025-03-26.
  const listed = metadata?.authorizationServers ?? [];
  const named = settings.issuer === undefined ? [] : [settings.issuer];
  const as = await findServer(search, listed.length > 0 ? preferred(listed, settings.issuer) : [origin, ...named]);
  const mayDefault = listed.length === 0 && named.length === 0;
  const found = as ?? (mayDefault ? await findDefault(search, origin) : undefined);
  if (!found) throw nothingFound(search, metadata);
  const resource = settings.resource ?? (metadata ? (metadata.resource ?? serverUrl) : undefined);
  return {
    ...(typeof resource === 'string' && { resource }),
    ...(metadata?.scopesSupported && { scopesSupported: metadata.scopesSupported }),
    ...(metadata?.dpopRequired && { dpopRequired: metadata.dpopRequired }),
    issuer: found.issuer,
    as: found,
    trail: search.trail,
  };
}

async function findResource(search: Search): Promise<ResourceMetadata | undefined> {
  const { server, serverUrl, headers, challenge, settings } = search.input;
  const own = new URL(serverUrl).origin;
  const foreign: { url: string; resource: string }[] = [];
  for (const url of resourceMetadataUrls(serverUrl, challenge.resourceMetadataUrl)) {
    // The server itself may be asked wherever it is; what its header names is a stranger.
    const isOwn = URL.canParse(url) && new URL(url).origin === own;
    const target: LookTarget = { document: 'resource', url };
    const answer = await ask(search, target, isOwn ? { own: true, headers: headers ?? {} } : { own: false });
    if (!answer) continue;
    const verdict = judgeResourceAnswer(answer, { serverUrl, anyResource: settings.resource !== undefined });
    search.input.observe?.({ ...target, answer, outcome: verdict });
    if (verdict.kind === 'usable') {
      note(search, url, 200);
      return verdict.metadata;
    }
    if (verdict.kind === 'foreign') foreign.push({ url, resource: verdict.resource });
    note(search, url, verdict.kind === 'foreign' ? `resource ${quoteForeign(verdict.resource)}` : verdict.reason);
  }
  const [other] = foreign;
  if (!other) return undefined;
  throw new GatewayError(
    'AUTH_FAILED',
    `server '${server}': ${other.url} describes the resource ${quoteForeign(other.resource)}, not ${quoteForeign(serverUrl)}`,
    {
      server,
      hint: 'Correct the url, or set oauth.resource to the value that the server expects (false to send none).',
    },
  );
}

/** A server that the user named with `oauth.issuer` comes first. */
function preferred(issuers: readonly string[], named: string | undefined): readonly string[] {
  const first = named !== undefined && issuers.includes(named) ? [named] : [];
  return [...new Set([...first, ...issuers])].slice(0, maxServers);
}

async function findServer(search: Search, candidates: readonly string[]): Promise<AuthorizationServer | undefined> {
  const { serverUrl, settings } = search.input;
  const context = { serverUrl, issuer: settings.issuer };
  for (const candidate of candidates) {
    if (!URL.canParse(candidate)) {
      search.input.observe?.({ document: 'server', url: candidate, outcome: { kind: 'refused', reason: 'no URL' } });
      note(search, candidate, 'no URL');
      continue;
    }
    const expectedIssuer = settings.issuer ?? candidate;
    for (const url of serverMetadataUrls(candidate)) {
      const target: LookTarget = { document: 'server', url, expectedIssuer };
      const answer = await ask(search, target, { own: false });
      if (!answer) continue;
      const verdict = judgeMetadataAnswer(answer, {
        issuer: expectedIssuer,
        grantType: settings.grantType,
        context,
      });
      search.input.observe?.({ ...target, answer, outcome: verdict });
      if (verdict.kind === 'usable') {
        note(search, url, 200);
        return verdict.as;
      }
      if (verdict.kind === 'foreign') {
        search.otherIssuer ??= verdict.issuer;
        note(search, url, `issuer ${quoteForeign(verdict.issuer)} instead of ${quoteForeign(expectedIssuer)}`);
      } else {
        note(search, url, verdict.reason);
      }
    }
  }
  return undefined;
}

/**
 * MCP revision 2025-03-26: a server without metadata has its endpoints at fixed places. Tried only where every
 * metadata URL was answered "not here", and only if something that is not an error page for strangers answers there.
 */
async function findDefault(search: Search, origin: string): Promise<AuthorizationServer | undefined> {
  const notHere = search.trail.every(({ status }) => typeof status === 'number' && status >= 400 && status < 500);
  const as = defaultMetadata(origin);
  const endpoint = as.authorization_endpoint as string;
  if (!notHere) return undefined;
  const target: LookTarget = { document: 'endpoint', url: endpoint };
  const answer = await ask(search, target, { own: false });
  if (!answer) return undefined;
  note(search, endpoint, answer.status);
  // A request without parameters is a bad request; 401, 403 and 404 are what a server says about paths it does not have.
  const isThere = answer.status === 400 || answer.status === 422 || answer.status < 400;
  const outcome = isThere ? ({ kind: 'usable', as } as const) : ({ kind: 'unusable', reason: answer.status } as const);
  search.input.observe?.({ ...target, answer, outcome });
  return isThere ? as : undefined;
}

type Target = { readonly own: true; readonly headers: Readonly<Record<string, string>> } | { readonly own: false };

/** Asks, and notes why there was no answer. @throws the reason of an aborted signal */
async function ask(search: Search, look: LookTarget, target: Target): Promise<Answer | undefined> {
  const { serverUrl, settings, signal, observe } = search.input;
  const { url } = look;
  if (!target.own) {
    const verdict = judgeEndpoint(url, { serverUrl, issuer: settings.issuer });
    if (verdict.kind === 'refused') {
      observe?.({ ...look, outcome: verdict });
      return note(search, url, verdict.reason);
    }
  }
  if (search.over.aborted) {
    search.unanswered += 1;
    return note(search, url, 'not asked, since the others took so long');
  }
  try {
    const response = await boundedFetch(search.fetch, { signal })(url, {
      headers: { ...(target.own ? target.headers : {}), accept: 'application/json' },
    });
    return await readAnswer(response);
  } catch (error) {
    signal?.throwIfAborted();
    search.unanswered += 1;
    observe?.({ ...look, outcome: { kind: 'unanswered', error } });
    return note(search, url, describeThrown(error));
  }
}

function note(search: Search, url: string, status: number | string): undefined {
  // What is no URL, or no short one, is foreign text: it may be a page long, or speak to whoever reads the error.
  const isPlain = URL.canParse(url) && !oddCharacters.test(url) && url.length <= maxShownLength;
  search.trail.push({ url: isPlain ? url : quoteForeign(url), status });
}

function nothingFound(search: Search, metadata: ResourceMetadata | undefined): GatewayError {
  const { input, trail, otherIssuer, unanswered } = search;
  const steps = trail.map(({ url, status }) => `\n  ${url}: ${status}`).join('');
  // Where nobody answered, nothing is known of the login: the network is at fault, or the server is down.
  if (unanswered === trail.length) {
    return new GatewayError('SERVER_UNAVAILABLE', `server '${input.server}' cannot be reached; tried${steps}`, {
      server: input.server,
      hint: 'Check the url, the network and the proxy.',
    });
  }
  const { withoutLogin: status } = input;
  if (status !== undefined && !metadata) return notAsked(input.server, status, steps);
  const named = metadata?.authorizationServers.length ? ' that its resource metadata names' : '';
  return new GatewayError(
    'AUTH_FAILED',
    `server '${input.server}': found no usable metadata of the authorization server${named}; tried${steps}`,
    {
      server: input.server,
      hint: otherIssuer
        ? `If the other issuer is the right one, set oauth.issuer to it: ${quoteForeign(otherIssuer)}`
        : 'Check the url; for a server without OAuth set an Authorization header.',
    },
  );
}

/** Nothing is published, and nothing was asked for: the login is not what is wrong. */
function notAsked(server: string, status: number, steps: string): GatewayError {
  const answers = `server '${server}' answers ${status} without asking for a login, and publishes none; tried${steps}`;
  if (status >= 500 || status === 429) {
    const hint = 'The server has trouble of its own: try again later.';
    return new GatewayError('SERVER_UNAVAILABLE', answers, { server, hint });
  }
  const hint =
    status < 300
      ? 'It can be used as it is: nothing has to be done.'
      : 'Check the url and its path (/mcp, /sse, with or without a slash at the end); for a server without OAuth set an Authorization header.';
  return new GatewayError('AUTH_FAILED', answers, { server, hint });
}
