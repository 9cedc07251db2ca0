// Owns how one look of a discovery reads in the doctor's list of URLs. Pure.
import type { DiscoveryLook } from '../discovery-look.ts';
import { describeThrown } from '../oauth-errors.ts';
import type { TriedUrl } from './report.ts';
import { foreign, showUrl } from './text.ts';

export function triedUrl(look: DiscoveryLook): TriedUrl {
  const { url, outcome, answer } = look;
  const used = outcome.kind === 'usable';
  return { url: showUrl(url), status: answer?.status ?? null, used, result: resultOf(look) };
}

function resultOf({ outcome, expectedIssuer }: DiscoveryLook): string {
  switch (outcome.kind) {
    case 'usable':
      return 'used';
    case 'refused':
      return `not asked: ${outcome.reason}`;
    case 'unanswered':
      return describeThrown(outcome.error);
    case 'foreign':
      return 'resource' in outcome
        ? `is about the resource ${foreign(outcome.resource)}`
        : `names the issuer ${foreign(outcome.issuer)}, not ${foreign(expectedIssuer ?? '')}`;
    case 'unusable':
      return typeof outcome.reason === 'number'
        ? statusWords(outcome.reason)
        : outcome.reason.replace(/^200, but /, '');
    default:
      return outcome satisfies never;
  }
}

function statusWords(status: number): string {
  if (status === 404 || status === 410) return 'not there';
  if (status === 401 || status === 403) return 'refused, which many servers say of paths they do not have';
  if (status >= 500) return 'trouble of its own';
  return 'not there, or refused';
}
