// Owns the part of the doctor's story that has no human in it: discovery as a login does it, and the steps it gives.
import type { HttpServerEntry, OAuthSettings } from '../../config/server-entry.ts';
import type { AuthChallenge } from '../../errors.ts';
import { GatewayError } from '../../errors.ts';
import type { FetchLike } from '../../lib/fetch-like.ts';
import type { Discovery } from '../discover.ts';
import { discover } from '../discover.ts';
import type { DiscoveryLook } from '../discovery-look.ts';
import type { LoginRecord } from '../token-store.ts';
import { judgeAuthorization } from './authorization.ts';
import { judgeClient } from './client.ts';
import type { DoctorStep, StepName } from './report.ts';
import { skippedStep, stepOf } from './report.ts';
import { judgeResourceLooks, usedMetadata } from './resource.ts';
import { judgeServerLooks } from './server.ts';

export interface SeenDiscovery {
  readonly looks: readonly DiscoveryLook[];
  /** Undefined: a login would fail with `error`. */
  readonly discovery?: Discovery;
  readonly error?: GatewayError;
}

/** Asks. `observe` also hears what was seen before an abort. */
export async function seeDiscovery(
  deps: { readonly fetch: FetchLike },
  input: {
    readonly entry: HttpServerEntry;
    readonly settings: OAuthSettings;
    readonly challenge: AuthChallenge;
    readonly signal: AbortSignal;
  },
): Promise<SeenDiscovery> {
  const { entry, settings, challenge, signal } = input;
  const looks: DiscoveryLook[] = [];
  const asked = { server: entry.name, serverUrl: entry.url, headers: entry.headers, challenge, settings, signal };
  try {
    const discovery = await discover(deps, { ...asked, observe: (look) => void looks.push(look) });
    return { looks, discovery };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GatewayError)) throw error;
    return { looks, error };
  }
}

export interface DiscoveryContext {
  readonly entry: Pick<HttpServerEntry, 'url'>;
  readonly settings: OAuthSettings;
  readonly challenge: AuthChallenge;
  readonly saved: LoginRecord | undefined;
  /** The client that a login used which nobody finished. */
  readonly distrustedClientId?: string | undefined;
  readonly now: number;
  /** Whether the server asks for a login now. */
  readonly needed: boolean;
}

const names = ['resource_metadata', 'server_metadata', 'client', 'authorization'] as const satisfies StepName[];

/** Judges. Pure. */
export function judgeDiscovery(seen: SeenDiscovery, context: DiscoveryContext): readonly DoctorStep[] {
  const isPublished = usedMetadata(seen.looks) !== undefined;
  // Whatever lies at the origin of a server that asks for no login need not be about this server.
  if (!context.needed && !(isPublished && seen.discovery)) {
    return names.map((name) => skippedStep(name, 'not needed: the server asks for no login'));
  }
  const steps = judgeAll(seen, context);
  return context.needed ? steps : steps.map(withoutFailure);
}

function judgeAll(seen: SeenDiscovery, context: DiscoveryContext): readonly DoctorStep[] {
  const { looks, discovery, error } = seen;
  const { settings, challenge, saved, now, distrustedClientId } = context;
  const serverUrl = context.entry.url;
  const [ofResource, ofServer] = [
    looks.filter(({ document }) => document === 'resource'),
    looks.filter(({ document }) => document !== 'resource'),
  ];
  const serverFound = discovery !== undefined || ofServer.some(({ outcome }) => outcome.kind === 'foreign');
  const resource = judgeResourceLooks({ looks: ofResource, serverUrl, settings, serverFound });
  const server =
    ofServer.length === 0
      ? skippedStep('server_metadata', 'not asked: the resource metadata comes first')
      : judgeServerLooks({ looks: ofServer, serverUrl, settings });
  if (!discovery) {
    const rest = names.slice(2).map((name) => skippedStep(name, 'not known without the authorization server'));
    const explained = [resource, server].some(({ status }) => status === 'failed');
    return explained ? [resource, server, ...rest] : [resource, unexplained(server, error), ...rest];
  }
  const resourceIsPublished = usedMetadata(ofResource)?.resource !== undefined;
  return [
    resource,
    server,
    judgeClient({ as: discovery.as, settings, saved, now, distrustedClientId }),
    judgeAuthorization({ discovery, settings, challenge, resourceIsPublished }),
  ];
}

/** A login would fail, whatever the judges make of it: its own words are better than none. */
function unexplained({ facts, tried }: DoctorStep, error: GatewayError | undefined): DoctorStep {
  const [summary = 'the discovery failed'] = (error?.message ?? '').split('\n');
  const fix = error?.hint === undefined ? {} : { fix: { explanation: error.hint } };
  return stepOf('server_metadata', { summary, facts, ...(tried && { tried }) }, [
    { status: 'failed', summary, ...fix },
  ]);
}

/** Nothing of a login fails where none is asked for; what would fail later is worth a word. */
function withoutFailure(step: DoctorStep): DoctorStep {
  return step.status === 'failed' ? { ...step, status: 'warning' } : step;
}
