// Owns everything that one end-to-end test starts, so that all of it ends with the test: homes, gateways, HTTP servers.
import type { AuthorizationSettings } from '../../fixtures/http/authorization-server/authority.mjs';
import type { AuthorizationServer, StartOptions } from '../../fixtures/http/authorization-server.mjs';
import { startAuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { ProtectedOptions, ProtectedServer } from '../../fixtures/http/protected-server.mjs';
import { startProtectedServer } from '../../fixtures/http/protected-server.mjs';
import { type CommandResult, runCommand } from './command-run.ts';
import { type GatewayOptions, GatewayProcess } from './gateway-process.ts';
import { Home, type HomeOptions } from './home.ts';

export interface ProtectedPair {
  readonly as: AuthorizationServer;
  readonly server: ProtectedServer;
}

export class Stage {
  readonly #ends: (() => unknown)[] = [];

  /** Closed, in reverse order, with the stage. */
  own(end: () => unknown): void {
    this.#ends.push(end);
  }

  home(options: HomeOptions = {}): Home {
    const home = new Home(options);
    this.own(() => home.close());
    return home;
  }

  /** A gateway that has shaken hands. */
  async gateway(home: Home, options: GatewayOptions = {}): Promise<GatewayProcess> {
    const gateway = this.start(home, options);
    await gateway.initialize();
    return gateway;
  }

  /** A gateway that has been started, and nothing else. */
  start(home: Home, options: GatewayOptions = {}): GatewayProcess {
    const gateway = new GatewayProcess(home, options);
    this.own(() => gateway.stop());
    return gateway;
  }

  /** A command to its end. */
  run(home: Home, args: readonly string[], input?: string): Promise<CommandResult> {
    return runCommand(home, args, input);
  }

  /** An MCP server behind a login, and the authorization server that it trusts. */
  async protectedPair(
    authorization: StartOptions & Partial<AuthorizationSettings> = {},
    resource: Partial<ProtectedOptions> = {},
  ): Promise<ProtectedPair> {
    const as = await startAuthorizationServer(authorization);
    this.own(() => as.close());
    const server = await startProtectedServer({ authorizationServers: as, ...resource });
    this.own(() => server.close());
    return { as, server };
  }

  async close(): Promise<void> {
    const ends = this.#ends.splice(0).reverse();
    const failures: unknown[] = [];
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything ended');
  }
}

/** Resolves as soon as the condition gives something; the test's own time limit ends a wait in vain. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const found = await condition();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
