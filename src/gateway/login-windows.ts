// Owns how often tool calls may open a browser window: once per server in five minutes, unless a login succeeded since.

/** Milliseconds. */
const quietMs = 5 * 60_000;

export class LoginWindows {
  readonly #now: () => number;
  readonly #openedAt = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a tool call may open a window now. Explicit requests do not ask. */
  mayOpen(server: string): boolean {
    const openedAt = this.#openedAt.get(server);
    return openedAt === undefined || this.#now() - openedAt >= quietMs;
  }

  opened(server: string): void {
    this.#openedAt.set(server, this.#now());
  }

  succeeded(server: string): void {
    this.#openedAt.delete(server);
  }
}
