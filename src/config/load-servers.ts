// Owns making the servers of one config file; knows nothing of where that file was looked for.
import { resolve } from 'node:path';
import { deepFreeze } from '../lib/freeze.ts';
import { frozenMap } from '../lib/frozen-map.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './expand-env.ts';
import { inputDefinitions } from './input-definitions.ts';
import type { OpenInputs, ServerInput } from './input-values.ts';
import { createIssueList, type IssueList } from './issue-list.ts';
import { type Admit, type JsonDocument, type JsonPath, readJsonDocument } from './json-document.ts';
import { unknownKeyHint } from './key-hints.ts';
import { parseServer } from './parse-server.ts';
import { typeOf } from './schema-issues.ts';
import type { ConfigIssue, ConfiguredServer, LoadedServers } from './server-entry.ts';
import type { InputSource } from './server-inputs.ts';
import { topLevelKeys } from './servers-schema.ts';
import { placeOf } from './trusted-files.ts';
import { isObject } from './value-checks.ts';

interface Source {
  readonly path: string;
  /** What `${VAR}` stands for. */
  readonly env: Environment;
  readonly admit?: Admit | undefined;
  /** What was given for `${input:id}`; absent: nothing. */
  readonly openInputs?: OpenInputs | undefined;
}

/** @throws ConfigError (CONFIG_INVALID) where the file as a whole is of no use; one bad entry is only `broken`. */
export async function loadServers({ path, env, admit, openInputs }: Source): Promise<LoadedServers> {
  const document = await readJsonDocument(resolve(path), admit);
  const fileIssues = createIssueList(document);
  const sections = serverSections(document, fileIssues);
  const inputs = await inputSource(document, fileIssues, openInputs);
  const servers = new Map<string, ConfiguredServer>();
  const used = new Map<string, readonly ServerInput[]>();
  const issues: ConfigIssue[] = [];
  for (const { name, path: at, value } of sections) {
    if (servers.has(name)) {
      fileIssues.warning({
        path: at,
        message: `server '${name}' stands under mcpServers and under servers; the first is used`,
        hint: 'remove one of them',
        atKey: true,
      });
      continue;
    }
    const parsed = parseServer({ document, path: at, name, value, env, inputs });
    servers.set(name, parsed.server);
    if (parsed.inputs.length > 0) used.set(name, parsed.inputs);
    issues.push(...parsed.issues);
  }
  return deepFreeze({
    path: document.file,
    servers: frozenMap(servers),
    inputs: frozenMap(used),
    issues: deepFreeze([...fileIssues.issues, ...issues]),
  });
}

/** The values are looked for only where something refers to one. */
async function inputSource(
  document: JsonDocument,
  issues: IssueList,
  openInputs: OpenInputs | undefined,
): Promise<InputSource> {
  const root = isObject(document.value) ? document.value : {};
  const isUsed = openInputs && JSON.stringify([root['mcpServers'], root['servers']]).includes('${input:');
  return {
    definitions: inputDefinitions(root['inputs'], issues),
    lookup: isUsed ? await openInputs() : () => ({ kind: 'missing' }),
    place: isUsed ? await placeOf(document.file) : document.file,
  };
}

interface Section {
  readonly name: string;
  readonly path: JsonPath;
  readonly value: unknown;
}

function serverSections(document: JsonDocument, issues: IssueList): Section[] {
  const root = document.value;
  if (!isObject(root)) {
    issues.error({
      path: [],
      message: `the file must hold an object, not ${typeOf(root)}`,
      hint: 'write {"mcpServers": {}}',
    });
    throw new ConfigError(issues.issues);
  }
  for (const path of document.duplicates) {
    issues.warning({
      path,
      message: `"${path.at(-1)}" stands there twice; the last one is used`,
      hint: 'remove one of them',
    });
  }
  const keys = ['mcpServers', 'servers'].filter((key) => root[key] !== undefined);
  if (keys.length === 0) reportMissing(root, issues);
  for (const key of Object.keys(root)) {
    if (topLevelKeys.includes(key)) continue;
    const hint = unknownKeyHint(key, topLevelKeys);
    issues.warning({ path: [key], message: `"${key}" is no known key and has no effect`, hint, atKey: true });
  }
  return keys.flatMap((key) => {
    const members = root[key];
    if (isObject(members)) return Object.entries(members).map(([name, value]) => ({ name, path: [key, name], value }));
    const hint = `write "${key}": {"name": {"command": ...} or {"url": ...}}`;
    issues.error({ path: [key], message: `"${key}" must be an object, not ${typeOf(members)}`, hint });
    throw new ConfigError(issues.issues);
  });
}

/** No servers at all is fine; servers in the wrong place are not. */
function reportMissing(root: Readonly<Record<string, unknown>>, issues: IssueList): void {
  for (const [key, value] of Object.entries(root)) {
    if (!isObject(value)) continue;
    if (looksLikeServer(value)) {
      const message = `"${key}" looks like a server, but stands outside of "mcpServers"`;
      issues.error({ path: [key], message, hint: 'put the servers into {"mcpServers": { ... }}', atKey: true });
      throw new ConfigError(issues.issues);
    }
    if (isObject(value['servers']) || isObject(value['mcpServers'])) {
      const message = `the servers stand inside of "${key}", one level too deep`;
      issues.error({
        path: [key],
        message,
        hint: `write "mcpServers" at the top of the file, without "${key}"`,
        atKey: true,
      });
      throw new ConfigError(issues.issues);
    }
  }
  issues.warning({ path: [], message: 'the file names no servers', hint: 'write {"mcpServers": { ... }}' });
}

function looksLikeServer(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value['command'] === 'string' || typeof value['url'] === 'string';
}
