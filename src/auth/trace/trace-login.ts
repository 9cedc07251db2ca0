// Owns the doctor's story of one server: every step of a login that needs no human and changes nothing, in order. Each
// step is asked here by the code that a login uses, and judged in a file of its own.
import type { HttpServerEntry, OAuthSettings } from '../../config/server-entry.ts';
import type { FetchLike } from '../../lib/fetch-like.ts';
import { BoundKeys } from '../bound-keys.ts';
import type { LoginLeases } from '../login-lease.ts';
import { isMachineGrant } from '../machine-grant.ts';
import type { Probe } from '../probe-server.ts';
import { probeServer } from '../probe-server.ts';
import { proveToken } from '../prove-login.ts';
import { loginKey } from '../server-key.ts';
import type { LoginRecord, TokenStore } from '../token-store.ts';
import { judgeChallenge, wantsLogin } from './challenge.ts';
import type { ConfigTrace } from './config.ts';
import { judgeHttpConfig } from './config.ts';
import { judgeDiscovery, seeDiscovery } from './discovery.ts';
import type { LookUp } from './network.ts';
import { judgeNetwork, lookAtNetwork } from './network.ts';
import type { DoctorReport, DoctorStep, StepName } from './report.ts';
import { skippedStep, stepNames, stepOf } from './report.ts';
import { judgeSavedLogin, lookAtSavedLogin, stateOf } from './saved-login.ts';
import { secretsOf } from './secrets.ts';
import { scrub } from './text.ts';
import { judgeTokenProof } from './token.ts';
import type { Outcome } from './verdict.ts';
import { verdictOf } from './verdict.ts';

export interface TraceDeps {
  readonly fetch: FetchLike;
  readonly store: TokenStore;
  readonly leases: Pick<LoginLeases, 'read' | 'isFresh'>;
  readonly lookUp: LookUp;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface TraceInput {
  readonly entry: HttpServerEntry;
  readonly config: ConfigTrace;
  readonly tokenDirectory: string;
  /** How long the whole may take, in milliseconds. */
  readonly limitMs?: number;
}

const defaultLimitMs = 60_000;

/** Everything after the first is left out where it does not apply. */
interface Story {
  readonly steps: DoctorStep[];
  readonly outcome: Outcome;
  readonly record?: LoginRecord | undefined;
}

export async function traceLogin(deps: TraceDeps, input: TraceInput): Promise<DoctorReport> {
  const { entry, limitMs = defaultLimitMs } = input;
  const limit = AbortSignal.timeout(limitMs);
  const steps: DoctorStep[] = [judgeHttpConfig(entry, input.config, keyOf(entry))];
  let story: Story;
  try {
    story = await tell(deps, input, { steps, signal: limit });
  } catch (error) {
    if (!limit.aborted) throw error;
    story = { steps: [...steps, outOfTime(steps, limitMs)], outcome: unknownOutcome(entry) };
  }
  const report: DoctorReport = {
    server: entry.name,
    verdict: verdictOf(story.steps, story.outcome),
    steps: story.steps,
  };
  return scrub(report, secretsOf(entry, story.record));
}

/** `steps` grows as the story goes on, so that what was seen before the time was up is told as well. */
async function tell(
  deps: TraceDeps,
  { entry, tokenDirectory }: TraceInput,
  { steps, signal }: { readonly steps: DoctorStep[]; readonly signal: AbortSignal },
): Promise<Story> {
  const [network, probe] = await Promise.all([
    lookAtNetwork(deps, { url: entry.url, signal }),
    probeServer(deps, { entry, signal }),
  ]);
  steps.push(judgeNetwork(network, probe, entry), judgeChallenge(probe, entry));
  const settings = entry.oauth;
  if (settings === false) return { steps, outcome: unknownOutcome(entry) };
  const now = deps.now();
  const needed = wantsLogin(probe, entry);
  const saved = await lookAtSavedLogin(deps, { key: keyOf(entry), directory: tokenDirectory });
  const seen =
    probe.kind === 'answered' && mayLogIn(probe)
      ? await seeDiscovery(deps, { entry, settings, challenge: probe.challenge, signal })
      : undefined;
  if (seen && probe.kind === 'answered') {
    const { challenge } = probe;
    steps.push(
      ...judgeDiscovery(seen, {
        entry,
        settings,
        challenge,
        saved: saved.record,
        distrustedClientId: saved.unprovenClientId,
        now,
        needed,
      }),
    );
  }
  const context = { server: entry.name, now, discovery: needed ? seen?.discovery : undefined, needed };
  steps.push(judgeSavedLogin(saved, context));
  const accepted = seen && (await tellToken(deps, { entry, settings, record: saved.record, signal }, steps));
  const outcome = {
    server: entry.name,
    needed,
    login: stateOf(saved, now),
    accepted: accepted || undefined,
    byItself: isMachineGrant(settings),
  };
  return { steps, outcome, record: saved.record };
}

/** A server that answers with a refusal of its own is not asked about its login. */
function mayLogIn({ status }: Extract<Probe, { kind: 'answered' }>): boolean {
  return status === 401 || status < 300 || status === 403 || status === 400;
}

async function tellToken(
  deps: TraceDeps,
  input: {
    readonly entry: HttpServerEntry;
    readonly settings: OAuthSettings;
    readonly record: LoginRecord | undefined;
    readonly signal: AbortSignal;
  },
  steps: DoctorStep[],
): Promise<boolean> {
  const { entry, settings, record, signal } = input;
  const tokens = record?.tokens;
  if (!tokens || stateOf({ record }, deps.now()) !== 'usable') {
    steps.push(skippedStep('token', 'there is no token to try'));
    return false;
  }
  const keys = new BoundKeys(deps.now);
  keys.remember(record);
  const proof = await proveToken(deps, {
    entry,
    token: tokens.access_token,
    dpop: keys.of(tokens.access_token),
    signal,
  });
  const canRefresh = tokens.refresh_token !== undefined;
  steps.push(judgeTokenProof(proof, { server: entry.name, canRefresh, configuredScope: settings.scope }));
  return proof.kind === 'accepted';
}

function keyOf({ url, profile }: HttpServerEntry): string {
  return loginKey(url, profile);
}

function unknownOutcome(entry: HttpServerEntry): Outcome {
  return { server: entry.name, needed: false, login: 'none', accepted: undefined, byItself: false };
}

/** The step that the time ran out in: the first one that is not told. */
function outOfTime(told: readonly DoctorStep[], limitMs: number): DoctorStep {
  const done = new Set(told.map(({ step }) => step));
  const step: StepName = stepNames.find((name) => name !== 'command' && name !== 'start' && !done.has(name)) ?? 'token';
  const summary = `not finished within ${limitMs / 1000} s`;
  const fix = {
    explanation: 'One of the servers answers very slowly, or not at all: check the network and the proxy.',
  };
  return stepOf(step, { summary }, [{ status: 'failed', summary, fix }]);
}
