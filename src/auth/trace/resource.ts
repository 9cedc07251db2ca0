// Owns the doctor's step "resource_metadata": what was found of RFC 9728, and which requirement it fails. Pure.
import type { OAuthSettings } from '../../config/server-entry.ts';
import type { DiscoveryLook } from '../discovery-look.ts';
import type { ResourceMetadata } from '../protected-resource.ts';
import { networkFinding } from './network-failure.ts';
import type { DoctorStep, Finding, Fix } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, oauthLine, showUrl } from './text.ts';
import { triedUrl } from './tried.ts';

export interface ResourceTrace {
  /** The looks at resource metadata alone. */
  readonly looks: readonly DiscoveryLook[];
  readonly serverUrl: string;
  readonly settings: Pick<OAuthSettings, 'resource'>;
  /** Whether an authorization server was found in the end, be it one that cannot be used. */
  readonly serverFound: boolean;
}

export function judgeResourceLooks(trace: ResourceTrace): DoctorStep {
  const { looks, serverUrl } = trace;
  const tried = looks.map(triedUrl);
  const metadata = usedMetadata(looks);
  if (!metadata) {
    const facts = { resource: null, authorization_servers: [], scopes_supported: null };
    return stepOf('resource_metadata', { summary: '', facts, tried }, [missing(trace)]);
  }
  const { resource, authorizationServers, scopesSupported } = metadata;
  const facts = {
    resource: resource ?? null,
    authorization_servers: authorizationServers.map(showUrl),
    scopes_supported: scopesSupported ?? null,
  };
  const same = resource === serverUrl ? 'this server' : foreign(resource ?? serverUrl);
  const [first] = authorizationServers;
  const summary = `describes ${same}; login at ${first === undefined ? 'the server itself' : showUrl(first)}`;
  return stepOf('resource_metadata', { summary, facts, tried }, [...blemishes(metadata), ...refusedLooks(looks)]);
}

export function usedMetadata(looks: readonly DiscoveryLook[]): ResourceMetadata | undefined {
  for (const { outcome } of looks) {
    if (outcome.kind === 'usable' && 'metadata' in outcome) return outcome.metadata;
  }
  return undefined;
}

/** What the published metadata lacks and a login does without. */
function blemishes({ resource, authorizationServers }: ResourceMetadata): readonly Finding[] {
  const found: Finding[] = [];
  if (resource === undefined) {
    const summary = 'the metadata names no resource; the url of the config is sent';
    found.push({ status: 'warning', summary, requirement: requirements.resourceMember });
  }
  if (authorizationServers.length === 0) {
    const summary = 'the metadata names no authorization server; the origin of the server is asked';
    found.push({ status: 'warning', summary, requirement: requirements.resourceMetadata });
  }
  return found;
}

/** Our rule of trust forbade the URL that the header named; the well-known places were asked all the same. */
function refusedLooks(looks: readonly DiscoveryLook[]): readonly Finding[] {
  return looks.flatMap(({ url, outcome }): Finding[] =>
    outcome.kind === 'refused'
      ? [
          {
            status: 'warning',
            summary: `the header names ${foreign(url)}, which is not asked: ${outcome.reason}`,
            requirement: requirements.serverSideRequests,
          },
        ]
      : [],
  );
}

function missing({ looks, serverUrl, serverFound }: ResourceTrace): Finding {
  // Without an authorization server there is no login: then what is missing here is what has to be mended first.
  const status = serverFound ? 'warning' : 'failed';
  const tail = serverFound ? '; the origin of the server is asked, as in MCP 2025-03-26' : '';
  for (const { url, outcome } of looks) {
    if (outcome.kind === 'foreign' && 'resource' in outcome) return foreignResource(url, outcome.resource, serverUrl);
  }
  const [refused] = refusedLooks(looks);
  if (refused) return { ...refused, status };
  const unanswered = looks.find(({ outcome }) => outcome.kind === 'unanswered');
  if (unanswered?.outcome.kind === 'unanswered' && !serverFound) {
    return networkFinding(showUrl(unanswered.url), unanswered.outcome.error);
  }
  const page = looks.find(({ outcome }) => outcome.kind === 'unusable' && typeof outcome.reason === 'string');
  if (page) {
    return {
      status,
      summary: `${showUrl(page.url)} answers 200 without metadata${tail}`,
      requirement: requirements.resourceAnswer,
      ...(!serverFound && { fix: noLogin }),
    };
  }
  return {
    status,
    summary: `no resource metadata at any of ${looks.length} places${tail}`,
    requirement: requirements.resourceMetadata,
    ...(!serverFound && { fix: noLogin }),
  };
}

/** Where a server says neither where its login is nor that it has none. */
const noLogin: Fix = {
  config: `"headers": {"Authorization": "Bearer \${TOKEN}"}`,
  explanation:
    'Check the url. A server that has no OAuth takes a token in a header; one whose authorization server is known takes "oauth": {"issuer": "https://…"}.',
};

function foreignResource(url: string, resource: string, serverUrl: string): Finding {
  return {
    status: 'failed',
    summary: `${showUrl(url)} describes the resource ${foreign(resource)}, not ${foreign(serverUrl)}`,
    requirement: requirements.resourceMatch,
    fix: {
      ...oauthLine({ resource }),
      explanation:
        'First compare the url of the config with the resource. If the server really has that name, send it with oauth.resource; false sends none.',
    },
  };
}
