// Owns an authorization server with single-use refresh tokens on the clock of the test: a second use ends the login.
import type { Reply, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

export interface RotatingServer extends ScriptedServer {
  /** Refreshes that gave tokens. */
  readonly refreshes: () => number;
  /** Refresh tokens that came a second time. */
  readonly reuses: () => number;
  readonly isValid: (accessToken: string) => boolean;
  /** Answers that are given before anything is redeemed. */
  readonly faults: (Reply | 'drop' | 'hang')[];
}

/** `lifetimeS` in seconds, `now` in epoch milliseconds. The first login is `access-0` and `refresh-0`. */
export async function startRotatingServer(input: {
  readonly lifetimeS: number;
  readonly now: () => number;
}): Promise<RotatingServer> {
  const { lifetimeS, now } = input;
  const validUntil = new Map<string, number>([['access-0', now() + lifetimeS * 1000]]);
  const faults: (Reply | 'drop' | 'hang')[] = [];
  let current = 'refresh-0';
  let revoked = false;
  let refreshes = 0;
  let reuses = 0;
  const server = await startScriptedServer(async ({ body }) => {
    const fault = faults.shift();
    if (fault) return fault;
    const refreshToken = new URLSearchParams(body).get('refresh_token');
    // Others get the chance to come in between, as on a network.
    await new Promise((resolve) => setImmediate(resolve));
    if (revoked || refreshToken !== current) {
      if (!revoked) reuses++;
      revoked = true;
      validUntil.clear();
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    refreshes++;
    current = `refresh-${refreshes}`;
    validUntil.set(`access-${refreshes}`, now() + lifetimeS * 1000);
    return {
      body: {
        access_token: `access-${refreshes}`,
        refresh_token: current,
        token_type: 'Bearer',
        expires_in: lifetimeS,
      },
    };
  });
  return {
    ...server,
    faults,
    refreshes: () => refreshes,
    reuses: () => reuses,
    isValid: (accessToken) => (validUntil.get(accessToken) ?? 0) > now(),
  };
}
