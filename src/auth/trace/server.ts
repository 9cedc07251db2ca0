// Owns the doctor's step "server_metadata": what was found of RFC 8414 and OpenID, and which requirement it fails. Pure.
import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuthSettings } from '../../config/server-entry.ts';
import type { Answer } from '../answer.ts';
import { stringMember } from '../answer.ts';
import type { DiscoveryLook } from '../discovery-look.ts';
import { judgeEndpoint } from '../endpoint-rule.ts';
import { networkFinding } from './network-failure.ts';
import type { DoctorStep, Finding, Fix } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, oauthLine, showUrl } from './text.ts';
import { triedUrl } from './tried.ts';

export interface ServerTrace {
  /** The looks at metadata of authorization servers, and at the fixed places of 2025-03-26. */
  readonly looks: readonly DiscoveryLook[];
  readonly serverUrl: string;
  readonly settings: Pick<OAuthSettings, 'issuer'>;
}

const endpointMembers = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

export function judgeServerLooks(trace: ServerTrace): DoctorStep {
  const { looks } = trace;
  const tried = looks.map(triedUrl);
  const used = looks.find(({ outcome }) => outcome.kind === 'usable');
  const as = used?.outcome.kind === 'usable' && 'as' in used.outcome ? used.outcome.as : undefined;
  if (!used || !as) {
    return stepOf('server_metadata', { summary: '', facts: { issuer: null }, tried }, [missing(trace)]);
  }
  const findings = used.document === 'endpoint' ? [fixedPlaces] : refusedEndpoints(trace, as, used.answer);
  return stepOf('server_metadata', { summary: `issuer ${showUrl(as.issuer)}`, facts: factsOf(as), tried }, findings);
}

function factsOf(as: AuthorizationServer): DoctorStep['facts'] {
  const endpoints = endpointMembers.map((name) => [name, shownEndpoint(as[name])]);
  return { issuer: as.issuer, ...Object.fromEntries(endpoints) };
}

function shownEndpoint(value: unknown): string | null {
  return typeof value === 'string' ? showUrl(value) : null;
}

const fixedPlaces: Finding = {
  status: 'warning',
  summary: 'publishes no metadata; /authorize, /token and /register are taken, as in MCP 2025-03-26',
  requirement: requirements.serverMetadata,
};

/** Optional endpoints that the metadata names and that may not be asked: a login takes them for absent. */
function refusedEndpoints(trace: ServerTrace, as: AuthorizationServer, answer: Answer | undefined): readonly Finding[] {
  return endpointMembers.flatMap((name): Finding[] => {
    const value = stringMember(answer?.json, name);
    if (value === undefined || as[name] !== undefined) return [];
    return [{ ...refusedEndpoint(trace, name, value, as.issuer), status: 'warning' }];
  });
}

function refusedEndpoint({ serverUrl, settings }: ServerTrace, name: string, value: string, issuer: string): Finding {
  const verdict = judgeEndpoint(value, { serverUrl, issuer: settings.issuer });
  const reason = verdict.kind === 'refused' ? verdict.reason : 'not usable';
  const summary = `${name} ${foreign(value)} is not asked: ${reason}`;
  // Naming the issuer is how a user says that a private host is meant to be asked.
  const lifted = judgeEndpoint(value, { serverUrl, issuer }).kind === 'allowed';
  if (!lifted) {
    const plain = reason === 'not https';
    const explanation = `Its operator must publish ${plain ? 'an https endpoint' : 'another URL'}. Until then, use a token in an Authorization header.`;
    return {
      status: 'failed',
      summary,
      ...(plain && { requirement: requirements.endpointTls }),
      fix: { explanation },
    };
  }
  const explanation = 'If that host is yours and meant to be asked, name the issuer in the config.';
  const fix: Fix = { ...oauthLine({ issuer }), explanation };
  return { status: 'failed', summary, requirement: requirements.serverSideRequests, fix };
}

/** The look that says most comes first: a document that nearly fits, a page, a broken connection, then mere statuses. */
function missing(trace: ServerTrace): Finding {
  const { looks, settings } = trace;
  const named = looks.map(({ outcome, ...look }) => ({ ...look, outcome }));
  for (const { url, outcome, expectedIssuer = '' } of named) {
    if (outcome.kind === 'foreign' && 'issuer' in outcome) {
      return otherIssuer(url, outcome.issuer, expectedIssuer, settings.issuer !== undefined);
    }
  }
  for (const look of named) {
    const finding = spoiledDocument(trace, look);
    if (finding) return finding;
  }
  for (const { url, outcome } of named) {
    if (outcome.kind === 'refused') return refusedIssuer(url, outcome.reason);
  }
  for (const { url, outcome } of named) {
    if (outcome.kind === 'unanswered') return networkFinding(showUrl(url), outcome.error);
  }
  const page = named.find(({ answer }) => answer?.status === 200);
  const summary = page
    ? `${showUrl(page.url)} answers 200 without metadata`
    : `no metadata of the authorization server at any of ${looks.length} places`;
  return {
    status: 'failed',
    summary,
    requirement: page ? requirements.serverAnswer : requirements.serverMetadata,
    fix: {
      config: `"headers": {"Authorization": "Bearer \${TOKEN}"}`,
      explanation:
        'Check the url. A server without OAuth takes a token in a header; if you know the authorization server, name it with "oauth": {"issuer": "https://…"}.',
    },
  };
}

function otherIssuer(url: string, issuer: string, expected: string, configured: boolean): Finding {
  return {
    status: 'failed',
    summary: `${showUrl(url)} names the issuer ${foreign(issuer)}, not ${foreign(expected)}${configured ? ' as oauth.issuer says' : ''}`,
    requirement: requirements.issuerMatch,
    fix: {
      ...(URL.canParse(issuer) && oauthLine({ issuer })),
      explanation: 'If that other issuer is the right one, name it in the config; if not, tell the operator.',
    },
  };
}

/** A document of the right issuer whose endpoints cannot be used. */
function spoiledDocument(trace: ServerTrace, { answer, expectedIssuer = '' }: DiscoveryLook): Finding | undefined {
  const issuer = stringMember(answer?.json, 'issuer');
  if (answer?.status !== 200 || issuer === undefined) return undefined;
  for (const name of ['token_endpoint', 'authorization_endpoint']) {
    const value = stringMember(answer.json, name);
    if (value === undefined) {
      return {
        status: 'failed',
        summary: `the metadata of ${foreign(issuer)} names no ${name}`,
        requirement: requirements.endpoints,
        fix: { explanation: 'Its operator must publish it. Until then, use a token in an Authorization header.' },
      };
    }
    const context = { serverUrl: trace.serverUrl, issuer: trace.settings.issuer };
    if (judgeEndpoint(value, context).kind === 'refused') return refusedEndpoint(trace, name, value, expectedIssuer);
  }
  return undefined;
}

function refusedIssuer(url: string, reason: string): Finding {
  const canName = URL.canParse(url);
  const origin = canName ? new URL(url).origin : undefined;
  return {
    status: 'failed',
    summary: `the authorization server at ${foreign(origin ?? url)} is not asked: ${reason}`,
    requirement: reason === 'not https' ? requirements.endpointTls : requirements.serverSideRequests,
    fix: {
      ...(origin?.startsWith('https:') && oauthLine({ issuer: origin })),
      explanation: 'If that host is yours and meant to be asked, name its issuer in the config, with https.',
    },
  };
}
