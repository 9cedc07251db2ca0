// Owns the doctor's step "token": what the server says to the saved token. Pure; prove-login.ts asks.
import type { Proof } from '../prove-login.ts';
import type { DoctorStep, Finding } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign } from './text.ts';

export interface TokenContext {
  readonly server: string;
  readonly canRefresh: boolean;
  /** `oauth.scope`, where the config sets it: then a login asks for no more than that. */
  readonly configuredScope: string | undefined;
}

export function judgeTokenProof(proof: Proof, context: TokenContext): DoctorStep {
  if (proof.kind === 'accepted') {
    return stepOf('token', {
      summary: 'the server takes the saved token',
      facts: { status: null, error: null, scope: null },
    });
  }
  if (proof.kind === 'unanswered') {
    const summary = `the server did not judge the token: ${proof.reason}`;
    return stepOf('token', { summary, facts: { status: null, error: null, scope: null } }, [
      { status: 'warning', summary },
    ]);
  }
  const { status, challenge } = proof;
  const facts = { status, error: challenge.error ?? null, scope: challenge.scope ?? null };
  const said = challenge.errorDescription ?? challenge.error;
  const quote = said === undefined ? '' : `: ${foreign(said)}`;
  return stepOf('token', { summary: '', facts }, [rejection(proof, context, quote)]);
}

function rejection(
  { status, challenge }: Extract<Proof, { kind: 'rejected' }>,
  { server, canRefresh, configuredScope }: TokenContext,
  quote: string,
): Finding {
  const command = `portico login ${server}`;
  if (challenge.error === 'insufficient_scope') {
    const missing = challenge.scope ?? '';
    const wanted = [...new Set([...(configuredScope?.split(/\s+/) ?? []), ...missing.split(/\s+/)])].join(' ').trim();
    return {
      status: 'failed',
      summary: `the server wants more scope than the token grants (${status})${missing === '' ? quote : `: ${foreign(missing)}`}`,
      requirement: requirements.insufficientScope,
      fix: {
        ...(configuredScope !== undefined &&
          missing !== '' && { config: `"oauth": {"scope": ${JSON.stringify(wanted)}}` }),
        command,
        explanation: 'A new login asks for what is missing.',
      },
    };
  }
  if (status === 403) {
    return {
      status: 'failed',
      summary: `the server takes the token and refuses the request (403)${quote}`,
      fix: { explanation: 'That is its own refusal, which no login changes: does the account have access there?' },
    };
  }
  // Only a refresh would tell whether the login is still there, and a refresh changes it.
  const hope = canRefresh ? '; the next call refreshes it, or needs a login' : '';
  return {
    status: 'failed',
    summary: `the server rejects the saved token (${status})${quote}${hope}`,
    requirement: requirements.invalidToken,
    fix: {
      command,
      explanation: 'Log in again. A new token that is rejected too is meant for another audience: see oauth.resource.',
    },
  };
}
