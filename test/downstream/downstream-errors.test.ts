// Tests of src/downstream/downstream-errors.ts.
import { describe, expect, it } from 'vitest';
import { translateError } from '../../src/downstream/downstream-errors.ts';
import { AnswerTooLargeError } from '../../src/downstream/http-answer-errors.ts';
import { OversizedAnswer } from '../../src/downstream/read-message.ts';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../../src/wire/rpc-error.ts';
import { httpEntry, stdioEntry } from './surroundings.ts';

const web = { entry: httpEntry('https://mcp.example.com/mcp'), doing: 'initialize', limitKey: 'timeoutMs' as const };
const local = { entry: stdioEntry({ command: 'npx' }), doing: 'initialize', limitKey: 'timeoutMs' as const };

const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code });
const fetchFailed = (cause: Error): Error => new TypeError('fetch failed', { cause });

describe('translating errors of an HTTP server', () => {
  it.each([
    [fetchFailed(coded('ECONNREFUSED')), 'SERVER_UNAVAILABLE', 'mcp.example.com refuses connections (ECONNREFUSED'],
    [fetchFailed(coded('ENOTFOUND')), 'SERVER_UNAVAILABLE', 'mcp.example.com cannot be found'],
    [fetchFailed(coded('UND_ERR_SOCKET')), 'SERVER_UNAVAILABLE', 'broke the connection off'],
    [
      fetchFailed(coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')),
      'SERVER_UNAVAILABLE',
      'mcp.example.com cannot be trusted: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [
      fetchFailed(coded('CERT_HAS_EXPIRED', 'certificate has expired')),
      'SERVER_UNAVAILABLE',
      'certificate has expired',
    ],
    [
      fetchFailed(coded('ERR_TLS_CERT_ALTNAME_INVALID', 'altnames do not match')),
      'SERVER_UNAVAILABLE',
      'cannot be trusted: altnames do not match',
    ],
    [fetchFailed(coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')), 'SERVER_UNAVAILABLE', 'cannot be trusted'],
    [fetchFailed(new Error('bad port')), 'SERVER_UNAVAILABLE', 'bad port'],
    ['thrown text', 'SERVER_UNAVAILABLE', 'thrown text'],
    [
      new RpcError(-32602, 'unsupported version'),
      'SERVER_UNAVAILABLE',
      'refused initialize: unsupported version (code -32602)',
    ],
    [new RpcError(-32001, 'large', new OversizedAnswer(9)), 'RESULT_TOO_LARGE', '9 bytes'],
    [new RpcError(-32001, 'Request timed out'), 'SERVER_UNAVAILABLE', 'Request timed out'],
    [new AnswerTooLargeError(9), 'RESULT_TOO_LARGE', '9 bytes'],
    [new RequestTimeoutError(50), 'TIMEOUT', "'web' gave no answer to initialize within 50 ms (timeoutMs)"],
    [new ConnectionClosedError(), 'SERVER_UNAVAILABLE', 'ended the connection during initialize'],
  ])('%s', (error, code, text) => {
    const translated = translateError(error, web);
    expect(translated).toMatchObject({ code, server: 'web', hint: expect.stringMatching(/./) });
    expect(translated.message).toContain(text);
  });

  it.each([new GatewayError('AUTH_FAILED', 'x'), new LoginRequiredError('web', {})])('leaves %s as it is', (error) => {
    expect(translateError(error, web)).toBe(error);
  });

  it('tells a cancelled request from a failed one, and keeps a reason that is ours', () => {
    const plain = AbortSignal.abort();
    expect(translateError(plain.reason, { ...web, signal: plain })).toMatchObject({ code: 'CANCELLED', server: 'web' });
    const reason = new GatewayError('CANCELLED', 'the client went away');
    const ours = AbortSignal.abort(reason);
    expect(translateError(new Error('aborted'), { ...web, signal: ours })).toBe(reason);
  });
});

describe('translating errors of a stdio server', () => {
  it.each([
    ['EACCES', 'cannot be started: the file may not be executed (EACCES, npx)'],
    ['ENOEXEC', 'cannot be started: the file is no program for this system'],
    ['ENOENT', 'cannot be started: the file, or the interpreter'],
    ['EUNHEARDOF', 'failed at initialize: EUNHEARDOF'],
  ])('%s', (code, text) => {
    expect(translateError(coded(code), local)).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining(text),
    });
  });
});
