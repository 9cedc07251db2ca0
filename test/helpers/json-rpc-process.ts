// Owns one MCP server process as a host holds it: JSON-RPC lines on its stdin and stdout. Knows no SDK, and keeps every
// byte that came.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by matchers, which check every member they name
export type Json = any;

export interface Result {
  readonly content: readonly Json[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
}

/** The error member of a JSON-RPC answer. */
export class RpcFailure extends Error {
  readonly code: number;
  readonly data: Json;

  constructor({ code, message, data }: { code: number; message: string; data?: Json }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RequestOptions {
  readonly onProgress?: (params: Json) => void;
  /** Aborting sends `notifications/cancelled`; the request goes on waiting for an answer. */
  readonly cancel?: AbortSignal;
}

interface Waiting {
  readonly resolve: (result: Json) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((params: Json) => void) | undefined;
}

/** The gateway promises to end itself and its servers within 5 s; a test that waits longer has failed. Milliseconds. */
const endMs = 9000;

export class JsonRpcProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  /** When it has ended and all of its output has been read. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** When it has ended. */
  readonly exitCode: Promise<number | null>;
  #nextId = 1;
  #rest = '';
  /** Everything it wrote. */
  stdout = '';
  stderr = '';
  /** Answers what the server asks; `undefined`: never. What it throws is an error answer. */
  onRequest: ((method: string, params: Json, id: number) => Json) | undefined;
  /** Every message of stdout, in order. */
  readonly messages: Json[] = [];

  constructor({ command, args, cwd, env }: ProcessOptions) {
    this.#child = spawn(command, args, { cwd, env, stdio: 'pipe' });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // That the pipe broke is told by the exit.
    this.#child.stdin.on('error', () => undefined);
    this.exitCode = once(this.#child, 'exit').then(([code]) => code);
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`the server ended (${code ?? signal}); it said: ${this.stderr.slice(-2000)}`));
      }
      return { code, signal };
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async request(method: string, params: object = {}, { onProgress, cancel }: RequestOptions = {}): Promise<Json> {
    const id = this.#nextId++;
    const sent = onProgress === undefined ? params : { ...params, _meta: { progressToken: id } };
    cancel?.addEventListener('abort', () =>
      this.notify('notifications/cancelled', { requestId: id, reason: 'the test' }),
    );
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject, onProgress });
        this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: sent }));
      });
    } finally {
      this.#waiting.delete(id);
    }
  }

  async initialize(protocolVersion = '2025-11-25', capabilities: object = {}): Promise<Json> {
    const clientInfo = { name: 'test', version: '1' };
    const result = await this.request('initialize', { protocolVersion, capabilities, clientInfo });
    this.notify('notifications/initialized');
    return result;
  }

  /** A tool call; the whole result. */
  callTool(name: string, args: object = {}, options: RequestOptions = {}): Promise<Result> {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  notify(method: string, params?: object): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }));
  }

  /** A line as it is. */
  send(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The reading end of its stderr goes away. */
  closeStderr(): void {
    this.#child.stderr.destroy();
  }

  /** Its stdout is no longer read. */
  stopReading(): void {
    this.#child.stdout.pause();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes its stdin, as a host does. The exit code; null: it had to be killed. */
  async stop(): Promise<number | null> {
    this.#child.stdin.end();
    this.#child.stdout.resume();
    const clock = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    try {
      return (await this.exited).code;
    } finally {
      clearTimeout(clock);
    }
  }

  #receive(text: string): void {
    this.stdout += text;
    this.#rest += text;
    // A result of many megabytes comes in hundreds of pieces.
    if (!text.includes('\n')) return;
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#dispatch(line);
  }

  #dispatch(line: string): void {
    let message: Json;
    try {
      message = JSON.parse(line);
    } catch {
      // Tests that look at stdout as a whole judge this; the others must not hang on it.
      const error = new Error(`a line on stdout is no JSON: ${line.slice(0, 200)}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      return;
    }
    this.messages.push(message);
    if (message.method === 'notifications/progress') {
      this.#waiting.get(message.params.progressToken)?.onProgress?.(message.params);
      return;
    }
    if (message.method !== undefined) {
      if (message.id !== undefined) void this.#answer(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (message.error !== undefined) waiting?.reject(new RpcFailure(message.error));
    else waiting?.resolve(message.result);
  }

  async #answer({ id, method, params }: Json): Promise<void> {
    let answer: object;
    try {
      if (!this.onRequest) throw Object.assign(new Error(`the test answers no ${method}`), { code: -32601 });
      const result = await this.onRequest(method, params, id);
      if (result === undefined) return;
      answer = { result };
    } catch (error) {
      const { code = -32603, message } = error as { code?: number; message: string };
      answer = { error: { code, message } };
    }
    this.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  }
}
