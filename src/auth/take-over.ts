// Owns taking over the logins that were chosen from another program's cache, and those of an archive: one that fails
// keeps no other from coming. Knows nothing of files.
import type { HttpServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Choice } from './foreign-cache.ts';
import { completeForeignLogin } from './foreign-login.ts';
import { importLogin } from './import-logins.ts';
import type { ParsedRecord } from './login-record.ts';
import { type MovedLogin, tellLogin } from './moved-login.ts';
import { loginKey } from './server-key.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export interface TakeOverInput {
  readonly store: TokenStore;
  /** Of the config, to say which of them uses a login. */
  readonly entries: readonly HttpServerEntry[];
  /** Put over a newer login too. */
  readonly force: boolean;
}

/** `only`: the servers that were named; undefined: whatever there is. */
export async function takeOverArchive(
  records: readonly ParsedRecord[],
  input: TakeOverInput & { readonly only: readonly HttpServerEntry[] | undefined },
): Promise<readonly MovedLogin[]> {
  const wanted = input.only && new Set(input.only.map(({ url, profile }) => loginKey(url, profile)));
  const results: MovedLogin[] = [];
  for (const parsed of records) {
    if (parsed.kind === 'invalid') {
      const error = new GatewayError('CONFIG_INVALID', `a login of the file cannot be used: ${parsed.reason}`);
      results.push({ outcome: 'failed', servers: [], error });
    } else if (wanted?.has(loginKey(parsed.record.server_url, parsed.record.profile)) ?? true) {
      results.push(await save(parsed.record, [], input));
    }
  }
  return results;
}

export async function takeOverCache(
  deps: { readonly fetchFor: (entry: HttpServerEntry) => FetchLike; readonly now: () => number },
  choices: readonly Choice[],
  input: TakeOverInput,
): Promise<readonly MovedLogin[]> {
  const results: MovedLogin[] = [];
  for (const choice of choices) {
    const { entry } = choice;
    const { name: server } = entry;
    if (choice.kind === 'none') continue;
    try {
      if (choice.kind === 'ambiguous') throw ambiguous(server);
      const found = choice.cached.login;
      const record = await completeForeignLogin({ fetch: deps.fetchFor(entry), now: deps.now }, { entry, found });
      results.push(await save(record, found.remains, input));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      results.push({ outcome: 'failed', servers: [server], error });
    }
  }
  return results;
}

function ambiguous(server: string): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `server '${server}': nothing there says which account the login is of`, {
    server,
    hint: `Name the server that it is for: --server ${server}`,
  });
}

/** A login file here that cannot be read stays, and is the failure of that login alone. */
async function save(record: LoginRecord, remains: readonly string[], input: TakeOverInput): Promise<MovedLogin> {
  const login = tellLogin(record, input.entries);
  try {
    return { outcome: await importLogin(input.store, record, input), login, remains };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { outcome: 'failed', servers: login.servers, error };
  }
}
