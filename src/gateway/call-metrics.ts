// Owns counts of what agents asked for, per server; kept in memory, for get_gateway_status alone.

export interface ServerMetrics {
  readonly calls: number;
  readonly errors: number;
  readonly total_ms: number;
  readonly slowest_ms: number;
}

export class CallMetrics {
  readonly #servers = new Map<string, { calls: number; errors: number; total_ms: number; slowest_ms: number }>();

  record(server: string, latencyMs: number, failed: boolean): void {
    const sums = this.#servers.get(server) ?? { calls: 0, errors: 0, total_ms: 0, slowest_ms: 0 };
    sums.calls += 1;
    if (failed) sums.errors += 1;
    sums.total_ms += latencyMs;
    sums.slowest_ms = Math.max(sums.slowest_ms, latencyMs);
    this.#servers.set(server, sums);
  }

  of(server: string): ServerMetrics {
    return this.#servers.get(server) ?? { calls: 0, errors: 0, total_ms: 0, slowest_ms: 0 };
  }
}
