// Owns waiting for a login that another process on the same token directory holds: its URL, its end. Starts nothing.
import { hostname } from 'node:os';
import { errorText, GatewayError, LoginAbandonedError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { sleep } from '../lib/sleep.ts';
import type { LeaseRecord } from './lease-file.ts';
import type { LoginLeases } from './login-lease.ts';
import { isLoopbackHost } from './loopback.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

const pollMs = 500;

export interface JoinedDeps {
  readonly fetch: FetchLike;
  readonly store: TokenStore;
  readonly leases: LoginLeases;
}

export interface JoinedInput {
  readonly server: string;
  readonly key: string;
  /** As the lease was when this process met it. */
  readonly found: LeaseRecord;
  /** What was saved then: any other access token is the sign that the login finished. */
  readonly before: LoginRecord | undefined;
  readonly signal: AbortSignal;
}

/** A login elsewhere, as far as its file tells. */
export class JoinedLogin {
  readonly #deps: JoinedDeps;
  readonly #input: JoinedInput;
  #lease: LeaseRecord;

  constructor(deps: JoinedDeps, input: JoinedInput) {
    this.#deps = deps;
    this.#input = input;
    this.#lease = input.found;
  }

  get lease(): LeaseRecord {
    return this.#lease;
  }

  /** Waits until the holder has a URL. Undefined: the login finished first. @throws as `finished` does */
  async url(): Promise<string | undefined> {
    for (;;) {
      if (this.#lease.loginUrl !== undefined) return this.#lease.loginUrl;
      if (await this.#look()) return undefined;
      if (this.#lease.loginUrl === undefined) await sleep(pollMs, this.#input.signal);
    }
  }

  /**
   * The record that the other process saved.
   * @throws GatewayError AUTH_FAILED it failed there; LoginAbandonedError its process is gone, or it was begun anew
   */
  async finished(): Promise<LoginRecord> {
    for (;;) {
      const record = await this.#look();
      if (record) return record;
      await sleep(pollMs, this.#input.signal);
    }
  }

  /**
   * Hands a pasted callback to the process that waits for it: it listens on this machine, or cannot be reached.
   * @throws GatewayError INVALID_ARGUMENTS where the callback is not that login's; AUTH_FAILED where nobody listens
   */
  async deliver(parameters: URLSearchParams): Promise<void> {
    const { server } = this.#input;
    const { callbackUrl, userCode, host, pid } = this.#lease;
    if (userCode !== undefined) throw noCallbackError(server, userCode);
    const unreachable = (why: string): GatewayError =>
      new GatewayError('AUTH_FAILED', `the login to server '${server}' is open in process ${pid} on ${host}: ${why}`, {
        server,
        hint: 'Paste the callback URL there, or begin anew: login_server with "restart": true.',
      });
    const target = callbackUrl !== undefined && URL.canParse(callbackUrl) ? new URL(callbackUrl) : undefined;
    // The file is ours, yet a code goes only to this machine, whatever stands in it.
    if (!target || host !== hostname() || !isLoopbackHost(target.hostname)) throw unreachable('another machine');
    target.search = parameters.toString();
    let status: number;
    try {
      const response = await this.#deps.fetch(target, { redirect: 'manual', signal: this.#input.signal });
      await response.body?.cancel();
      status = response.status;
    } catch (error) {
      throw unreachable(errorText(error));
    }
    if (status === 400) throw foreignCallbackError(server);
  }

  /** One look at the files; the record where the login is finished. The record is saved before the lease is removed. */
  async #look(): Promise<LoginRecord | undefined> {
    const { leases } = this.#deps;
    const { server, key } = this.#input;
    const record = await this.#newRecord();
    if (record) return record;
    const lease = await leases.read(key);
    if (!lease) {
      const late = await this.#newRecord();
      if (late) return late;
      throw this.#abandoned('ended without a result', undefined);
    }
    if (lease.owner !== this.#lease.owner) throw this.#abandoned('was begun anew', undefined);
    this.#lease = lease;
    if (lease.state === 'failed') throw failedError(server, 'failed', lease.error);
    if (lease.state === 'abandoned') throw this.#abandoned('ended', lease.error);
    if (leases.isOver(lease)) throw failedError(server, 'was not finished in time', undefined);
    if (!leases.isFresh(lease)) throw this.#abandoned(`was held by process ${lease.pid}, which is gone`, undefined);
    return undefined;
  }

  #abandoned(how: string, error: LeaseRecord['error']): LoginAbandonedError {
    const { message, hint } = failedError(this.#input.server, how, error);
    const { browserOpened: hadWindow } = this.#lease;
    return new LoginAbandonedError('AUTH_FAILED', message, { server: this.#input.server, hint, hadWindow });
  }

  async #newRecord(): Promise<LoginRecord | undefined> {
    const record = await this.#deps.store.read(this.#input.key);
    const token = record?.tokens?.access_token;
    return token !== undefined && token !== this.#input.before?.tokens?.access_token ? record : undefined;
  }
}

/** @returns the error for a callback URL that was handed to a login which takes none (RFC 8628) */
export function noCallbackError(server: string, userCode: string): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `the open login of '${server}' takes no callback URL`, {
    server,
    hint: `Open its login URL on any device and enter the code ${userCode}; the rest goes by itself.`,
  });
}

export function foreignCallbackError(server: string): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `the callback URL does not belong to the open login of '${server}'`, {
    server,
    hint: 'Open the newest login URL, and hand over the address that the browser ends up at, whole.',
  });
}

function failedError(server: string, how: string, error: LeaseRecord['error']): GatewayError {
  const why = error === undefined ? '' : `: ${error.message}`;
  return new GatewayError('AUTH_FAILED', `the login to server '${server}' in another process ${how}${why}`, {
    server,
    hint: error?.hint ?? `portico login ${server}`,
  });
}
