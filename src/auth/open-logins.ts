// Owns the logins that are open in this process: one per key, started once however many ask, ended together.
import type { HttpServerEntry } from '../config/server-entry.ts';
import { type GatewayError, LoginAbandonedError } from '../errors.ts';
import type { OpenLogin, StartDeps, StartInput } from './start-login.ts';
import { startLogin } from './start-login.ts';

export class OpenLogins {
  readonly #open = new Map<string, OpenLogin>();
  readonly #starting = new Map<string, Promise<OpenLogin | undefined>>();
  readonly #closing = new AbortController();

  get(key: string): OpenLogin | undefined {
    return this.#open.get(key);
  }

  /** The open login, or a new one; undefined: there is a login already. @throws GatewayError AUTH_FAILED */
  async start(deps: StartDeps, input: Omit<StartInput, 'closing'>): Promise<OpenLogin | undefined> {
    this.#closing.signal.throwIfAborted();
    const { key, request } = input;
    const starting = this.#starting.get(key);
    if (starting && !request.restart) return await starting;
    const open = this.#open.get(key);
    if (open && !request.restart) return open;
    const started = this.#begin(deps, input, starting);
    this.#starting.set(key, started);
    try {
      return await started;
    } finally {
      if (this.#starting.get(key) === started) this.#starting.delete(key);
    }
  }

  async drop(key: string, reason: GatewayError): Promise<void> {
    await this.#starting.get(key)?.catch(() => undefined);
    await this.#open.get(key)?.drop(reason);
  }

  /** Ends it without a verdict: who waits for it may begin anew. `how`: the end of a sentence about the login. */
  async abandon(key: string, entry: HttpServerEntry, how: string): Promise<void> {
    await this.#starting.get(key)?.catch(() => undefined);
    await this.#end(key, entry, how);
  }

  /** Ends every login that is open here, and refuses new ones. */
  async close(): Promise<void> {
    const reason = new LoginAbandonedError('CANCELLED', 'the gateway ends, and its open logins with it');
    this.#closing.abort(reason);
    await Promise.allSettled(this.#starting.values());
    await Promise.allSettled([...this.#open.values()].map((open) => open.drop(reason)));
  }

  async #end(key: string, { name: server }: HttpServerEntry, how: string): Promise<void> {
    const open = this.#open.get(key);
    const details = { server, hint: `portico login ${server}`, hadWindow: open?.browserOpened ?? false };
    await open?.drop(new LoginAbandonedError('CANCELLED', `the login to server '${server}' ${how}`, details));
  }

  async #begin(
    deps: StartDeps,
    input: Omit<StartInput, 'closing'>,
    earlier: Promise<unknown> | undefined,
  ): Promise<OpenLogin | undefined> {
    const { key, entry, request } = input;
    if (request.restart) {
      await earlier?.catch(() => undefined);
      await this.#end(key, entry, 'was begun anew');
    }
    const login = await startLogin(deps, { ...input, closing: this.#closing.signal });
    if (!login) return undefined;
    this.#open.set(key, login);
    const forget = (): void => {
      if (this.#open.get(key) === login) this.#open.delete(key);
    };
    login.done.then(forget, forget);
    return login;
  }
}
