// Owns the protected resource metadata of an MCP server (RFC 9728): where it may lie, and whether it speaks of this server.
import type { Answer } from './answer.ts';
import { quoteForeign, stringMember, stringsMember } from './answer.ts';

export interface ResourceMetadata {
  /** Exactly as published; absent where the document leaves it out. */
  readonly resource?: string;
  readonly authorizationServers: readonly string[];
  readonly scopesSupported?: readonly string[];
  /** `dpop_bound_access_tokens_required` (RFC 9728 section 2). */
  readonly dpopRequired?: true;
}

export type ResourceVerdict =
  | { readonly kind: 'usable'; readonly metadata: ResourceMetadata }
  /** Metadata of another resource: using it would bind the token to somebody else (RFC 9728 section 3.3). */
  | { readonly kind: 'foreign'; readonly resource: string }
  | { readonly kind: 'unusable'; readonly reason: number | string };

const wellKnown = '/.well-known/oauth-protected-resource';

/** Where to ask, in order: the header's URL, the well-known place of the path, that of the host (RFC 9728 sections 3.1 and 5.1). */
export function resourceMetadataUrls(serverUrl: string, announced: string | undefined): readonly string[] {
  const { origin, pathname, search } = new URL(serverUrl);
  const path = pathname === '/' ? '' : pathname;
  const inserted = `${origin}${wellKnown}${path}${search}`;
  const bare = `${origin}${wellKnown}${path.replace(/\/$/, '')}`;
  const urls = [announced, inserted, bare, `${origin}${wellKnown}`];
  return [...new Set(urls.filter((url) => url !== undefined))];
}

/** `anyResource`: the user named the resource, so what the document says about it is not asked. */
export function judgeResourceAnswer(
  answer: Answer,
  { serverUrl, anyResource }: { readonly serverUrl: string; readonly anyResource: boolean },
): ResourceVerdict {
  const { status, json } = answer;
  if (status !== 200) return { kind: 'unusable', reason: status };
  if (!json) return { kind: 'unusable', reason: `200, but no JSON object: ${quoteForeign(answer.text.slice(0, 80))}` };
  const resource = stringMember(json, 'resource');
  const authorizationServers = stringsMember(json, 'authorization_servers');
  // An error or a home page as JSON is not metadata, whatever its status.
  if (resource === undefined && authorizationServers === undefined) {
    return { kind: 'unusable', reason: '200, but no resource metadata' };
  }
  if (resource !== undefined && !anyResource && !coversServer(resource, serverUrl))
    return { kind: 'foreign', resource };
  const scopesSupported = stringsMember(json, 'scopes_supported');
  return {
    kind: 'usable',
    metadata: {
      ...(resource !== undefined && { resource }),
      authorizationServers: authorizationServers ?? [],
      ...(scopesSupported && { scopesSupported }),
      ...(json['dpop_bound_access_tokens_required'] === true && { dpopRequired: true }),
    },
  };
}

/**
 * Whether a published `resource` stands for the server: its URL, with one slash more or less, a parent path, or the
 * origin. Stricter clients fail with half of the servers in the field, laxer ones take another tenant's metadata.
 */
export function coversServer(resource: string, serverUrl: string): boolean {
  if (!URL.canParse(resource)) return false;
  const published = new URL(resource);
  const server = new URL(serverUrl);
  if (published.origin !== server.origin || published.hash !== '') return false;
  if (published.search !== '' && published.search !== server.search) return false;
  const parent = published.pathname.replace(/\/$/, '');
  const path = server.pathname.replace(/\/$/, '');
  return path === parent || path.startsWith(`${parent}/`);
}
