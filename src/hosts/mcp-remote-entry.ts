// Owns turning an entry that runs mcp-remote into the url that it bridges to: pure. Where an option is not understood the
// entry stays as it is, since half of it might mean something else.
import { isObject } from '../config/value-checks.ts';

type Members = Readonly<Record<string, unknown>>;

export type RemoteEntry =
  | { readonly kind: 'converted'; readonly entry: Members; readonly notes: readonly string[] }
  /** It runs mcp-remote in a way that is not known here. */
  | { readonly kind: 'kept'; readonly note: string };

/** `args` of an entry that runs mcp-remote, behind its name; undefined: it runs something else. */
export function mcpRemoteArgs({ command, args }: Members): readonly string[] | undefined {
  if (typeof command !== 'string' || !Array.isArray(args) || !args.every((word) => typeof word === 'string')) {
    return undefined;
  }
  const words: readonly string[] = [programOf(command), ...args];
  // `cmd /c npx …`, as it is written on Windows.
  const shell = words[0] === 'cmd' && words[1]?.toLowerCase() === '/c' ? 2 : 0;
  const runner = runners.find((start) => start.every((word, at) => programOf(words[shell + at] ?? '') === word));
  let at = shell + (runner?.length ?? 0);
  while (runner && quietOptions.has(words[at] ?? '')) at++;
  return /^mcp-remote(?:@[\w.^~-]+)?$/.test(words[at] ?? '') ? words.slice(at + 1) : undefined;
}

const runners = [['npx'], ['bunx'], ['pnpx'], ['pnpm', 'dlx'], ['yarn', 'dlx']];
const quietOptions: ReadonlySet<string> = new Set(['-y', '--yes', '-q', '--quiet', '--silent']);

function programOf(word: string): string {
  return word.replace(/^.*[\\/]/, '').replace(/\.(?:cmd|exe|ps1)$/i, '');
}

