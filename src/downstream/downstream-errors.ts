// Owns the translation of everything that can go wrong with a server into the gateway's own error. The one translator
// of this room; it goes by classes and codes, never by wording.
import type { ServerEntry } from '../config/server-entry.ts';
import { errorText, GatewayError } from '../errors.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../wire/rpc-error.ts';
import { AnswerTooLargeError, HttpStatusError, NotAMessageError, quote } from './http-answer-errors.ts';
import { OversizedAnswer } from './read-message.ts';

export interface Circumstances {
  readonly entry: ServerEntry;
  /** What was being done: `initialize`, `tools/list`, `tool 'search'`; empty where nothing was. */
  readonly doing: string;
  /** The config key that sets the time limit. */
  readonly limitKey: LimitKey;
  /** The caller's, to tell a cancelled request from a failed one. */
  readonly signal?: AbortSignal | undefined;
  /** What the channel knows about its own end. */
  readonly describeEnd?: (() => string | undefined) | undefined;
}

/** Whose limit it was: a key of the config, or the argument of the call. */
export type LimitKey = 'timeoutMs' | 'totalTimeoutMs' | 'connectTimeoutMs' | 'timeout_ms';

/** A GatewayError (LoginRequiredError among them) comes back as it is; everything else becomes one. */
export function translateError(error: unknown, around: Circumstances): GatewayError {
  if (error instanceof GatewayError) return error;
  const { entry, signal } = around;
  const server = entry.name;
  if (signal?.aborted) {
    if (signal.reason instanceof GatewayError) return signal.reason;
    return new GatewayError('CANCELLED', `the request to server '${server}' was cancelled`, { server, cause: error });
  }
  if (error instanceof RequestTimeoutError) return timedOut(error, around);
  if (error instanceof AnswerTooLargeError) return tooLarge(error.size, around);
  if (error instanceof RpcError && error.data instanceof OversizedAnswer) return tooLarge(error.data.size, around);
  const { what, hint } = describe(error, around);
  return new GatewayError('SERVER_UNAVAILABLE', `server '${server}' ${what}`, { server, hint, cause: error });
}

function timedOut(error: RequestTimeoutError, around: Circumstances): GatewayError {
  const { entry, doing, describeEnd } = around;
  const limitKey = error.limit === 'total' ? 'totalTimeoutMs' : around.limitKey;
  const said = describeEnd?.();
  const message = `server '${entry.name}' gave no answer to ${doing} within ${error.timeoutMs} ms (${limitKey})`;
  return new GatewayError('TIMEOUT', said === undefined ? message : `${message}; ${said}`, {
    server: entry.name,
    hint:
      limitKey === 'timeout_ms'
        ? 'try again with a larger timeout_ms'
        : `try again, or raise "${limitKey}" of '${entry.name}' in the config`,
    cause: error,
  });
}

function tooLarge(size: number, { entry, doing }: Circumstances): GatewayError {
  const message = `the answer of server '${entry.name}' to ${doing} has ${size} bytes or more, too many for one message`;
  return new GatewayError('RESULT_TOO_LARGE', message, {
    server: entry.name,
    hint: 'ask for less at once: a filter, a page, a smaller range',
  });
}

interface Description {
  /** Goes on after `server 'x' `. */
  readonly what: string;
  readonly hint: string;
}

function describe(error: unknown, around: Circumstances): Description {
  const { entry, doing, describeEnd } = around;
  const later = `try again; portico tools ${entry.name} shows whether it starts by itself`;
  if (error instanceof ConnectionClosedError) {
    const end = describeEnd?.();
    const when = doing === '' ? '' : ` during ${doing}`;
    return { what: `ended the connection${when}${end === undefined ? '' : `: ${end}`}`, hint: later };
  }
  if (error instanceof HttpStatusError) {
    const body = error.body === '' ? '' : `: ${error.body}`;
    const wrong = error.status === 404 || error.status === 405;
    return {
      what: `answered ${doing} with HTTP ${error.status}${body}`,
      hint: wrong ? `check "url" of '${entry.name}' in the config` : later,
    };
  }
  if (error instanceof NotAMessageError) {
    const body = error.body === '' ? 'nothing' : error.body;
    const type = error.contentType ?? 'no content type';
    return {
      what: `does not speak MCP at this URL: it answered ${doing} with ${type}: ${body}`,
      hint: `check "url" of '${entry.name}' in the config`,
    };
  }
  if (error instanceof RpcError) {
    return { what: `refused ${doing}: ${quote(error.message)} (code ${error.code})`, hint: later };
  }
  return (
    describeSystemError(error, around) ?? {
      what: `failed at ${doing}: ${quote(errorText(rootCause(error)))}`,
      hint: later,
    }
  );
}

const networkCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection off',
  EPIPE: 'broke the connection off',
  UND_ERR_SOCKET: 'broke the connection off',
  ENOTFOUND: 'cannot be found: the host name is unknown',
  EAI_AGAIN: 'cannot be found: the name service does not answer',
  ETIMEDOUT: 'cannot be reached: no answer from the network address',
  UND_ERR_CONNECT_TIMEOUT: 'cannot be reached: no answer from the network address',
  UND_ERR_HEADERS_TIMEOUT: 'did not begin to answer in time',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of an answer',
  EHOSTUNREACH: 'cannot be reached: no route to its network address',
  ENETUNREACH: 'cannot be reached: there is no network',
};

const spawnCodes: Readonly<Record<string, string>> = {
  EACCES: 'the file may not be executed',
  EPERM: 'the system does not permit it',
  ENOENT: 'the file, or the interpreter named in its first line, does not exist',
  ENOEXEC: 'the file is no program for this system',
  E2BIG: 'arguments and environment are too long together',
  EMFILE: 'too many files are open',
  EAGAIN: 'too many processes are running',
  ENOMEM: 'there is not enough memory',
};

/** Codes of OpenSSL's verification (X509_V_ERR_…) as Node names them. */
const certificateCode =
  /^(?:CERT_|CRL_|ERR_TLS_|ERR_SSL_|EPROTO$|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$)/;

function describeSystemError(error: unknown, { entry, doing }: Circumstances): Description | undefined {
  const found = systemError(error);
  if (!found) return undefined;
  const { code, message } = found;
  if (entry.kind === 'stdio') {
    const reason = spawnCodes[code];
    if (reason === undefined) return undefined;
    return { what: `cannot be started: ${reason} (${code}, ${entry.command})`, hint: 'check "command" in the config' };
  }
  const host = hostOf(entry.url);
  if (certificateCode.test(code)) {
    return {
      what: `at ${host} cannot be trusted: ${quote(message)} (${code})`,
      hint: 'if a company proxy or a private CA signs it, set NODE_EXTRA_CA_CERTS to the CA file',
    };
  }
  const reason = networkCodes[code];
  if (reason === undefined) return undefined;
  return { what: `at ${host} ${reason} (${code}, during ${doing})`, hint: 'check "url", the network and the proxy' };
}

/** `fetch` wraps what went wrong, sometimes twice: the first cause with a system code counts. */
function systemError(error: unknown): { code: string; message: string } | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') return { code: current.code, message: current.message };
    current = current.cause;
  }
  return undefined;
}

/** `fetch failed` says nothing; what made it fail does. */
function rootCause(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error && current.cause !== undefined; depth++)
    current = current.cause;
  return current;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
