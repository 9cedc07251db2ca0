// Owns the translation of everything that goes wrong at an authorization server into one GatewayError; no secret passes.
import { AuthorizationResponseError, OperationProcessingError, UnsupportedOperationError } from 'oauth4webapi';
import { errorText, GatewayError } from '../errors.ts';
import type { Answer } from './answer.ts';
import { quoteForeign, stringMember } from './answer.ts';
import { RedirectError, TooLargeError } from './bounded-fetch.ts';

export interface Failure {
  readonly server: string;
  /** What was being done, as the beginning of a sentence: `the registration at https://as.example/register`. */
  readonly step: string;
  readonly hint?: string | undefined;
  /** Values that must not be shown even where the other side echoes them. */
  readonly secrets?: readonly (string | undefined)[];
}

/** Refusals that the config can mend, whoever asked (RFC 6749 section 4.1.2.1, RFC 8707 section 2). */
const mending: Readonly<Record<string, string>> = {
  invalid_scope: 'Set oauth.scope to what the vendor says this client may ask for.',
  invalid_target: 'Set oauth.resource to what the vendor calls this server, or to false to send none.',
};

/** What the authorization server said, in a few words: its error code and description (RFC 6749 section 5.2), or its text. */
export function describeAnswer(answer: Answer, secrets: Failure['secrets'] = []): string {
  const error = stringMember(answer.json, 'error');
  if (error === undefined) {
    return answer.text.trim() === ''
      ? `status ${answer.status}`
      : `status ${answer.status} ${quoteForeign(answer.text, secrets)}`;
  }
  const description = stringMember(answer.json, 'error_description');
  return quoted(`status ${answer.status}`, error, description, secrets);
}

/** The answer was read and is a refusal, or no answer of this kind at all. */
export function refusedBy(answer: Answer, failure: Failure): GatewayError {
  const known = mended(failure, stringMember(answer.json, 'error'));
  return failed(known, describeAnswer(answer, failure.secrets), undefined);
}

/** A step did not come to an answer, or oauth4webapi did not accept it. Our own errors and the caller's cancellation pass unchanged. */
export function translateOAuthError(error: unknown, failure: Failure, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof GatewayError) return error;
  if (error instanceof AuthorizationResponseError) {
    const what = quoted('', error.error, error.error_description, failure.secrets);
    return failed(mended(failure, error.error), what, undefined);
  }
  return failed(failure, describeThrown(error, failure.secrets), error);
}

/** Why a request came to no answer. */
export function describeThrown(error: unknown, secrets: Failure['secrets'] = []): string {
  if (error instanceof RedirectError || error instanceof TooLargeError) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  if (error instanceof OperationProcessingError || error instanceof UnsupportedOperationError) {
    return quoteForeign(error.message, secrets);
  }
  // `fetch` hides the reason (ECONNREFUSED, a certificate) in the cause.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return `${quoteForeign(errorText(cause), secrets)}${code}`;
}

function mended(failure: Failure, error: string | undefined): Failure {
  const hint = error !== undefined && Object.hasOwn(mending, error) ? mending[error] : undefined;
  return hint === undefined ? failure : { ...failure, hint };
}

function quoted(
  lead: string,
  error: string,
  description: string | undefined,
  secrets: Failure['secrets'] = [],
): string {
  const text = description === undefined ? error : `${error}: ${description}`;
  return `${lead}${lead && ' '}${quoteForeign(text, secrets)}`;
}

function failed(failure: Failure, what: string, error: unknown): GatewayError {
  // Errors of oauth4webapi keep the response and its body as their cause: only the text goes on.
  const cause = error instanceof Error ? new Error(errorText(error)) : undefined;
  return new GatewayError('AUTH_FAILED', `server '${failure.server}': ${failure.step} failed: ${what}`, {
    server: failure.server,
    hint: failure.hint,
    cause,
  });
}
