// Owns one host: a gateway as its child, JSON-RPC lines on its stdin and stdout, and an outcome for each request. Knows
// nothing of what is expected.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';

/** Whoever gets no answer for so long has found something. Longer than any login, connect or backoff. Milliseconds. */
const answerMs = 90_000;
/** The gateway promises to end itself and its servers within 5 s. Milliseconds. */
const endMs = 9000;
const keptLines = 400;

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'soak', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/**
 * What became of a request: `result`, `error` (JSON-RPC), `ended` (the gateway went first), `silent` (no answer in time),
 * `cancelled` (no answer, as it has to be).
 * @typedef {{ kind: string, result?: any, error?: any, progress: any[] }} Answer
 */

export class Host {
  #child;
  #waiting = new Map();
  #nextId = 1;
  #clock;
  /** We end it, and how: answers that never come are no news. */
  ending = undefined;
  /** The end of what it wrote to stderr. */
  lines = [];
  /** Lines of stdout that were no JSON-RPC. */
  noise = [];
  /** Answers to requests that were cancelled, or never asked. */
  stray = [];
  /** So many were sent to it, besides progress. */
  notifications = 0;
  startedAt = Date.now();
  readyAt = Number.POSITIVE_INFINITY;

  /** @param {{ name: string, mark: string, program: string, args: string[], env: Record<string, string>, cwd: string, era: 'legacy' | 'modern' }} options */
  constructor({ name, mark, program, args, env, cwd, era }) {
    this.name = name;
    this.mark = mark;
    this.era = era;
    // The children of the gateway get no variable of ours, but they do get its PATH.
    const path = [mark, env.PATH].join(delimiter);
    this.#child = spawn(program, args, { cwd, env: { ...env, PATH: path }, stdio: 'pipe' });
    this.pid = this.#child.pid;
    this.exited = once(this.#child, 'exit').then(([code, signal]) => ({ code, signal }));
    // That the pipe broke is told by the exit.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.lines.push(line);
      if (this.lines.length > keptLines) this.lines.shift();
    });
    this.#child.once('close', () => this.#over());
    this.#clock = setInterval(() => this.#failOverdue(), 1000).unref();
  }

  async open() {
    if (this.era === 'modern') await this.request('server/discover');
    else {
      const clientInfo = { name: 'soak', version: '1' };
      await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
      this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    }
    // The answer needs the config: from now on it has been read.
    await this.tool('list_servers');
    this.readyAt = Date.now();
  }

  /** @param {{ cancelAfterMs?: number, progress?: boolean }} [options] @returns {Promise<Answer>} never rejects */
  request(method, params = {}, { cancelAfterMs, progress = false } = {}) {
    const id = this.#nextId++;
    const meta = { ...(this.era === 'modern' && modernMeta), ...(progress && { progressToken: id }) };
    const sent = Object.keys(meta).length > 0 ? { ...params, _meta: meta } : params;
    return new Promise((settle) => {
      const waiting = { settle, progress: [], overdueAt: Date.now() + answerMs };
      this.#waiting.set(id, waiting);
      this.#send({ jsonrpc: '2.0', id, method, params: sent });
      if (cancelAfterMs !== undefined) setTimeout(() => void this.#cancel(id), cancelAfterMs);
    });
  }

  /** A tool of the gateway. */
  tool(name, args = {}, options = {}) {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  /** How it ended; `code` null and no signal of ours: it had to be killed. @param {'EOF' | 'SIGTERM' | 'SIGINT' | 'SIGKILL'} how */
  async end(how) {
    this.ending = how;
    if (how === 'EOF') this.#child.stdin.end();
    else this.#child.kill(how);
    const clock = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(clock);
    }
  }

  /** For the last moment of the soak. */
  killNow() {
    this.ending = 'SIGKILL';
    this.#child.kill('SIGKILL');
  }

  signal(signal) {
    this.#child.kill(signal);
  }

  /** A cancelled request gets no answer; one that came before the cancellation is fine. */
  async #cancel(id) {
    if (!this.#waiting.has(id)) return;
    this.#send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: 'the soak' } });
    // Answers keep no order, but whatever was on its way when the cancellation came is written before this one's.
    await this.request(this.era === 'modern' ? 'tools/list' : 'ping');
    this.#settle(id, { kind: 'cancelled' });
  }

  #send(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #receive(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.noise.push(line.slice(0, 200));
      return;
    }
    if (typeof message !== 'object' || message === null || (!('id' in message) && !('method' in message))) {
      this.noise.push(line.slice(0, 400));
      return;
    }
    const { id, method, params } = message;
    if (method === 'notifications/progress') this.#waiting.get(params.progressToken)?.progress.push(params);
    else if (method !== undefined && id !== undefined) this.#send(refusal(id, method));
    else if (method !== undefined) this.notifications += 1;
    else if (message.error !== undefined) this.#settle(id, { kind: 'error', error: message.error });
    else this.#settle(id, { kind: 'result', result: message.result });
  }

  #settle(id, outcome) {
    const waiting = this.#waiting.get(id);
    if (!waiting) {
      if (outcome.kind === 'result' || outcome.kind === 'error')
        this.stray.push(JSON.stringify({ id, ...outcome }).slice(0, 400));
      return;
    }
    this.#waiting.delete(id);
    waiting.settle({ ...outcome, progress: waiting.progress });
  }

  #failOverdue() {
    for (const [id, { overdueAt }] of this.#waiting) if (overdueAt < Date.now()) this.#settle(id, { kind: 'silent' });
  }

  #over() {
    clearInterval(this.#clock);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: 'ended' });
  }
}

function refusal(id, method) {
  return { jsonrpc: '2.0', id, error: { code: -32601, message: `This host knows no ${method}` } };
}
