// Owns turning a server as a host writes it into one as Portico writes it: pure. What cannot be said here is named.
import { isObject } from '../config/value-checks.ts';
import { convertReferences, type ReferencePlace } from './convert-references.ts';
import type { HostId } from './host-places.ts';
import { type Dialect, hostTable } from './host-table.ts';
import { fromMcpRemote } from './mcp-remote-entry.ts';

export type ConvertedServer =
  | {
      readonly kind: 'converted';
      /** An entry of `mcpServers`. */
      readonly entry: Readonly<Record<string, unknown>>;
      /** What the host knew of it and Portico does not. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'kept'; readonly reason: string };

type Members = Readonly<Record<string, unknown>>;

/** What one key of a host's entry becomes; undefined: it has no meaning here. */
type Rule = (value: unknown, entry: Members) => Members | undefined;

const same =
  (key: string): Rule =>
  (value) => ({ [key]: value });
/** Says nothing that matters here. */
const nothing: Rule = () => ({});
const seconds =
  (key: string): Rule =>
  (value) =>
    typeof value === 'number' ? { [key]: Math.round(value * 1000) } : undefined;
const milliseconds =
  (key: string): Rule =>
  (value) =>
    typeof value === 'number' ? { [key]: value } : undefined;
const enabled: Rule = (value) => (value === false ? { disabled: true } : {});

const common: Readonly<Record<string, Rule>> = {
  command: (value) => (typeof value === 'string' ? { command: value } : undefined),
  args: same('args'),
  env: (value) => (isObject(value) && Object.keys(value).length > 0 ? { env: textsOf(value) } : {}),
  cwd: same('cwd'),
  url: same('url'),
  headers: (value) => (isObject(value) && Object.keys(value).length > 0 ? { headers: value } : {}),
  type: (value) => typeOf(value),
  transport: (value) => typeOf(value),
  disabled: (value) => (value === true ? { disabled: true } : {}),
  enabled,
  description: same('description'),
  oauth: (value) => oauthOf(value),
};

const special: Readonly<Record<HostId, Readonly<Record<string, Rule>>>> = {
  'claude-desktop': {},
  'claude-code': { timeout: milliseconds('timeoutMs') },
  cursor: { auth: (value) => oauthOf(value) },
  vscode: { gallery: nothing, version: nothing },
  'vscode-insiders': { gallery: nothing, version: nothing },
  windsurf: { serverUrl: same('url') },
  codex: {
    bearer_token_env_var: (value) =>
      typeof value === 'string' ? { headers: { Authorization: `Bearer \${${value}}` } } : undefined,
    http_headers: (value) => (isObject(value) ? { headers: value } : undefined),
    env_http_headers: (value) => {
      if (!isObject(value)) return undefined;
      return {
        headers: Object.fromEntries(Object.entries(value).map(([name, variable]) => [name, `\${${String(variable)}}`])),
      };
    },
    env_vars: (value) => {
      const names = Array.isArray(value) ? value.map((one) => (isObject(one) ? one['name'] : one)) : [];
      return names.length > 0 && names.every((name) => typeof name === 'string') ? { inheritEnv: names } : undefined;
    },
    startup_timeout_sec: seconds('connectTimeoutMs'),
    startup_timeout_ms: milliseconds('connectTimeoutMs'),
    tool_timeout_sec: seconds('timeoutMs'),
    required: nothing,
    scopes: (value) => (isTexts(value) ? { oauth: { scope: value.join(' ') } } : undefined),
    oauth_resource: (value) => (typeof value === 'string' ? { oauth: { resource: value } } : undefined),
  },
  'gemini-cli': { httpUrl: (value) => ({ url: value, type: 'http' }), timeout: milliseconds('timeoutMs') },
  zed: {
    source: nothing,
    remote: nothing,
    // Until 2025 the command was an object.
    command: (value) => {
      if (!isObject(value)) return typeof value === 'string' ? { command: value } : undefined;
      const { path, args, env } = value;
      return {
        command: path,
        ...(args === undefined ? {} : { args }),
        ...(isObject(env) ? { env: textsOf(env) } : {}),
      };
    },
  },
};

export function convertServer(host: HostId, value: unknown, place: ReferencePlace): ConvertedServer {
  if (!isObject(value)) return { kind: 'kept', reason: 'it is no object' };
  const { dialect } = hostTable[host];
  const plain = convertEntry(host, value, { ...place, dialect });
  if (plain.kind === 'kept') return plain;
  // What a host leaves as it stands, mcp-remote fills in.
  const filled = dialect === 'none' ? convertEntry(host, value, { ...place, dialect: 'shell' }) : plain;
  const remote = filled.kind === 'kept' ? undefined : fromMcpRemote(filled.entry);
  const { warnings } = plain;
  if (remote?.kind === 'converted') return { ...plain, entry: remote.entry, warnings: [...remote.notes, ...warnings] };
  const notes = remote ? [remote.note] : [];
  return { kind: 'converted', entry: inProject(plain.entry, place), warnings: [...notes, ...warnings] };
}

/** Key by key. */
function convertEntry(
  host: HostId,
  value: Members,
  { dialect, ...place }: ReferencePlace & { readonly dialect: Dialect },
): ConvertedServer {
  const entry: Record<string, unknown> = {};
  const warnings: string[] = [];
  const { title } = hostTable[host];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || member === null) continue;
    const rule = Object.hasOwn(special[host], key)
      ? special[host][key]
      : Object.hasOwn(common, key)
        ? common[key]
        : undefined;
    const converted = convertReferences(member, dialect, place);
    if (converted.kind === 'impossible') {
      return { kind: 'kept', reason: `only ${title} can fill in ${converted.reference} (${key})` };
    }
    const result = rule?.(converted.value, value);
    if (result === undefined) warnings.push(unknownKey(key));
    else for (const [own, part] of Object.entries(result)) entry[own] = joined(entry[own], part);
  }
  if (typeof entry['command'] !== 'string' && typeof entry['url'] !== 'string') {
    return { kind: 'kept', reason: `it has neither a command nor a url; it belongs to ${title} itself` };
  }
  return { kind: 'converted', entry, warnings };
}

