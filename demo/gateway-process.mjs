// Owns one running gateway as a host holds it: a child process, JSON-RPC lines on its stdin and stdout. Knows no tool.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A host that hangs shows nothing; this one gives up. Milliseconds. */
const answerMs = 20_000;
/** The gateway promises to end itself and its servers within 5 s. Milliseconds. */
const endMs = 8000;

/**
 * @typedef {object} StartOptions
 * @property {string} program Node.js
 * @property {readonly string[]} args
 * @property {Record<string, string | undefined>} env
 * @property {string} cwd
 */

/** @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, onProgress?: ((params: any) => void) | undefined }} Waiting */

export class GatewayProcess {
  #child;
  #exited;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #nextId = 1;
  /** Everything it has written, for whoever looks for secrets in it. */
  stdout = '';
  stderr = '';

  /** @param {StartOptions} options */
  constructor({ program, args, env, cwd }) {
    this.#child = spawn(program, args, { env, cwd, stdio: 'pipe' });
    this.#exited = once(this.#child, 'exit');
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
    // A broken pipe is told by the exit.
    this.#child.stdin.on('error', () => undefined);
    this.#exited.then(
      ([code, signal]) => this.#failAll(new Error(`the gateway ended (${code ?? signal})`)),
      (error) => this.#failAll(error),
    );
  }

  /**
   * @param {string} method @param {Record<string, unknown>} [params]
   * @param {{ timeoutMs?: number, onProgress?: (params: any) => void }} [options]
   * @returns {Promise<any>} the result
   */
  async request(method, params = {}, { timeoutMs = answerMs, onProgress } = {}) {
    const id = this.#nextId++;
    const sent = onProgress === undefined ? params : { ...params, _meta: { progressToken: id } };
    /** @type {NodeJS.Timeout | undefined} */
    let clock;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject, onProgress });
        clock = setTimeout(() => reject(new Error(`no answer to ${method} within ${timeoutMs / 1000} s`)), timeoutMs);
        this.#send({ jsonrpc: '2.0', id, method, params: sent });
      });
    } finally {
      clearTimeout(clock);
      this.#waiting.delete(id);
    }
  }

  /** @param {string} method */
  notify(method) {
    this.#send({ jsonrpc: '2.0', method });
  }

  /** Closes its stdin, as a host does. @returns {Promise<number | null>} the exit code; null: it had to be killed */
  async stop() {
    this.#child.stdin.end();
    const clock = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    try {
      const [code] = await this.#exited;
      return code;
    } finally {
      clearTimeout(clock);
    }
  }

  /** @param {unknown} message */
  #send(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** @param {string} line */
  #receive(line) {
    this.stdout += `${line}\n`;
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.#failAll(new Error(`the gateway wrote a line on stdout that is no JSON: ${line.slice(0, 200)}`));
      return;
    }
    if (message.method === 'notifications/progress') {
      this.#waiting.get(message.params.progressToken)?.onProgress?.(message.params);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (message.error !== undefined) waiting?.reject(new Error(`protocol error: ${JSON.stringify(message.error)}`));
    else waiting?.resolve(message.result);
  }

  /** @param {Error} error */
  #failAll(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
