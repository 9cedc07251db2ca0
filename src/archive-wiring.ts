// Owns how moving logins is put together: the config where there is one, the store, and what seals, merges or takes them
// over. Loads encryption, HTTP and OAuth when they are needed.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { CachedLogin } from './auth/foreign-cache.ts';
import type { ParsedRecord } from './auth/login-record.ts';
import type { MovedLogin, ToldLogin } from './auth/moved-login.ts';
import { loginKey } from './auth/server-key.ts';
import type { TokenStore } from './auth/token-store.ts';
import type { ConfiguredServer, HttpServerEntry } from './config/server-entry.ts';
import { GatewayError } from './errors.ts';
import { createInputs } from './input-wiring.ts';
import { isMissing } from './lib/json-file.ts';
import type { LogPort } from './lib/log-port.ts';
import type { Secret } from './lib/secret.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';
import { createTokenPlace, type TokenPlace } from './token-store-wiring.ts';

export type { MovedLogin, ToldLogin } from './auth/moved-login.ts';

export interface ArchiveDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The logins of this machine, and the servers that they are for. */
export interface LoginPlace {
  readonly deps: ArchiveDeps;
  /** Undefined: there is no servers file, as on a machine that logins are copied to first. */
  readonly serversFile: string | undefined;
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  /** Those that can have a login. */
  readonly entries: readonly HttpServerEntry[];
  readonly place: TokenPlace;
}

/** @throws GatewayError CONFIG_INVALID */
export async function openLoginPlace(deps: ArchiveDeps, settings: Settings): Promise<LoginPlace> {
  const { env, cwd } = deps;
  const { configDir, tokenDir } = findPaths({ env, cwd, tokenDir: settings.tokenDir });
  const [{ findServersFile }, { loadServers }] = await Promise.all([
    import('./config/find-files.ts'),
    import('./config/load-servers.ts'),
  ]);
  const file = await findServersFile({ flag: settings.serversFile, env, cwd, configDir });
  const { open: openInputs } = createInputs(deps, settings);
  const loaded = file && (await loadServers({ path: file.path, env, openInputs }));
  const servers: LoginPlace['servers'] = loaded?.servers ?? new Map();
  const entries = [...servers.values()].flatMap((server) => {
    const entry = server.state === 'usable' ? server.entry : undefined;
    return entry?.kind === 'http' && entry.oauth !== false ? [entry] : [];
  });
  return { deps, serversFile: file?.path, servers, entries, place: createTokenPlace(deps, tokenDir) };
}

export interface PreparedExport {
  readonly logins: readonly ToldLogin[];
  /** Servers of the config without a login. */
  readonly without: readonly string[];
  /** Login files that stay where they are. */
  readonly unreadable: readonly GatewayError[];
  seal(passphrase: Secret): Promise<string>;
  /** Before anything is written: why they could not be deleted here afterwards. @throws GatewayError CONFIG_INVALID */
  requireForgettable(): Promise<void>;
  /** Deletes them here without revoking; gives those that stay. */
  forget(): Promise<readonly KeptHere[]>;
}

export interface KeptHere {
  readonly login: ToldLogin;
  /** `renewed`: after it was sealed. */
  readonly reason: 'renewed' | GatewayError;
}

/**
 * `names`: empty means every server that can have a login; `everything`: also logins that no server of the config uses.
 */
