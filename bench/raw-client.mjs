// Owns the thinnest MCP client, over lines: the same for the gateway, the floor and a direct server, so that what
// differs is what stands behind it.

const answerLimitMs = 60_000;

export class RawClient {
  #lines;
  #waiting = new Map();
  #nextId = 1;
  /** Why nothing can be answered any more. */
  #over;
  /** Looks for overdue answers now and then: a timer for each request would cost more than the rest of this client. */
  #watch = setInterval(() => this.#failOverdue(), 5000);

  constructor(lines) {
    this.#lines = lines;
    this.#watch.unref();
    lines.online = (line) => this.#receive(line);
    lines.onend = (reason) => {
      this.#over ??= reason;
      this.#failAll(reason);
    };
  }

  async initialize() {
    const clientInfo = { name: 'bench', version: '1.0.0' };
    const result = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#lines.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return result;
  }

  request(method, params) {
    if (this.#over !== undefined) return Promise.reject(new Error(this.#over));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, overdueAt: Date.now() + answerLimitMs });
      this.#lines.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** @throws where the result is an error: a benchmark of failures would be fast, and worth nothing */
  async callTool(name, args) {
    const result = await this.request('tools/call', { name, arguments: args });
    if (result.isError) throw new Error(`${name}: ${result.content?.[0]?.text ?? 'failed'}`);
    return result;
  }

  /** Of the child; undefined where there is none. */
  get pid() {
    return this.#lines.pid;
  }

  async close() {
    clearInterval(this.#watch);
    await this.#lines.close();
    this.#failAll('the client was closed');
  }

  #receive(line) {
    const message = JSON.parse(line.toString('utf8'));
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  #failOverdue() {
    const [oldest] = this.#waiting.values();
    if (oldest && oldest.overdueAt < Date.now()) this.#failAll(`no answer in ${answerLimitMs} ms`);
  }

  #failAll(reason) {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
