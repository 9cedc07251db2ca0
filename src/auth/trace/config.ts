// Owns the doctor's step "config": what the entry says, names of headers and keys alone, never their values. Pure.
import type { ConfigIssue, ConfiguredServer, HttpServerEntry, OAuthSettings } from '../../config/server-entry.ts';
import type { DoctorStep, Finding } from './report.ts';
import { stepOf } from './report.ts';
import { showUrl } from './text.ts';

export interface ConfigTrace {
  /** The servers file. */
  readonly file: string;
  /** What is wrong with this entry. */
  readonly issues: readonly ConfigIssue[];
}

export function judgeHttpConfig(entry: HttpServerEntry, config: ConfigTrace, key: string): DoctorStep {
  const facts = {
    file: config.file,
    url: showUrl(entry.url),
    transport: entry.transport,
    headers: Object.keys(entry.headers),
    oauth: entry.oauth !== false,
    oauth_keys: entry.oauth === false ? [] : keysInForce(entry.oauth),
    profile: entry.profile ?? null,
    login_key: key,
    disabled: entry.disabled,
  };
  const login = entry.oauth === false ? 'no OAuth' : 'OAuth';
  const kind = entry.transport === 'auto' ? 'http' : entry.transport;
  return stepOf('config', { summary: `${kind}, ${login}, ${showUrl(entry.url)}`, facts }, findingsOf(config.issues));
}

/** An entry that cannot be used: there is nothing to trace. */
export function judgeBrokenConfig(server: ConfiguredServer, config: ConfigTrace): DoctorStep {
  const found = findingsOf(config.issues);
  const nothingSaid: Finding = { status: 'failed', summary: `server '${server.name}' is misconfigured` };
  const findings = found.some(({ status }) => status === 'failed') ? found : [nothingSaid, ...found];
  return stepOf('config', { summary: '', facts: { file: config.file } }, findings);
}

export function findingsOf(issues: readonly ConfigIssue[]): readonly Finding[] {
  return issues.map(({ severity, message, hint, line, column }) => ({
    status: severity === 'error' ? 'failed' : 'warning',
    summary: `line ${line}, column ${column}: ${message}`,
    ...(hint !== undefined && { fix: { explanation: hint } }),
  }));
}

/** The keys that change something, defaults left out. */
function keysInForce(settings: OAuthSettings): readonly string[] {
  const defaults: Readonly<Record<string, unknown>> = {
    grantType: 'authorization_code',
    dpop: false,
    callbackHost: '127.0.0.1',
  };
  return Object.entries(settings)
    .filter(([name, value]) => value !== defaults[name] && !isEmpty(value))
    .map(([name]) => name);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && JSON.stringify(value) === '{}');
}
