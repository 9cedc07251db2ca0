// Owns the loopback listeners that the authorization server's answer arrives at (RFC 8252 section 7.3), shared by
// `state`; judges nothing but the state, and knows nothing of tokens.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../errors.ts';
import { portOwner } from '../lib/port-owner.ts';
import type { LoginPage } from './login-page.ts';
import { notFoundPage, pageHeaders, strayCallbackPage, wrongMethodPage } from './login-page.ts';

export interface CallbackAddress {
  readonly host: string;
  /** From the config: this port or none. */
  readonly fixedPort?: number | undefined;
  /** From the last registration: taken where it is free, so that the registered redirect URI stays valid. */
  readonly preferredPort?: number | undefined;
  /** Besides `/callback`: the path of a configured redirect URI. */
  readonly path?: string | undefined;
}

/** One login's share of a listener. */
export interface CallbackPort {
  /** `http://HOST:PORT/callback`, as it is registered. */
  readonly redirectUri: string;
  readonly port: number;
  /** Resolves with the first callback that carries this state. The state is used up by it. */
  expect(state: string): Promise<URLSearchParams>;
  /**
   * A URL of this listener that sends the browser on to what `target` gives, anew each time it is opened; a page where
   * there is nowhere to go.
   */
  serveStart(target: () => Promise<string | LoginPage>): string;
  /** Hands in a callback that a human pasted; false where its state belongs to no open login. */
  deliver(parameters: URLSearchParams): boolean;
  /** Sends the page to every browser that brought this login's callback, and to those that come before `release`. */
  answer(page: LoginPage): Promise<void>;
  /** Gives the share back; the last one closes the listener and frees the port. */
  release(): Promise<void>;
}

interface Flow {
  readonly arrive: (parameters: URLSearchParams) => void;
  arrived: boolean;
  page: LoginPage | undefined;
  readonly waiting: Set<ServerResponse>;
}

interface Listener {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  readonly paths: Set<string>;
  shares: number;
}

const callbackPath = '/callback';
const startPath = '/start';

/** All listeners of one gateway process. A listener is open only while a login is. */
export class CallbackServer {
  readonly #listeners = new Set<Listener>();
  readonly #flows = new Map<string, Flow>();
  readonly #starts = new Map<string, () => Promise<string | LoginPage>>();
  #opening: Promise<unknown> = Promise.resolve();

  /**
   * Shares an open listener, or opens one.
   * @throws GatewayError AUTH_FAILED where the fixed port is taken
   */
  async open(address: CallbackAddress): Promise<CallbackPort> {
    // One after the other, so that two logins that begin together share one listener.
    const opened = this.#opening.then(() => this.#open(address));
    this.#opening = opened.catch(() => undefined);
    return this.#share(await opened, address);
  }

