// Owns the last look at the rules before a server is asked: a call that waited for it may be denied it by now. Knows
// nothing of what is asked.
import type { Item } from '../policy/decide.ts';
import type { DownstreamPort, ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import type { ServerDirectory } from './server-directory.ts';

/** Who asks whom for what. */
export interface Asked {
  readonly agent: string;
  readonly server: string;
  /** Absent: what the server lists. */
  readonly item?: Item | undefined;
}

export interface PermittedSessionDeps {
  readonly directory: ServerDirectory;
  readonly downstream: DownstreamPort;
}

/** Connects when needed. @throws LoginRequiredError; GatewayError DENIED_BY_POLICY and those of `DownstreamPort.session` */
export async function permittedSession(
  { directory, downstream }: PermittedSessionDeps,
  { agent, server, item }: Asked,
  host: Pick<Host, 'signal'>,
): Promise<ServerSession> {
  const session = await downstream.session(server, host);
  directory.permit(agent, server, item);
  return session;
}
