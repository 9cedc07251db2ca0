// Owns the way between a client that speaks Streamable HTTP and a program that speaks stdio: an HTTP server on this
// machine, one program for each session (up to 2025-11-25) or one for all (2026-07-28). Knows no scenario; it passes
// messages, and changes ids, and the names of tools and prompts, from which it takes the prefix.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

/** The program ends itself when its stdin does; whatever hangs is killed. Milliseconds. */
const endMs = 6000;
const invalidRequest = -32600;
const sessionHeader = 'mcp-session-id';
const protocolVersion = 'io.modelcontextprotocol/protocolVersion';

/** JSON-RPC error code → HTTP status, in 2026-07-28. */
const statuses = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 };

/**
 * @typedef {object} Program
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} cwd
 * @property {Readonly<Record<string, string>>} env
 */

/**
 * @param {{ program: Program, prefix?: string }} options `prefix`: of the tools and prompts, toward the program
 * @returns {Promise<{ url: string, log(): string, close(): Promise<void> }>}
 */
export async function startBridge({ program, prefix = '' }) {
  /** @type {Map<string, Channel>} '': the one for clients without sessions */
  const channels = new Map();
  let log = '';
  const channel = (/** @type {string} */ id) => {
    const made = new Channel(program, prefix, (text) => {
      log += text;
    });
    channels.set(id, made);
    return made;
  };
  const server = createServer(async (request, response) => {
    const id = [request.headers[sessionHeader] ?? ''].flat()[0] ?? '';
    const known = channels.get(id);
    if (id !== '' && !known) return void response.writeHead(404).end();
    if (request.method === 'GET' && known && id !== '') return known.listen(response);
    if (request.method === 'DELETE' && known && id !== '') {
      channels.delete(id);
      await known.close();
      return void response.writeHead(200).end();
    }
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const message = await bodyOf(request);
    if (message === undefined) return refuse(response);
    if (message.method !== 'initialize') return (known ?? channel(id)).take(message, response);
    const session = randomUUID();
    response.setHeader(sessionHeader, session);
    return channel(session).take(message, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    log: () => log,
    async close() {
      await Promise.all([...channels.values()].map((one) => one.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @typedef {{ clientId: string | number, method: string, isModern: boolean, response: import('node:http').ServerResponse }} Waiting */

/** One program, and the requests that wait for it. */
class Channel {
  #child;
  #prefix;
  #nextId = 1;
  /** @type {Map<number, Waiting>} in the order in which they came */
  #waiting = new Map();
  /** @type {import('node:http').ServerResponse | undefined} */
  #listening;

  /** @param {Program} program @param {string} prefix @param {(text: string) => void} note */
  constructor({ command, args, cwd, env }, prefix, note) {
    this.#prefix = prefix;
    this.#child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', note);
    // That it ended is told by its exit.
    this.#child.stdin.on('error', () => undefined);
    this.#child.once('exit', () => {
      for (const { response } of this.#waiting.values()) response.destroy();
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#said(JSON.parse(line)));
  }

  /** @param {any} message @param {import('node:http').ServerResponse} response */
  take(message, response) {
    if (message.id === undefined || message.method === undefined) {
      this.#send(message);
      return void response.writeHead(202).end();
    }
    const id = this.#nextId++;
    const isModern = message.params?._meta?.[protocolVersion] !== undefined;
    this.#waiting.set(id, { clientId: message.id, method: message.method, isModern, response });
    response.once('close', () => {
      if (!this.#waiting.delete(id)) return;
      // In 2026-07-28 leaving is how a call is cancelled; before, it says nothing.
      if (!isModern) return;
      this.#send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    });
    this.#send({ ...message, id, ...(message.params && { params: this.#named(message.method, message.params) }) });
  }

  /** @param {import('node:http').ServerResponse} response */
  listen(response) {
    this.#listening = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin.end();
    const clock = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await exit;
    clearTimeout(clock);
  }

  /** @param {object} message */
  #send(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** @param {any} message */
  #said(message) {
    if (message.method !== undefined) return this.#pushed(message);
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    const { clientId, method, isModern, response } = waiting;
    const answer = {
      ...message,
      id: clientId,
      ...(message.result && { result: this.#unnamed(method, message.result) }),
    };
    if (response.headersSent) return void response.end(eventOf(answer));
    const status = isModern ? statuses[message.error?.code] : undefined;
    response.writeHead(status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  /** What is no answer goes with the latest request that waits; nobody says to which one it belongs. @param {any} message */
  #pushed(message) {
    const subscription = message.params?._meta?.['io.modelcontextprotocol/subscriptionId'];
    const waiting = this.#waiting.get(subscription) ?? [...this.#waiting.values()].at(-1);
    const response = waiting?.response ?? this.#listening;
    if (!response) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (waiting && subscription !== undefined) {
      message.params._meta['io.modelcontextprotocol/subscriptionId'] = waiting.clientId;
    }
    response.write(eventOf(message));
  }

  /** @param {string} method @param {any} params */
  #named(method, params) {
    if (['tools/call', 'prompts/get'].includes(method)) return { ...params, name: this.#prefix + params.name };
    if (params.ref?.type === 'ref/prompt')
      return { ...params, ref: { ...params.ref, name: this.#prefix + params.ref.name } };
    return params;
  }

  /** @param {string} method @param {any} result */
  #unnamed(method, result) {
    const list = { 'tools/list': 'tools', 'prompts/list': 'prompts' }[method];
    if (list === undefined || !Array.isArray(result[list])) return result;
    const bare = (/** @type {{ name: string }} */ one) =>
      one.name.startsWith(this.#prefix) ? { ...one, name: one.name.slice(this.#prefix.length) } : one;
    return { ...result, [list]: result[list].map(bare) };
  }
}

/** @param {object} message */
function eventOf(message) {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<any>} */
async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    // Refused by the caller of this function.
    return undefined;
  }
}

/** @param {import('node:http').ServerResponse} response */
function refuse(response) {
  const error = { code: invalidRequest, message: 'no JSON-RPC message' };
  response
    .writeHead(400, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: null, error }));
}
