import { AuthorizationResponseError, OperationProcessingError } from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { RedirectError, TooLargeError } from '../../src/auth/bounded-fetch.ts';
import { describeAnswer, refusedBy, translateOAuthError } from '../../src/auth/oauth-errors.ts';
import { GatewayError } from '../../src/errors.ts';
import { answerOf } from './samples.ts';

const failure = { server: 'crm', step: 'the step', hint: 'do this', secrets: ['canary'] };

describe('what goes wrong at an authorization server', () => {
  it.each<[string, unknown, string]>([
    ['a time limit', new DOMException('x', 'TimeoutError'), 'no answer in time'],
    ['a redirect', new RedirectError(302, 'https://x.example'), 'answered 302, a redirect to "https://x.example"'],
    ['a size limit', new TooLargeError(5), 'the answer is larger than 5 bytes'],
    [
      'a network error, by its cause',
      new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }),
      '"refused" (ECONNREFUSED)',
    ],
    ['the library', new OperationProcessingError('odd canary'), '"odd [secret]"'],
    ['anything else', 'canary text', '"[secret] text"'],
  ])('becomes AUTH_FAILED: %s', (_what, thrown, said) => {
    const error = translateOAuthError(thrown, failure);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      code: 'AUTH_FAILED',
      server: 'crm',
      hint: 'do this',
      message: `server 'crm': the step failed: ${said}`,
    });
  });

  it('does not carry the response or its body along as a cause', () => {
    const thrown = new OperationProcessingError('odd', { cause: { body: 'canary' } });
    const { cause } = translateOAuthError(thrown, failure) as GatewayError;
    expect((cause as Error).cause).toBeUndefined();
  });

  it('passes our own errors and the reason of a caller who cancelled', () => {
    const own = new GatewayError('SERVER_UNAVAILABLE', 'away');
    expect(translateOAuthError(own, failure)).toBe(own);
    const reason = new Error('gone');
    expect(translateOAuthError(new Error('aborted'), failure, AbortSignal.abort(reason))).toBe(reason);
  });
});

describe('a refusal', () => {
  it.each<[number, string | object, string]>([
    [
      400,
      { error: 'invalid_grant', error_description: 'canary\nold' },
      String.raw`status 400 "invalid_grant: [secret]\nold"`,
    ],
    [400, { error: 'invalid_grant' }, 'status 400 "invalid_grant"'],
    [403, 'Forbidden', 'status 403 "Forbidden"'],
    [503, '  ', 'status 503'],
  ])('of %i is described', (status, body, said) => {
    expect(describeAnswer(answerOf(status, body), ['canary'])).toBe(said);
    expect(refusedBy(answerOf(status, body), failure).message).toBe(`server 'crm': the step failed: ${said}`);
  });

  it.each([
    ['invalid_scope', /oauth\.scope/],
    ['invalid_target', /oauth\.resource.*false/],
    ['server_error', /^the hint$/],
    ['constructor', /^the hint$/],
  ])('B16: with %s says which key mends it, where one does', (error, hint) => {
    expect(refusedBy(answerOf(400, { error }), { ...failure, hint: 'the hint' }).hint).toMatch(hint);
    const parameters = new URLSearchParams({ error });
    const thrown = new AuthorizationResponseError('refused', { cause: parameters });
    expect(translateOAuthError(thrown, { ...failure, hint: 'the hint' })).toHaveProperty(
      'hint',
      expect.stringMatching(hint),
    );
  });
});
