// Owns how often tool calls may open a browser window: once per server in five minutes, unless a login succeeded since;
// and how often they may offer a URL in a dialog: once.

/** Milliseconds. */
const quietMs = 5 * 60_000;

export class LoginWindows {
  readonly #now: () => number;
  readonly #openedAt = new Map<string, number>();
  /** Server → the URL that was offered last. */
  readonly #offered = new Map<string, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a tool call may open a window now. Explicit requests do not ask. */
  mayOpen(server: string): boolean {
    const openedAt = this.#openedAt.get(server);
    return openedAt === undefined || this.#now() - openedAt >= quietMs;
  }

  /** Whether a tool call may offer the URL in a dialog of the host. Of calls that wait for one login, the first one does. */
  mayOffer(server: string, loginUrl: string): boolean {
    const isNew = this.#offered.get(server) !== loginUrl;
    this.#offered.set(server, loginUrl);
    return isNew;
  }

  opened(server: string): void {
    this.#openedAt.set(server, this.#now());
  }

  succeeded(server: string): void {
    this.#openedAt.delete(server);
  }
}
