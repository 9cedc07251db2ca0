// Owns how the document that stands for this client is put together: what the config says of it, and the room that knows
// its members. Contacts nobody.
import { clientMetadataUrlProblem } from './config/client-metadata-url.ts';
import { findServersFile } from './config/find-files.ts';
import type { ConfiguredServer, HttpServerEntry } from './config/server-entry.ts';
import { GatewayError } from './errors.ts';
import type { LogPort } from './lib/log-port.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export interface DocumentWishes {
  /** Absent: the one that the config names. */
  readonly url?: string | undefined;
  readonly redirectUris: readonly string[];
}

export interface Places {
  readonly env: Environment;
  readonly cwd: string;
  readonly log: LogPort;
}

/** @throws GatewayError INVALID_ARGUMENTS, CONFIG_INVALID */
export async function composeClientMetadata(
  places: Places,
  settings: Settings,
  { url, redirectUris }: DocumentWishes,
): Promise<object> {
  for (const uri of redirectUris) requireRedirectUri(uri);
  const problem = url === undefined ? undefined : clientMetadataUrlProblem(url);
  if (problem !== undefined) {
    const hint = 'Give the https URL that the document will be at, such as https://example.com/portico.json.';
    throw new GatewayError('INVALID_ARGUMENTS', `--url ${JSON.stringify(url)} ${problem}`, { hint });
  }
  const using = await entriesWithDocument(places, settings, url !== undefined);
  const named = url ?? onlyUrl(using);
  const { clientMetadata } = await import('./auth/client-metadata.ts');
  return await clientMetadata({ url: named, redirectUris, entries: using.filter((entry) => urlOf(entry) === named) });
}

/** `optional`: the URL is known, and there may be no config yet. */
async function entriesWithDocument(
  places: Places,
  settings: Settings,
  optional: boolean,
): Promise<readonly HttpServerEntry[]> {
  const { configDir } = findPaths(places);
  const file = await findServersFile({ flag: settings.serversFile, ...places, configDir });
  if (optional && file === undefined) return [];
  const { readConfig } = await import('./read-config.ts');
  const { createInputs } = await import('./input-wiring.ts');
  const { open: openInputs } = createInputs(places, settings);
  const { servers } = await readConfig(places, settings, { openInputs });
  return [...servers.servers.values()].flatMap(usingDocument);
}

function usingDocument(server: ConfiguredServer): readonly HttpServerEntry[] {
  if (server.state !== 'usable' || server.entry.kind !== 'http') return [];
  return urlOf(server.entry) === undefined ? [] : [server.entry];
}

function urlOf({ oauth }: HttpServerEntry): string | undefined {
  return oauth === false ? undefined : oauth.clientMetadataUrl;
}

function onlyUrl(entries: readonly HttpServerEntry[]): string {
  const urls = [...new Set(entries.flatMap((entry) => urlOf(entry) ?? []))];
  const [only] = urls;
  if (only !== undefined && urls.length === 1) return only;
  const what = only === undefined ? 'no server of the config has' : 'the config has more than one';
  throw new GatewayError('INVALID_ARGUMENTS', `${what} oauth.clientMetadataUrl`, {
    hint: only === undefined ? 'Name it: --url https://example.com/portico.json' : `Name one: --url ${only}`,
  });
}

function requireRedirectUri(uri: string): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  // RFC 6749 section 3.1.2: absolute, and without a fragment.
  if ((url?.protocol === 'https:' || url?.protocol === 'http:') && !uri.includes('#')) return;
  throw new GatewayError('INVALID_ARGUMENTS', `--redirect-uri ${JSON.stringify(uri)} is no http or https URL`, {
    hint: 'Give it as the login sends it, such as http://127.0.0.1:33418/callback.',
  });
}
