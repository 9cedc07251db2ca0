// Owns what to write instead: for keys that other hosts use and for the usual wrong types; knows nothing of values.
import { nearestNames } from '../lib/nearest-name.ts';

/** Keys of other hosts whose names are not near to ours. */
const foreignKeys: Readonly<Record<string, string>> = {
  timeout: 'write "timeoutMs", in milliseconds',
  startup_timeout_sec: 'write "connectTimeoutMs", in milliseconds',
  tool_timeout_sec: 'write "timeoutMs", in milliseconds',
  enabled: 'write "disabled": true or leave it out',
  serverUrl: 'write "url"',
  httpUrl: 'write "url"',
  requestInit: 'write "headers"',
  envFile: `write the variables into "env", with \${VAR} for those of the environment`,
  bearer_token_env_var: `write "headers": {"Authorization": "Bearer \${VAR}"}`,
  autoApprove: 'what an agent may use stands in gateway-rules.json',
  alwaysAllow: 'what an agent may use stands in gateway-rules.json',
  disabledTools: 'what an agent may use stands in gateway-rules.json',
  includeTools: 'what an agent may use stands in gateway-rules.json',
  excludeTools: 'what an agent may use stands in gateway-rules.json',
};

const foreignOAuthKeys: Readonly<Record<string, string>> = {
  scopes: 'write "scope", one string with spaces between the scopes',
  extraParams: 'write "authorizationParams"',
  audience: 'write "resource", or "authorizationParams": {"audience": ...}',
  callbackUrl: 'write "callbackHost" and "callbackPort", or "redirectUri"',
};

/** What to write instead of an unknown key. */
export function unknownKeyHint(key: string, known: Iterable<string>, inOAuth = false): string | undefined {
  const table = inOAuth ? foreignOAuthKeys : foreignKeys;
  if (Object.hasOwn(table, key)) return table[key];
  const [nearest] = nearestNames(key, known, 1);
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
}

/** What the value of a key looks like, for the keys that are often written in another way. */
const valueHints: Readonly<Record<string, string>> = {
  args: 'write a list with one string for each argument: ["-y", "package"]',
  env: 'write an object of strings: {"NAME": "value"}; numbers and true/false in quotes',
  headers: 'write an object of strings: {"Name": "value"}',
  inheritEnv: 'write a list of names such as ["AWS_*"], or true for everything',
  disabled: 'write true or false without quotes',
  timeoutMs: 'write a number of milliseconds without quotes, such as 600000',
  totalTimeoutMs: 'write a number of milliseconds without quotes, such as 14400000',
  connectTimeoutMs: 'write a number of milliseconds without quotes, such as 30000',
  idleTimeoutMs: 'write a number of milliseconds without quotes, such as 600000; leave it out for never',
  maxResultBytes: 'write a number of bytes without quotes, such as 1048576',
  oauth: 'leave it out for automatic logins, or write an object, or false for none',
  url: 'write the whole URL, such as https://mcp.example.com/mcp',
  type: 'leave it out: "command" means stdio, "url" means http',
  transport: 'leave it out: "command" means stdio, "url" means http',
  protocol: 'leave it out, or write "auto"',
  expose: 'write "direct" to list its tools natively, or "meta"',
  toolPinning: 'write "mark" to be told of changed tools, "block" to keep them back, or "off"',
  'oauth.callbackPort': 'write a number from 1 to 65535 without quotes',
  'oauth.dpop': 'write true or false without quotes',
  'oauth.scope': 'write one string with spaces between the scopes',
  'oauth.authorizationParams': 'write an object of strings: {"prompt": "consent"}',
};

export function valueHint(key: string): string | undefined {
  if (Object.hasOwn(valueHints, key)) return valueHints[key];
  const parent = key.replace(/(?:\.[^.]*|\[\d+\])$/, '');
  return Object.hasOwn(valueHints, parent) && !parent.startsWith('oauth') ? valueHints[parent] : undefined;
}
