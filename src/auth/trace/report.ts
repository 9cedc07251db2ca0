// Owns the form of a doctor's report, which `portico doctor --json` prints as it is; pure, knows nothing of how a step is
// asked or judged.

export const stepNames = [
  'config',
  'command',
  'start',
  'network',
  'challenge',
  'resource_metadata',
  'server_metadata',
  'client',
  'authorization',
  'saved_login',
  'token',
  'list',
] as const;

export type StepName = (typeof stepNames)[number];
export type StepStatus = 'ok' | 'warning' | 'failed' | 'skipped';

/** What a specification asks of the other side, and where. */
export interface Requirement {
  readonly spec: string;
  readonly section: string;
  readonly text: string;
}

export interface Fix {
  /** Members to write into the server's entry. */
  readonly config?: string;
  /** What to type. */
  readonly command?: string;
  readonly explanation: string;
}

export interface Finding {
  readonly status: 'warning' | 'failed';
  readonly summary: string;
  readonly requirement?: Requirement;
  readonly fix?: Fix;
}

/** One URL that was asked, or was not asked and why. */
export interface TriedUrl {
  readonly url: string;
  /** Null where no answer came, or nothing was asked. */
  readonly status: number | null;
  readonly used: boolean;
  readonly result: string;
}

export type Fact = string | number | boolean | null | readonly string[];

export interface DoctorStep {
  readonly step: StepName;
  readonly status: StepStatus;
  readonly summary: string;
  readonly facts: Readonly<Record<string, Fact>>;
  readonly tried?: readonly TriedUrl[];
  readonly requirement?: Requirement;
  readonly fix?: Fix;
  /** What else was found; `summary`, `requirement` and `fix` are those of the worst finding. */
  readonly more?: readonly Finding[];
}

export interface Verdict {
  readonly kind: 'ok' | 'needs_login' | 'problem' | 'skipped';
  readonly summary: string;
  /** The first step that failed. */
  readonly step?: StepName;
  readonly requirement?: Requirement;
  readonly fix?: Fix;
}

export interface DoctorReport {
  readonly server: string;
  readonly verdict: Verdict;
  readonly steps: readonly DoctorStep[];
}

/** A step of what was seen and what was found: the worst finding gives it its face. */
export function stepOf(
  step: StepName,
  seen: {
    readonly summary: string;
    readonly facts?: DoctorStep['facts'];
    readonly tried?: readonly TriedUrl[];
  },
  findings: readonly Finding[] = [],
): DoctorStep {
  const main = findings.find(({ status }) => status === 'failed') ?? findings[0];
  const more = findings.filter((finding) => finding !== main);
  return {
    step,
    status: main?.status ?? 'ok',
    summary: main?.summary ?? seen.summary,
    facts: seen.facts ?? {},
    ...(seen.tried && { tried: seen.tried }),
    ...(main?.requirement && { requirement: main.requirement }),
    ...(main?.fix && { fix: main.fix }),
    ...(more.length > 0 && { more }),
  };
}

export function skippedStep(step: StepName, summary: string, facts: DoctorStep['facts'] = {}): DoctorStep {
  return { step, status: 'skipped', summary, facts };
}
