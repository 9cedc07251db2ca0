// Owns which environment variables a stdio server gets; pure. The gateway's own environment holds the secrets of all
// servers, so none may simply inherit it.
import type { StdioServerEntry } from '../config/server-entry.ts';
import { matchesGlob } from '../lib/glob.ts';

/** What the MCP SDK passes on by default (DEFAULT_INHERITED_ENV_VARS): hosts and servers are used to these. */
const inheritedOnWindows = [
  'APPDATA',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATH',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'USERNAME',
  'USERPROFILE',
  // Beyond the SDK's list: without them no `.cmd` file starts.
  'COMSPEC',
  'PATHEXT',
  'TMP',
  'WINDIR',
  // Where programs look for others: browsers, Git, .NET, PowerShell and its modules.
  'ALLUSERSPROFILE',
  'COMMONPROGRAMFILES',
  'COMMONPROGRAMFILES(X86)',
  'COMMONPROGRAMW6432',
  'NUMBER_OF_PROCESSORS',
  'OS',
  'PROGRAMDATA',
  'PROGRAMFILES(X86)',
  'PROGRAMW6432',
  'PSMODULEPATH',
  'PUBLIC',
];
const inheritedOnPosix = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'TMPDIR'];

const inheritedEverywhere = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TZ',
  'XDG_*',
  // Without these, what a version manager has put on PATH does not find its own versions.
  'ASDF_DATA_DIR',
  'ASDF_DIR',
  'MISE_DATA_DIR',
  'MISE_CONFIG_DIR',
  'VOLTA_HOME',
];

/** What the login files and exported logins are encrypted with. */
const keyVariables: ReadonlySet<string> = new Set([
  'GATEWAY_TOKEN_KEY',
  'GATEWAY_TOKEN_KEY_FILE',
  'GATEWAY_EXPORT_PASSPHRASE',
]);

export type Environment = Readonly<Record<string, string | undefined>>;

/** The allow-list, then what `inheritEnv` names, then the entry's own `env`, which wins. */
export function childEnvironment(
  entry: Pick<StdioServerEntry, 'env' | 'inheritEnv'>,
  gateway: Environment,
  platform: NodeJS.Platform,
): Record<string, string> {
  const windows = platform === 'win32';
  // Windows takes `Path` and `PATH` for one variable.
  const fold = (name: string): string => (windows ? name.toUpperCase() : name);
  const allowed = [...(windows ? inheritedOnWindows : inheritedOnPosix), ...inheritedEverywhere];
  if (entry.inheritEnv !== true) allowed.push(...entry.inheritEnv);
  const patterns = allowed.map(fold);
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(gateway)) {
    // A value that begins with `()` is an exported shell function, which old shells would run.
    if (value === undefined || value.startsWith('()')) continue;
    // What opens every login is nobody's by a wildcard.
    if (keyVariables.has(fold(name)) && !patterns.includes(fold(name))) continue;
    if (entry.inheritEnv === true || patterns.some((pattern) => matchesGlob(pattern, fold(name)))) child[name] = value;
  }
  for (const [name, value] of Object.entries(entry.env)) {
    const same = Object.keys(child).find((other) => fold(other) === fold(name));
    if (same !== undefined) delete child[same];
    child[name] = value;
  }
  return child;
}

/** The value of `PATH`, whatever its case on Windows. */
export function pathVariable(env: Environment, platform: NodeJS.Platform): { name: string; value: string } {
  const name = platform === 'win32' ? Object.keys(env).find((key) => key.toUpperCase() === 'PATH') : 'PATH';
  return { name: name ?? 'PATH', value: env[name ?? 'PATH'] ?? '' };
}
