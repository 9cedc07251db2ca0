// Owns the one line that a doctor's steps come to. Pure.

import type { DoctorStep, Verdict } from './report.ts';
import type { LoginState } from './saved-login.ts';

export interface Outcome {
  readonly server: string;
  /** Whether the server asks for a login. */
  readonly needed: boolean;
  readonly login: LoginState;
  /** Whether the server took the saved token; undefined: it was not asked, or did not judge it. */
  readonly accepted: boolean | undefined;
  /** The grant of the config needs no human. */
  readonly byItself: boolean;
}

export function verdictOf(steps: readonly DoctorStep[], outcome: Outcome): Verdict {
  const failed = steps.find(({ status }) => status === 'failed');
  const command = `portico login ${outcome.server}`;
  if (failed?.step === 'token' && failed.fix?.command !== undefined) {
    return { kind: 'needs_login', summary: `${command} (${failed.summary})`, ...because(failed) };
  }
  if (failed) {
    // What fails a new login does not end the one that is there.
    const lead = outcome.accepted ? 'works now, but a new login would fail: ' : '';
    return { kind: 'problem', summary: `${lead}${failed.summary}`, ...because(failed) };
  }
  const { login } = outcome;
  const isMissing = login === 'none' || login === 'expired';
  if (outcome.needed && isMissing && !outcome.byItself) {
    return {
      kind: 'needs_login',
      summary: `${command} (${whyMissing[login]})`,
      fix: { command, explanation: 'Log in.' },
    };
  }
  return { kind: 'ok', summary: okSummary(outcome, isMissing) };
}

const whyMissing = { none: 'no login is saved', expired: 'the saved login has expired' } as const;

function because({ step, requirement, fix }: DoctorStep): Pick<Verdict, 'step' | 'requirement' | 'fix'> {
  return { step, ...(requirement && { requirement }), ...(fix && { fix }) };
}

function okSummary({ needed, login, accepted }: Outcome, isMissing: boolean): string {
  if (!needed) return 'the server asks for no login';
  if (isMissing) return 'the next call gets a token by itself';
  if (login === 'refreshable') return 'logged in; the next call refreshes the token';
  return accepted ? 'logged in, and the server takes the token' : 'logged in';
}
