// Owns what one look of a discovery saw, whole; for whoever explains a discovery. Decides nothing.
import type { Answer } from './answer.ts';
import type { ResourceVerdict } from './protected-resource.ts';
import type { MetadataVerdict } from './server-metadata.ts';

/** One URL, and which document was looked for there. */
export interface LookTarget {
  /** `resource`: RFC 9728; `server`: RFC 8414 or OpenID; `endpoint`: the fixed places of MCP revision 2025-03-26. */
  readonly document: 'resource' | 'server' | 'endpoint';
  readonly url: string;
  /** The issuer that a metadata document must name. */
  readonly expectedIssuer?: string;
}

export type LookOutcome =
  | ResourceVerdict
  | MetadataVerdict
  /** Never asked: our rule of trust forbids that URL. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unanswered'; readonly error: unknown };

export interface DiscoveryLook extends LookTarget {
  readonly outcome: LookOutcome;
  readonly answer?: Answer;
}
