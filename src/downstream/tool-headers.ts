// Owns which headers the calls of one conversation need, as its own list of tools says. Knows nothing of transports.
import { LoginRequiredError } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { isHeaderMismatch } from './modern-era.ts';
import { type HeaderParameter, paramHeaders, scanHeaderParameters } from './param-headers.ts';
import type { ToolDefinition } from './tool-pages.ts';

export type Headers = Readonly<Record<string, string>>;

export interface ToolHeadersDeps {
  readonly log: LogPort;
  /** Reads the list of tools, and hands it to `take`. */
  readonly list: () => Promise<unknown>;
}

export class ToolHeaders {
  readonly #deps: ToolHeadersDeps;
  readonly #server: string;
  readonly #warned = new Set<string>();
  /** By tool; a tool without such parameters is not in it. Undefined: no list has been read, or it is old. */
  #parameters: ReadonlyMap<string, readonly HeaderParameter[]> | undefined;
  #listing: Promise<unknown> | undefined;

  constructor(deps: ToolHeadersDeps, server: string) {
    this.#deps = deps;
    this.#server = server;
  }

  /**
   * Takes note of a list; gives back the tools that may be used. A tool with wrong marks is left out (2026-07-28,
   * Streamable HTTP, Schema Extension), and nothing is lost for the others.
   */
  take(tools: readonly ToolDefinition[]): readonly ToolDefinition[] {
    const parameters = new Map<string, readonly HeaderParameter[]>();
    const usable = tools.filter((tool) => {
      const scan = scanHeaderParameters(tool['inputSchema']);
      if (scan.kind === 'invalid') this.#warn(tool.name, scan.reason);
      else if (scan.parameters.length > 0) parameters.set(tool.name, scan.parameters);
      return scan.kind === 'valid';
    });
    this.#parameters = parameters;
    return usable;
  }

  /** The tools are not what they were, or the server is another one. */
  forget(): void {
    this.#parameters = undefined;
  }

  /**
   * Sends a call with the headers that it needs. A server that wants others has not run it: it goes out again, once, with
   * those of a new list (2026-07-28, Streamable HTTP, Client Behavior).
   */
  async send<T>(
    tool: string,
    args: unknown,
    request: (headers: Headers) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const headers = await this.#headersFor(tool, args, signal);
    try {
      return await request(headers);
    } catch (error) {
      if (!isHeaderMismatch(error)) throw error;
      this.forget();
      const others = await this.#headersFor(tool, args, signal);
      // The same again would be refused again; or it was said of another server, by one that did run the call.
      if (areSame(headers, others)) throw error;
      return await request(others);
    }
  }

  async #headersFor(tool: string, args: unknown, signal: AbortSignal | undefined): Promise<Headers> {
    if (this.#parameters === undefined) {
      try {
        this.#listing ??= this.#deps.list().finally(() => {
          this.#listing = undefined;
        });
        await orAborted(this.#listing, signal);
      } catch (err) {
        if (err instanceof LoginRequiredError || signal?.aborted) throw err;
        // The call may need no headers, and says more than a list that cannot be read.
        this.#deps.log.debug({ server: this.#server, err }, 'the tools could not be listed before a call');
      }
    }
    return paramHeaders(this.#parameters?.get(tool) ?? [], args);
  }

  #warn(tool: string, reason: string): void {
    if (this.#warned.has(tool)) return;
    this.#warned.add(tool);
    this.#deps.log.warn(
      { server: this.#server, tool: tool.slice(0, 200), reason: reason.slice(0, 200) },
      'a tool is left out: what it says about HTTP headers is wrong',
    );
  }
}

/** The order in which a server lists its parameters does not matter. */
function areSame(some: Headers, others: Headers): boolean {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name]);
}
