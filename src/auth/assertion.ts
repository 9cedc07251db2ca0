// Owns where the JWT of a workload comes from: the config, a file, or a command. Knows nothing of what it is used for.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { AssertionSource } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { parseObject } from './answer.ts';
import type { Environment } from './browser.ts';

/** How long a command may take, in milliseconds, and how much it may print, in bytes. */
const commandLimits = { timeout: 10_000, maxBuffer: 256 * 1024 } as const;

/**
 * Read anew for every token: such assertions live for minutes (RFC 7523 section 3).
 * @throws GatewayError AUTH_FAILED naming the file or command, never what it holds or prints
 */
export async function readAssertion(
  server: string,
  source: AssertionSource,
  surroundings: { readonly env: Environment; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  if (source.kind === 'value') return checked(server, 'oauth.assertion', source.value.reveal());
  if (source.kind === 'file') {
    return checked(server, `oauth.assertion: the file ${source.path}`, await fileText(server, source.path));
  }
  const name = `oauth.assertion: the command ${source.command}`;
  return checked(server, name, await commandOutput(server, name, source, surroundings));
}

async function fileText(server: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(server, `oauth.assertion: the file ${path} cannot be read (${codeOf(error)})`);
  }
}

/** Without a shell: the arguments arrive as they are in the config. */
function commandOutput(
  server: string,
  name: string,
  { command, args }: Extract<AssertionSource, { kind: 'command' }>,
  { env, signal }: { readonly env: Environment; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { ...commandLimits, env, signal, windowsHide: true }, (error, stdout) => {
      if (!error) resolve(stdout);
      else if (signal?.aborted) reject(signal.reason);
      else reject(unusable(server, `${name} failed (${error.killed ? 'no answer in 10 s' : codeOf(error)})`));
    }).stdin?.end();
  });
}

function checked(server: string, name: string, text: string): string {
  const assertion = text.trim();
  // RFC 7515 section 3.1. Anything else would be sent in vain, and may be a secret of another kind.
  const [header = '', payload, signature, more] = assertion.split('.');
  const isJwt = payload !== undefined && signature !== undefined && more === undefined && !/\s/.test(assertion);
  if (isJwt && parseObject(Buffer.from(header, 'base64url').toString('utf8'))) return assertion;
  throw unusable(server, `${name} ${assertion === '' ? 'is empty' : 'gives no JWT'}`);
}

function unusable(server: string, what: string): GatewayError {
  const hint = 'It must give one JWT in compact form, and nothing else.';
  return new GatewayError('AUTH_FAILED', `server '${server}': ${what}`, { server, hint });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && error.code !== null ? `code ${String(error.code)}` : 'no code';
}
