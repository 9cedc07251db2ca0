// Owns the thinnest MCP client over a child's stdio: the same for the gateway, the floor and a direct server, so that
// what differs is what stands behind it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const answerLimitMs = 60_000;

export class RawClient {
  #child;
  #waiting = new Map();
  #nextId = 1;
  #parts = [];

  constructor(command, args, env = {}) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } });
    this.#child.stdout.on('data', (chunk) => this.#receive(chunk));
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${command} ended`));
    });
  }

  async initialize() {
    const clientInfo = { name: 'bench', version: '1.0.0' };
    const result = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#write({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return result;
  }

  request(method, params) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer in ${answerLimitMs} ms`)), answerLimitMs);
      this.#waiting.set(id, {
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
        resolve: (message) => {
          clearTimeout(timer);
          if (message.error) reject(new Error(`${method}: ${message.error.message}`));
          else resolve(message.result);
        },
      });
      this.#write({ jsonrpc: '2.0', id, method, params });
    });
  }

  /** @throws where the result is an error: a benchmark of failures would be fast, and worth nothing */
  async callTool(name, args) {
    const result = await this.request('tools/call', { name, arguments: args });
    if (result.isError) throw new Error(`${name}: ${result.content?.[0]?.text ?? 'failed'}`);
    return result;
  }

  /** Resident memory of the child alone, in MB. */
  residentMb() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  }

  async close() {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 8000);
    await ended;
    clearTimeout(timer);
  }

  #write(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #receive(chunk) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#parts.push(chunk.subarray(start, end));
      const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
      this.#parts = [];
      start = end + 1;
      const message = JSON.parse(line.toString('utf8'));
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
  }
}