export async function prepareExport(
  { entries, place }: LoginPlace,
  { names, everything }: { readonly names: readonly string[]; readonly everything: boolean },
): Promise<PreparedExport> {
  const { openExport } = await import('./auth/export-logins.ts');
  const { tellLogin } = await import('./auth/moved-login.ts');
  const chosen = namedEntries(entries, names);
  const keys = new Set(chosen.map(keyOf));
  if (everything) for (const key of await savedKeys(place.directory)) keys.add(key);
  const opened = await openExport(await place.openStore(), [...keys]);
  const found = new Set([...opened.logins.map(({ key }) => key), ...opened.unreadable.keys()]);
  return {
    logins: opened.logins.map(({ record }) => tellLogin(record, entries)),
    without: chosen.filter((entry) => !found.has(keyOf(entry))).map(({ name }) => name),
    unreadable: [...opened.unreadable.values()],
    seal: (passphrase) => opened.seal(passphrase),
    async requireForgettable() {
      const obstacle = await place.obstacle();
      if (obstacle === undefined) return;
      const message = `--move would not be able to delete the logins here. ${obstacle}`;
      throw new GatewayError('CONFIG_INVALID', message, { hint: 'Nothing was written. Export without --move.' });
    },
    async forget() {
      const kept = await opened.forget();
      return opened.logins.flatMap(({ key, record }) => {
        const found = kept.find((one) => one.key === key);
        return found ? [{ login: tellLogin(record, entries), reason: found.reason }] : [];
      });
    },
  };
}

export interface ImportWishes {
  /** Empty: whatever there is. */
  readonly names: readonly string[];
  /** Put over a newer login too. */
  readonly force: boolean;
}

/** `name`: of the file, for messages. Nothing is written where the file cannot be opened. @throws GatewayError CONFIG_INVALID */
export async function importArchive(
  { entries, place }: LoginPlace,
  archive: { readonly name: string; readonly text: string; readonly passphrase: Secret },
  { names, force }: ImportWishes,
): Promise<readonly MovedLogin[]> {
  const [{ openArchive }, { takeOverArchive }] = await Promise.all([
    import('./auth/login-archive.ts'),
    import('./auth/take-over.ts'),
  ]);
  const opened = await openArchive(archive.text, archive.passphrase);
  if (opened.kind === 'refused') {
    throw new GatewayError('CONFIG_INVALID', `${archive.name} ${opened.reason}`, { hint: opened.hint });
  }
  const only = names.length === 0 ? undefined : namedEntries(entries, names);
  const store = await openForImport(place, namesOf(opened.records, entries, only));
  return await takeOverArchive(opened.records, { store, entries, force, only });
}

/** Why the text is no archive that a passphrase could open; undefined: it is one. */
export async function archiveProblem(text: string): Promise<{ reason: string; hint: string } | undefined> {
  const { judgeArchive } = await import('./auth/login-archive.ts');
  const verdict = judgeArchive(text);
  return verdict.kind === 'refused' ? verdict : undefined;
}

export type ForeignProgram = 'mcp-remote' | 'mcporter';

export interface CacheImport {
  readonly directory: string;
  readonly logins: readonly MovedLogin[];
  /** Servers that the cache has no login for. */
  readonly without: readonly string[];
  /** Servers of the config that run that program in place of a url. */
  readonly runners: readonly string[];
  /** Logins there of other servers, by what is known of them. */
  readonly others: readonly { readonly name: string | null; readonly url: string | null }[];
}

/** @throws GatewayError CONFIG_INVALID where there is no cache, or it cannot be read */
export async function importCache(
  { deps, servers, entries, place }: LoginPlace,
  from: { readonly program: ForeignProgram; readonly directory: string | undefined },
  { names, force }: ImportWishes,
): Promise<CacheImport> {
  const { directory, cache } = await readCache(deps, from);
  const [{ chooseLogins }, { takeOverCache }, { createHttpFetch }, { guardStrangers }] = await Promise.all([
    import('./auth/foreign-cache.ts'),
    import('./auth/take-over.ts'),
    import('./lib/http-fetch.ts'),
    import('./auth/address-rule.ts'),
  ]);
  const { choices, others } = chooseLogins(namedEntries(entries, names), cache, { asked: names.length > 0 });
  const wanted = choices.flatMap(({ kind, entry }) => (kind === 'none' ? [] : [entry.name]));
  const store = await openForImport(place, wanted);
  const http = createHttpFetch(deps.env);
  try {
    const fetchFor = ({ url: serverUrl, oauth }: HttpServerEntry) =>
      guardStrangers(http, { serverUrl, issuer: oauth === false ? undefined : oauth.issuer });
    return {
      directory,
      logins: await takeOverCache({ fetchFor, now: deps.now }, choices, { store, entries, force }),
      without: choices.filter(({ kind }) => kind === 'none').map(({ entry }) => entry.name),
      runners: [...servers.values()].filter((server) => runs(server, from.program)).map(({ name }) => name),
      others: others.map(({ name = null, url = null }) => ({ name, url })),
    };
  } finally {
    await http.close();
  }
}

