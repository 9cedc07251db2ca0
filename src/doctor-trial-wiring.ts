// Owns the doctor's last steps: a server is really started or connected to, and asked for its tools. What was seen is
// judged by a pure half.
import type { DoctorReport, DoctorStep, StepName } from './auth/trace/report.ts';
import { skippedStep } from './auth/trace/report.ts';
import type { ServerEntry } from './config/server-entry.ts';
import type { ServerPool } from './downstream/pool.ts';
import type { ToolDefinition } from './downstream/tool-pages.ts';
import { GatewayError } from './errors.ts';

/** How far it came. */
export type Trial =
  | { readonly kind: 'listed'; readonly protocol: string; readonly tools: number; readonly doubted?: DoubtedTools }
  | { readonly kind: 'not listed'; readonly protocol: string; readonly error: GatewayError }
  | { readonly kind: 'not opened'; readonly error: GatewayError };

/** Tools that are not as they were agreed to. */
export interface DoubtedTools {
  readonly server: string;
  readonly names: readonly string[];
  readonly isBlocked: boolean;
}

/** So many of them are named. */
const mostNames = 5;

/** Longest wait for one answer, and for all pages of the tools. Milliseconds. */
const answerMs = 30_000;
const listMs = 60_000;

/** The entry as the doctor opens it: its own limits where they are shorter, and also where it is disabled. */
export function trialEntry<E extends ServerEntry>(entry: E): E {
  const { timeoutMs, totalTimeoutMs } = entry;
  return {
    ...entry,
    disabled: false,
    timeoutMs: Math.min(timeoutMs, answerMs),
    totalTimeoutMs: Math.min(totalTimeoutMs, listMs),
  };
}

export async function tryServer(
  pool: Pick<ServerPool, 'get'>,
  name: string,
  doubtedOf: (tools: readonly ToolDefinition[]) => Promise<DoubtedTools | undefined> = async () => undefined,
): Promise<Trial> {
  let protocol: string | undefined;
  try {
    const { connection, catalog } = await pool.get(name);
    protocol = connection.info.protocolVersion;
    const tools = await catalog.tools();
    const doubted = await doubtedOf(tools);
    return { kind: 'listed', protocol, tools: tools.length, ...(doubted && { doubted }) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return protocol === undefined ? { kind: 'not opened', error } : { kind: 'not listed', protocol, error };
  }
}

/** Opening a local command is a step of its own; that an HTTP server answers is told by the steps before. */
export function judgeTrial(trial: Trial, kind: ServerEntry['kind']): readonly DoctorStep[] {
  const opened = kind === 'stdio' ? [judgeStart(trial)] : [];
  if (trial.kind === 'not opened') {
    const list = kind === 'stdio' ? skippedStep('list', 'the server does not run') : failed('list', trial.error);
    return [...opened, list];
  }
  if (trial.kind === 'not listed') return [...opened, failed('list', trial.error)];
  const { tools, protocol, doubted } = trial;
  const summary = `lists ${tools} tool${tools === 1 ? '' : 's'}, revision ${protocol}`;
  const step: DoctorStep = { step: 'list', status: 'ok', summary, facts: { tools, protocol } };
  return [...opened, doubted ? withDoubts(step, doubted) : step];
}

function withDoubts(step: DoctorStep, { server, names, isBlocked }: DoubtedTools): DoctorStep {
  const shown = names.length > mostNames ? [...names.slice(0, mostNames), '…'] : names;
  return {
    ...step,
    status: isBlocked ? 'failed' : 'warning',
    summary: `${step.summary}; ${names.length} not as agreed to${isBlocked ? ', and blocked' : ''}: ${shown.join(', ')}`,
    facts: { ...step.facts, not_agreed_to: names },
    fix: { command: `portico tools ${server} --approve`, explanation: 'It shows what has changed, and asks.' },
  };
}

function judgeStart(trial: Trial): DoctorStep {
  if (trial.kind === 'not opened') return failed('start', trial.error);
  return { step: 'start', status: 'ok', summary: 'starts, and answers', facts: { protocol: trial.protocol } };
}

/** The message of the error has the exit code and the last lines on stderr. */
function failed(step: StepName, { message, hint, code }: GatewayError): DoctorStep {
  const fix = hint === undefined ? {} : { fix: { explanation: hint } };
  return { step, status: 'failed', summary: message, facts: { code }, ...fix };
}

/** The report with more steps; the first one that failed is the verdict, where there was nothing worse. */
export function withSteps(report: DoctorReport, steps: readonly DoctorStep[]): DoctorReport {
  const all = { ...report, steps: [...report.steps, ...steps] };
  const first = steps.find(({ status }) => status === 'failed');
  if (!first || report.verdict.kind !== 'ok') return all;
  const { step, summary, fix } = first;
  return { ...all, verdict: { kind: 'problem', summary, step, ...(fix && { fix }) } };
}