/** Headers and OAuth settings come from several keys. */
function joined(old: unknown, part: unknown): unknown {
  return isObject(old) && isObject(part) ? { ...old, ...part } : part;
}

/** A host starts the servers of a project in its folder. */
function inProject(entry: Members, { project }: ReferencePlace): Members {
  if (project === undefined || typeof entry['command'] !== 'string' || entry['cwd'] !== undefined) return entry;
  return { ...entry, cwd: project };
}

function typeOf(value: unknown): Members | undefined {
  if (typeof value !== 'string') return undefined;
  const known: Readonly<Record<string, string>> = {
    stdio: 'stdio',
    local: 'stdio',
    http: 'http',
    sse: 'sse',
    'streamable-http': 'http',
    streamableHttp: 'http',
  };
  const type = Object.hasOwn(known, value) ? known[value] : undefined;
  // A command says so by itself.
  return type === undefined ? undefined : type === 'stdio' ? {} : { type };
}

function oauthOf(value: unknown): Members | undefined {
  if (!isObject(value)) return undefined;
  const { clientId, clientSecret, CLIENT_ID, CLIENT_SECRET, scope, scopes, callbackPort } = value;
  const oauth: Record<string, unknown> = {};
  if (typeof (clientId ?? CLIENT_ID) === 'string') oauth['clientId'] = clientId ?? CLIENT_ID;
  if (typeof (clientSecret ?? CLIENT_SECRET) === 'string') oauth['clientSecret'] = clientSecret ?? CLIENT_SECRET;
  if (isTexts(scopes)) oauth['scope'] = scopes.join(' ');
  else if (typeof (scope ?? scopes) === 'string') oauth['scope'] = scope ?? scopes;
  if (typeof callbackPort === 'number') oauth['callbackPort'] = callbackPort;
  return Object.keys(oauth).length > 0 ? { oauth } : {};
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

/** Hosts take numbers and truth values here. */
function textsOf(value: Members): Members {
  const isSimple = (member: unknown): boolean => typeof member === 'number' || typeof member === 'boolean';
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, isSimple(member) ? String(member) : member]),
  );
}

function unknownKey(key: string): string {
  if (/tools|allow|trust|approve/i.test(key))
    return `"${key}" has no place in the servers file; which tools may be used is said in gateway-rules.json`;
  if (/envFile/i.test(key)) return `"${key}" is not read; put its variables into "env"`;
  return `"${key}" is unknown here and was left out`;
}
