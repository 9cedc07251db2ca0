// Owns how a doctor's report reads in a terminal of 80 columns, without colours; knows nothing of how it came about.
import type { DoctorReport, DoctorResult, DoctorStep, Finding, TriedUrl } from '../doctor-wiring.ts';
import { wrapped } from './wrapped.ts';

/** Where the text of a step begins: after its status and name. */
const stepIndent = 30;
const detailIndent = 10;
/** As wide as the longest status and the longest name, and two blanks each. */
const statusWidth = 9;

/** What every report of a bug begins with. */
export function headLines(result: DoctorResult): readonly string[] {
  const { servers_file: file, servers_file_from: from, untrusted } = result;
  const trust = untrusted.length > 0 ? ', not trusted' : from === 'working directory' ? ', trusted' : '';
  const rows = [
    ['portico', `${result.portico_version}, node ${result.node_version}, ${result.platform}`],
    ['servers', `${file} (${from}${trust})`],
    ['rules', result.rules_file ?? 'none: every agent may use everything'],
    ['logins', result.token_directory],
    ['cache', result.cache_directory],
    ['audit log', result.audit_log ?? 'off'],
    ['logs', result.log_directory],
  ] as const;
  return [...rows.map(([name, value]) => `${name.padEnd(10)} ${value}`), ''];
}

/** The whole trace of one server. */
export function reportLines({ server, steps, verdict }: DoctorReport): readonly string[] {
  return [server, ...steps.flatMap(stepLines), '', ...verdictLines({ server, steps, verdict })];
}

/** The verdict alone, and what mends it. */
export function verdictLines({ server, verdict }: DoctorReport): readonly string[] {
  const where = verdict.step === undefined ? '' : ` (${verdict.step})`;
  const line = wrapped(`${server}: ${verdict.kind}${where}: ${verdict.summary}`, '', '  ');
  return verdict.kind === 'problem' ? [...line, ...mending(verdict, '  ')] : line;
}

function stepLines(step: DoctorStep): readonly string[] {
  const status = step.status === 'failed' ? 'FAILED' : step.status;
  const head = `  ${status.padEnd(statusWidth)}${step.step.padEnd(stepIndent - statusWidth - 2)}`;
  const indent = ' '.repeat(detailIndent);
  return [
    ...wrapped(step.summary, head, ' '.repeat(stepIndent)),
    ...(step.tried ?? []).flatMap((tried) => triedLines(tried, indent)),
    ...(step.status === 'failed' || step.status === 'warning' ? mending(step, indent) : []),
    ...(step.more ?? []).flatMap((finding) => findingLines(finding, indent)),
    ...factLines(step, indent),
  ];
}

function triedLines({ url, status, result }: TriedUrl, indent: string): readonly string[] {
  return wrapped(`${url} ${result}`, `${indent}${String(status ?? '-').padEnd(5)}`, `${indent}     `);
}

function findingLines(finding: Finding, indent: string): readonly string[] {
  return [...wrapped(`${finding.status}: ${finding.summary}`, indent, `${indent}  `), ...mending(finding, indent)];
}

/** Which requirement, what to write or type, and why. */
function mending({ requirement, fix }: Pick<Finding, 'requirement' | 'fix'>, indent: string): readonly string[] {
  const deeper = `${indent}  `;
  const lines: string[] = [];
  if (requirement) {
    const { spec, section, text } = requirement;
    const place = /^\d/.test(section) ? `section ${section}` : section;
    lines.push(...wrapped(`${spec} ${place}: ${text}`, indent, deeper));
  }
  if (fix?.config !== undefined) lines.push(`${indent}config: ${fix.config}`);
  if (fix?.command !== undefined) lines.push(`${indent}type: ${fix.command}`);
  if (fix) lines.push(...wrapped(fix.explanation, indent, indent));
  return lines;
}

/** The facts that no summary holds; all of them are left to `--json`. */
const shownFacts: Readonly<Record<DoctorStep['step'], readonly string[]>> = {
  config: ['headers', 'oauth_keys', 'profile', 'disabled'],
  command: [],
  start: [],
  network: [],
  challenge: ['scope', 'error'],
  resource_metadata: ['resource', 'scopes_supported'],
  server_metadata: ['authorization_endpoint', 'token_endpoint', 'registration_endpoint'],
  client: ['client_id', 'redirect_uri', 'auth_method', 'auth_methods_supported'],
  authorization: [
    'scope_from',
    'resource_from',
    'pkce',
    'iss_parameter',
    'pushed_authorization',
    'dpop',
    'refresh_token',
  ],
  saved_login: ['file', 'account', 'scope', 'expires_at', 'refresh_token', 'refresh_due', 'open_login'],
  token: ['scope'],
  list: [],
};

function factLines({ step, facts, status }: DoctorStep, indent: string): readonly string[] {
  if (status === 'skipped') return [];
  const said = shownFacts[step].flatMap((name) => {
    const value = facts[name] ?? '';
    const shown = typeof value === 'object' ? value.join(', ') : value;
    return shown === '' || shown === false ? [] : [`${name}: ${shown === true ? 'yes' : String(shown)}`];
  });
  return said.length === 0 ? [] : wrapped(said.join('; '), indent, indent);
}