  async close(): Promise<void> {
    await this.#opening;
    await Promise.all([...this.#listeners].map((listener) => this.#closeListener(listener)));
  }

  async #open(address: CallbackAddress): Promise<Listener> {
    const { host, fixedPort, preferredPort } = address;
    const wanted = fixedPort ?? preferredPort;
    for (const open of this.#listeners) {
      if (open.host === host && (wanted === undefined || open.port === wanted)) return taken(open, address);
    }
    if (fixedPort !== undefined) {
      const listener = await this.#listen(host, fixedPort);
      if (listener) return taken(listener, address);
      const owner = await portOwner(fixedPort);
      const who = owner === undefined ? 'another program' : `process ${owner}`;
      throw new GatewayError('AUTH_FAILED', `the callback port ${fixedPort} on ${host} is in use by ${who}`, {
        hint: `Free port ${fixedPort}, or change oauth.callbackPort (and the redirect URI registered for it).`,
      });
    }
    const preferred = preferredPort === undefined ? undefined : await this.#listen(host, preferredPort);
    const listener = preferred ?? (await this.#listen(host, 0));
    if (!listener) throw new GatewayError('AUTH_FAILED', `no port is free on ${host} for the login's callback`);
    return taken(listener, address);
  }

  /** Undefined where the port is in use, or may not be used by this user. */
  async #listen(host: string, port: number): Promise<Listener | undefined> {
    const paths = new Set([callbackPath]);
    const server = createServer((request, response) => this.#handle(request, response, paths));
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EADDRINUSE' || code === 'EACCES') return undefined;
      throw new GatewayError('AUTH_FAILED', `the login's callback cannot listen on ${host} (${String(code)})`, {
        hint: 'Set oauth.callbackHost to an address of this machine.',
        cause: error,
      });
    }
    // A listener that breaks later ends no process: the login runs into its time limit, or is finished by hand.
    server.on('error', () => undefined);
    const listener: Listener = { server, host, port: (server.address() as AddressInfo).port, paths, shares: 0 };
    this.#listeners.add(listener);
    return listener;
  }

  #share(listener: Listener, address: CallbackAddress): CallbackPort {
    const mine: { state?: string; start?: string; flow?: Flow; released?: boolean } = {};
    return {
      redirectUri: redirectUriOf(address.host, listener.port),
      port: listener.port,
      expect: (state) =>
        new Promise((resolve) => {
          mine.state = state;
          mine.flow = { arrive: resolve, arrived: false, page: undefined, waiting: new Set() };
          this.#flows.set(state, mine.flow);
        }),
      serveStart: (target) => {
        // Not the state: that stays between the two servers and the browser that logs in.
        mine.start = randomUUID();
        this.#starts.set(mine.start, target);
        return new URL(`${startPath}?login=${mine.start}`, redirectUriOf(address.host, listener.port)).href;
      },
      deliver: (parameters) => this.#deliver(parameters) !== undefined,
      answer: async (page) => {
        if (!mine.flow) return;
        mine.flow.page = page;
        await Promise.all([...mine.flow.waiting].map((response) => send(response, page)));
      },
      release: async () => {
        if (mine.released) return;
        mine.released = true;
        if (mine.state !== undefined) this.#flows.delete(mine.state);
        if (mine.start !== undefined) this.#starts.delete(mine.start);
        listener.shares -= 1;
        if (listener.shares === 0) await this.#closeListener(listener);
      },
    };
  }

  #handle(request: IncomingMessage, response: ServerResponse, paths: ReadonlySet<string>): void {
    const target = parseTarget(request.url ?? '/');
    const start = target?.pathname === startPath && this.#starts.get(target.searchParams.get('login') ?? '');
    if (start && request.method === 'GET') void sendOn(response, start);
    else if (!target || !paths.has(target.pathname)) void send(response, notFoundPage());
    else if (request.method !== 'GET') void send(response, wrongMethodPage());
    else {
      const flow = this.#deliver(target.searchParams);
      if (!flow) void send(response, strayCallbackPage());
      else if (flow.page) void send(response, flow.page);
      else {
        flow.waiting.add(response);
        response.once('close', () => flow.waiting.delete(response));
      }
    }
  }

  /** A state is taken once; the same address again (a reload) changes nothing and gets the same page. */
  #deliver(parameters: URLSearchParams): Flow | undefined {
    const [state, ...more] = parameters.getAll('state');
    const flow = state === undefined || more.length > 0 ? undefined : this.#flows.get(state);
    if (flow && !flow.arrived) {
      flow.arrived = true;
      flow.arrive(parameters);
    }
    return flow;
  }

  async #closeListener(listener: Listener): Promise<void> {
    if (!this.#listeners.delete(listener)) return;
    const closed = once(listener.server, 'close');
    listener.server.close();
    // Browsers open spare connections and keep them; none of them may keep the process alive.
    listener.server.closeAllConnections();
    await closed;
  }
}

function taken(listener: Listener, address: CallbackAddress): Listener {
  listener.shares += 1;
  if (address.path !== undefined) listener.paths.add(address.path);
  return listener;
}

/** Undefined for request targets that are no URL, such as `//`. */
function parseTarget(target: string): URL | undefined {
  const base = 'http://callback.invalid';
  return URL.canParse(target, base) ? new URL(target, base) : undefined;
}

/** A listener on all addresses is reached at the loopback one; IPv6 goes into brackets. */
export function redirectUriOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '') return `http://127.0.0.1:${port}${callbackPath}`;
  if (host === '::') return `http://[::1]:${port}${callbackPath}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${callbackPath}`;
}

async function sendOn(response: ServerResponse, target: () => Promise<string | LoginPage>): Promise<void> {
  const where = await target();
  if (typeof where !== 'string') await send(response, where);
  else response.writeHead(302, { ...pageHeaders, location: where, connection: 'close' }).end();
}

/** Resolves when the page has left, or the browser has. */
function send(response: ServerResponse, page: LoginPage): Promise<void> {
  return new Promise((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
    if (response.destroyed) resolve();
    else response.writeHead(page.status, { ...pageHeaders, connection: 'close' }).end(page.html);
  });
}
