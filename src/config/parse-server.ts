// Owns making one server of one entry, or saying what is wrong with it; knows nothing of the other entries.
import { dirname } from 'node:path';
import { deepFreeze } from '../lib/freeze.ts';
import { checkHeaders, checkOAuth } from './cross-checks.ts';
import { type EntryOrigin, httpEntry, stdioEntry } from './entry-defaults.ts';
import { checkType, kindOf, knownMembers, membersOfKind } from './entry-members.ts';
import { type Environment, type ExpansionProblem, expandStrings } from './expand-env.ts';
import { reportExpansion } from './expansion-issues.ts';
import type { ServerInput } from './input-values.ts';
import { createIssueList, type IssueList, keyText } from './issue-list.ts';
import type { JsonDocument, JsonPath } from './json-document.ts';
import { valueHint } from './key-hints.ts';
import { oauthSchema, type RawOAuth } from './oauth-schema.ts';
import { schemaProblems, typeOf } from './schema-issues.ts';
import type { ConfiguredServer, ServerEntry } from './server-entry.ts';
import { type InputSource, serverInputs, warnOfShownInputs } from './server-inputs.ts';
import { httpSchema, stdioSchema } from './servers-schema.ts';
import { hasControlCharacters, isObject } from './value-checks.ts';

export interface ServerSource {
  readonly document: JsonDocument;
  /** Where the entry stands in the document. */
  readonly path: JsonPath;
  readonly name: string;
  readonly value: unknown;
  readonly env: Environment;
  readonly inputs: InputSource;
}

export interface ParsedServer {
  readonly server: ConfiguredServer;
  readonly inputs: readonly ServerInput[];
  readonly issues: IssueList['issues'];
}

/** Never throws: what is wrong is in `issues`, and errors among them make the server `broken`. */
export function parseServer(source: ServerSource): ParsedServer {
  const { document, name, value } = source;
  const list = createIssueList(document, name);
  const at = (path: JsonPath): JsonPath => [...source.path, ...path];
  const scoped: IssueList = {
    issues: list.issues,
    hasErrors: list.hasErrors,
    error: (note) => list.error({ ...note, path: at(note.path) }),
    warning: (note) => list.warning({ ...note, path: at(note.path) }),
  };
  const { entry, inputs = [] } = parseEntry(source, scoped);
  const issues = deepFreeze([...list.issues]);
  if (entry && !list.hasErrors()) {
    return { server: deepFreeze({ state: 'usable', name, entry } as const), inputs, issues };
  }
  const raw = isObject(value) ? value : {};
  // A description with a reference in it would be shown as it stands.
  const description = typeof raw['description'] === 'string' && !raw['description'].includes('${');
  return {
    server: deepFreeze<ConfiguredServer>({
      state: 'broken',
      name,
      ...(description ? { description: String(raw['description']) } : {}),
      ...(raw['disabled'] === true ? { disabled: true } : {}),
      issues,
    }),
    inputs,
    issues,
  };
}

interface ParsedEntry {
  readonly entry?: ServerEntry | undefined;
  readonly inputs?: readonly ServerInput[];
}

function parseEntry(source: ServerSource, issues: IssueList): ParsedEntry {
  const { document, name, value, env } = source;
  if (!isObject(value)) {
    issues.error({
      path: [],
      message: `must be an object, not ${typeOf(value)}`,
      hint: 'write {"command": ...} or {"url": ...}',
    });
    return {};
  }
  if (name === '' || hasControlCharacters(name)) {
    issues.error({ path: [], message: 'the name is empty or holds line breaks', hint: 'give it a name', atKey: true });
  }
  const known = knownMembers(value, issues);
  const kind = kindOf(known, issues);
  if (!kind) return {};
  const members = membersOfKind(known, kind, issues);
  const skipped = new Set<string>();
  const disabled = value['disabled'] === true;
  const inputs = serverInputs(source.inputs, members, { name, env });
  const report = (problem: ExpansionProblem): void => {
    if (problem.kind !== 'empty') skipped.add(keyText(problem.path));
    if (problem.kind === 'input') inputs.report(problem, issues, disabled);
    else reportExpansion(problem, issues, disabled);
  };
  const expanded = expandStrings(members, env, report, [], inputs.inputOf);
  const used = inputs.used();
  warnOfShownInputs(used, issues);
  const origin = { name, directory: dirname(document.file) };
  const entry =
    kind === 'stdio' ? stdioOf(expanded, origin, issues, skipped) : httpOf(expanded, origin, issues, skipped);
  // A value that could not be filled in makes the entry unusable even where it is disabled and only a warning.
  return { entry: skipped.size > 0 ? undefined : entry, inputs: used };
}

function stdioOf(value: unknown, origin: EntryOrigin, issues: IssueList, skipped: ReadonlySet<string>) {
  const checked = check(stdioSchema, value, [], issues, skipped);
  if (!checked) return undefined;
  checkType(checked, 'stdio', issues);
  if (/\s/.test(checked.command) && !/[\\/]/.test(checked.command)) {
    const hint = 'write the program into "command" and each argument into "args"';
    issues.warning({ path: ['command'], message: 'command holds spaces: it is taken as one program name', hint });
  }
  return stdioEntry(checked, origin);
}

function httpOf(value: unknown, origin: EntryOrigin, issues: IssueList, skipped: ReadonlySet<string>) {
  const checked = check(httpSchema, value, [], issues, skipped);
  const block = isObject(value) ? value['oauth'] : undefined;
  const oauth = isObject(block) ? check(oauthSchema, block, ['oauth'], issues, skipped) : undefined;
  if (!checked || (isObject(block) && !oauth)) return undefined;
  checkType(checked, 'http', issues);
  if (oauth) checkOAuth(oauth, issues);
  const hasAuthorization = checkHeaders(checked.headers ?? {}, oauth !== undefined, issues);
  const settings: RawOAuth | false = oauth ?? (checked.oauth === false || hasAuthorization ? false : {});
  return httpEntry(checked, settings, origin);
}

/** The checked value, or undefined where the schema found something; values that are missing already are not reported. */
function check<T>(
  schema: {
    safeParse(
      value: unknown,
    ): { success: true; data: T } | { success: false; error: Parameters<typeof schemaProblems>[0] };
  },
  value: unknown,
  base: JsonPath,
  issues: IssueList,
  skipped: ReadonlySet<string>,
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const { path, message } of schemaProblems(result.error, value)) {
    const key = keyText([...base, ...path]);
    if (!skipped.has(key))
      issues.error({ path: [...base, ...path], message: `${key} ${message}`, hint: valueHint(key) });
  }
  return undefined;
}