/** Undefined: the entry does not run mcp-remote. */
export function fromMcpRemote(entry: Members): RemoteEntry | undefined {
  const args = mcpRemoteArgs(entry);
  if (!args) return undefined;
  const read = readArgs(args);
  if ('unknown' in read) return kept(read.unknown);
  const { url, port } = read;
  if (url === undefined || !/^(?:https?:\/\/|\$\{)/i.test(url)) return kept('what stands in the place of its URL');
  const env = isObject(entry['env']) ? entry['env'] : {};
  const used = new Set<string>();
  const headers = Object.fromEntries(
    read.headers.map(([name, value]) => [name, filledIn(value, env, (variable) => used.add(variable))]),
  );
  const oauth = { ...read.oauth, ...(port !== undefined && { callbackPort: port }), ...redirectOf(read) };
  const { command: _command, args: _args, env: _env, cwd: _cwd, inheritEnv: _inheritEnv, type: _type, ...rest } = entry;
  const lost = Object.keys(env).filter((name) => !used.has(name));
  const hasToken = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return {
    kind: 'converted',
    entry: {
      url,
      ...(read.type !== undefined && { type: read.type }),
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(Object.keys(oauth).length > 0 && { oauth }),
      ...rest,
    },
    notes: [
      `runs mcp-remote there; here it is the url itself${hasToken ? '' : '. Its login: portico import --from mcp-remote'}`,
      ...read.notes,
      ...(read.leftOut.length > 0 ? [`not needed here, and left out: ${[...new Set(read.leftOut)].join(', ')}`] : []),
      ...(lost.length > 0 ? [`left out: the variables ${lost.join(', ')} of mcp-remote itself`] : []),
    ],
  };
}

function kept(what: string): RemoteEntry {
  return { kind: 'kept', note: `runs mcp-remote, and ${what} is not known here: taken over as it is` };
}

interface Read {
  url?: string;
  port?: number;
  type?: string;
  hasClient: boolean;
  readonly headers: [string, string][];
  readonly oauth: Record<string, unknown>;
  readonly notes: string[];
  readonly leftOut: string[];
}

type Unknown = { readonly unknown: string };

/** What an option with a value does; false: the value is not understood. */
const valued: Readonly<Record<string, (read: Read, value: string) => boolean>> = {
  '--header': ({ headers }, text) => {
    const [, name, value] = /^([\w-]+):\s*(.*)$/s.exec(text) ?? [];
    return name !== undefined && value !== undefined && headers.push([name, value]) > 0;
  },
  '--transport': (read, value) => {
    const types: Readonly<Record<string, string>> = { 'http-only': 'http', 'sse-only': 'sse' };
    const type = Object.hasOwn(types, value) ? types[value] : undefined;
    if (type !== undefined) read.type = type;
    else read.leftOut.push(`--transport ${value}`);
    return ['http-only', 'sse-only', 'http-first', 'sse-first'].includes(value);
  },
  '--host': ({ oauth }, value) => set(oauth, 'callbackHost', value),
  '--resource': ({ oauth }, value) => set(oauth, 'resource', value),
  '--static-oauth-client-info': (read, value) => {
    const { client_id, client_secret, token_endpoint_auth_method: method, ...others } = jsonOf(value);
    if (typeof client_id !== 'string') return false;
    read.hasClient = true;
    set(read.oauth, 'clientId', client_id);
    if (typeof client_secret === 'string') set(read.oauth, 'clientSecret', client_secret);
    if (typeof method === 'string' && method !== 'none') set(read.oauth, 'tokenEndpointAuthMethod', method);
    return noteMembers(read, '--static-oauth-client-info', others);
  },
  '--static-oauth-client-metadata': (read, value) => {
    if (!value.trimStart().startsWith('{')) return false;
    const { scope, ...others } = jsonOf(value);
    if (typeof scope === 'string') set(read.oauth, 'scope', scope);
    return noteMembers(read, '--static-oauth-client-metadata', others);
  },
  '--ignore-tool': ({ notes }, value) => {
    return notes.push(`--ignore-tool ${value}: which tools may be used is said in gateway-rules.json`) > 0;
  },
  '--auth-timeout': ({ leftOut }) => leftOut.push('--auth-timeout') > 0,
};

const flags: Readonly<Record<string, (read: Read) => unknown>> = {
  '--allow-http': ({ leftOut }) => leftOut.push('--allow-http'),
  '--enable-proxy': ({ leftOut }) => leftOut.push('--enable-proxy'),
  '--debug': ({ leftOut }) => leftOut.push('--debug'),
  '--silent': ({ leftOut }) => leftOut.push('--silent'),
  '--disable-resource-parameter': ({ oauth }) => set(oauth, 'resource', false),
};

function readArgs(args: readonly string[]): Read | Unknown {
  const read: Read = { hasClient: false, headers: [], oauth: {}, notes: [], leftOut: [] };
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (Object.hasOwn(flags, word)) flags[word]?.(read);
    else if (Object.hasOwn(valued, word)) {
      const value = args[++at];
      if (value === undefined || !valued[word]?.(read, value)) return { unknown: `the value of its option ${word}` };
    } else if (word.startsWith('-')) return { unknown: `its option ${word.replace(/=.*$/s, '')}` };
    else if (read.url === undefined) read.url = word;
    else if (read.port === undefined && /^\d{1,5}$/.test(word)) read.port = Number(word);
    else return { unknown: 'one of its arguments' };
  }
  return read;
}

/** An app that was registered by hand has the redirect URI of mcp-remote. */
function redirectOf({ hasClient, port, oauth, notes }: Read): Members {
  if (!hasClient) return {};
  const host = typeof oauth['callbackHost'] === 'string' ? oauth['callbackHost'] : 'localhost';
  if (port !== undefined) return { redirectUri: `http://${host}:${port}/oauth/callback` };
  notes.push(
    'its client has a redirect URI of mcp-remote: put it into "oauth" as "redirectUri", and its port as "callbackPort"',
  );
  return {};
}

/** mcp-remote fills in `${VAR}` of headers itself, from its `env` first. */
function filledIn(value: string, env: Members, use: (variable: string) => void): string {
  return value.replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const own = Object.hasOwn(env, name) ? env[name] : undefined;
    if (typeof own !== 'string') return whole;
    use(name);
    return own;
  });
}

function set(members: Record<string, unknown>, key: string, value: unknown): boolean {
  members[key] = value;
  return true;
}

function noteMembers({ notes }: Read, option: string, members: Members): boolean {
  const names = Object.keys(members);
  if (names.length > 0) notes.push(`left out of ${option}: ${names.join(', ')}`);
  return true;
}

/** Nothing, where it is no JSON; `@FILE` is none. */
function jsonOf(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