/** `npx mcp-remote@latest https://…` and the like: the url is an argument there. */
function runs(server: ConfiguredServer, program: ForeignProgram): boolean {
  if (server.state !== 'usable' || server.entry.kind !== 'stdio' || program !== 'mcp-remote') return false;
  const { command, args } = server.entry;
  return [command, ...args].some((word) => /(?:^|[\\/])mcp-remote(?:[@.].*)?$/.test(word));
}

async function readCache(
  { env, cwd, platform }: ArchiveDeps,
  { program, directory: named }: Parameters<typeof importCache>[1],
): Promise<{ readonly directory: string; readonly cache: readonly CachedLogin[] }> {
  const { readMcpRemoteCache, mcpRemotePlaces } = await import('./auth/mcp-remote-cache.ts');
  const { readMcporterCache, mcporterPlaces } = await import('./auth/mcporter-cache.ts');
  const read = program === 'mcp-remote' ? readMcpRemoteCache : readMcporterCache;
  const home = env[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || homedir();
  const usual = program === 'mcp-remote' ? mcpRemotePlaces(env, home) : mcporterPlaces(env, home);
  const directories = named === undefined ? usual : [resolve(cwd, named)];
  let found: { readonly directory: string; readonly cache: readonly CachedLogin[] } | undefined;
  for (const directory of directories) {
    const cache = await orUnreadable(directory, () => read(directory));
    if (cache && (!found || found.cache.length === 0)) found = { directory, cache };
  }
  if (found) return found;
  const message = `there is no directory ${directories.join(', and no ')} with the logins of ${program}`;
  throw new GatewayError('CONFIG_INVALID', message, { hint: `Name it: portico import --from ${program} DIR` });
}

async function orUnreadable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new GatewayError('CONFIG_INVALID', `the logins in ${directory} cannot be read (${code})`, {
      hint: 'Import as the user that they belong to.',
      cause: error,
    });
  }
}

/** Said once for all of them, not for each. @throws GatewayError CONFIG_INVALID */
async function openForImport(place: TokenPlace, wanted: readonly string[]): Promise<TokenStore> {
  try {
    await place.requireWritable();
  } catch (error) {
    if (!(error instanceof GatewayError) || wanted.length === 0) throw error;
    const message = `not imported: ${wanted.join(', ')}. ${error.message}`;
    throw new GatewayError(error.code, message, { hint: error.hint, cause: error });
  }
  return await place.openStore();
}

/** What a human calls the logins of an archive. */
function namesOf(
  records: readonly ParsedRecord[],
  entries: readonly HttpServerEntry[],
  only: readonly HttpServerEntry[] | undefined,
): readonly string[] {
  return records.flatMap((parsed) => {
    if (parsed.kind === 'invalid') return [];
    const { server_url, profile } = parsed.record;
    const key = loginKey(server_url, profile);
    const servers = (only ?? entries).filter((entry) => keyOf(entry) === key).map(({ name }) => name);
    return servers.length > 0 || only ? servers : [server_url];
  });
}

function namedEntries(entries: readonly HttpServerEntry[], names: readonly string[]): readonly HttpServerEntry[] {
  return entries.filter(({ name }) => names.length === 0 || names.includes(name));
}

function keyOf({ url, profile }: HttpServerEntry): string {
  return loginKey(url, profile);
}

/** The keys of everything that is saved in a directory of login files. */
async function savedKeys(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory);
    return names.flatMap((name) => /^([0-9a-f]{32})\.json$/.exec(name)?.[1] ?? []).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
