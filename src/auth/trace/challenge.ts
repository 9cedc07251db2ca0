// Owns the doctor's step "challenge": what the server says to a request without a token (RFC 6750, RFC 9728). Pure.
import type { HttpServerEntry } from '../../config/server-entry.ts';
import { parseObject } from '../answer.ts';
import type { Probe, ProbeAnswer } from '../probe-server.ts';
import type { DoctorStep, Finding } from './report.ts';
import { skippedStep, stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, showUrl } from './text.ts';

/** Whether the server wants a login, by this answer alone. */
export function wantsLogin(probe: Probe, entry: Pick<HttpServerEntry, 'oauth'>): boolean {
  if (probe.kind !== 'answered' || entry.oauth === false) return false;
  return probe.status === 401 || (probe.status === 403 && probe.challenge.error === 'insufficient_scope');
}

export function judgeChallenge(probe: Probe, entry: Pick<HttpServerEntry, 'oauth' | 'headers'>): DoctorStep {
  if (probe.kind !== 'answered') return skippedStep('challenge', 'the server did not answer');
  const { status, challenge } = probe;
  const facts = {
    method: probe.method,
    status,
    schemes: probe.challenges.map(({ scheme }) => scheme),
    resource_metadata: challenge.resourceMetadataUrl === undefined ? null : showUrl(challenge.resourceMetadataUrl),
    scope: challenge.scope ?? null,
    error: challenge.error ?? null,
  };
  if (wantsLogin(probe, entry)) {
    const named = challenge.resourceMetadataUrl === undefined ? '' : ', names its resource metadata';
    const summary = `${status}, ${schemeNames(probe)}${named}`;
    return stepOf('challenge', { summary, facts }, challengeFindings(probe));
  }
  if (status === 401) return stepOf('challenge', { summary: '', facts }, [headerRefused(entry)]);
  if (status >= 200 && status < 300) {
    const hasHeader = entry.oauth === false && namesOf(entry).includes('authorization');
    const summary = hasHeader ? `${status}, takes the Authorization header` : `${status}, asks for no login`;
    return stepOf('challenge', { summary, facts });
  }
  return stepOf('challenge', { summary: `${status}, a protocol error, no login asked for`, facts }, refusals(probe));
}

function schemeNames({ challenges }: ProbeAnswer): string {
  const names = [...new Set(challenges.map(({ scheme }) => scheme))];
  return names.length === 0 ? 'no challenge' : names.slice(0, 5).join(', ');
}

/** None of these ends a login: where the header says too little, the well-known places are asked. */
function challengeFindings({ challenges, status }: ProbeAnswer): readonly Finding[] {
  if (challenges.length === 0) {
    return [
      {
        status: 'warning',
        summary: `${status} without WWW-Authenticate; the well-known places are asked instead`,
        requirement: requirements.authenticate,
      },
    ];
  }
  if (challenges.some(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')) return [];
  return [
    {
      status: 'warning',
      summary: `${status}, and the challenge offers ${foreign(challenges.map(({ scheme }) => scheme).join(', '))}, not Bearer; a login is tried all the same`,
      requirement: requirements.bearer,
    },
  ];
}

function headerRefused(entry: Pick<HttpServerEntry, 'oauth' | 'headers'>): Finding {
  if (namesOf(entry).includes('authorization')) {
    return {
      status: 'failed',
      summary: 'the server rejects the Authorization header of the config (401)',
      requirement: requirements.invalidToken,
      fix: {
        explanation:
          'Is the token still valid, and is the variable it comes from set and not empty? Without the header, and without "oauth": false, portico logs in by itself.',
      },
    };
  }
  return {
    status: 'failed',
    summary: 'the server wants a login (401), and the config says "oauth": false',
    fix: {
      config: `"headers": {"Authorization": "Bearer \${TOKEN}"}`,
      explanation: 'Set an Authorization header, or take "oauth": false away to log in.',
    },
  };
}

function namesOf({ headers }: Pick<HttpServerEntry, 'headers'>): readonly string[] {
  return Object.keys(headers).map((name) => name.toLowerCase());
}

/** Statuses that no login helps against. */
function refusals({ status, text }: ProbeAnswer): readonly Finding[] {
  // Servers of other MCP revisions refuse `initialize` in the protocol's own words: they are there, and open.
  if (status < 500 && parseObject(text)?.['jsonrpc'] === '2.0') return [];
  const said = text.trim() === '' ? '' : `: ${foreign(text.slice(0, 200))}`;
  const at = (explanation: string): readonly Finding[] => [
    { status: 'failed', summary: `the server answers ${status} to initialize${said}`, fix: { explanation } },
  ];
  if (status === 403) {
    return at(
      'This is its own refusal, not a request for a login: check the headers, the network it admits, and the url.',
    );
  }
  if (status === 404 || status === 405 || status === 410) {
    return at('No MCP server answers at this url: check its path (/mcp, /sse, with or without a slash at the end).');
  }
  if (status === 429) return at('The server limits requests: try again later.');
  if (status >= 500) return at('The server has trouble of its own: try again later.');
  return at('The server does not take this request: check the url and the headers.');
}
