// Owns that one odd definition does not cost a host its whole list: hosts check a list as one, and refuse all of it for a
// single member of the wrong kind. Pure; what is right passes as the same object.
import { isRecord, type Members } from '../lib/members.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
/** Members that are there have to fit; others may be there. */
const has =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) &&
    Object.entries(checks).every(([name, check]) => !Object.hasOwn(value, name) || check(value[name]));
const needs =
  (name: string, check: Check): Check =>
  (value) =>
    isRecord(value) && Object.hasOwn(value, name) && check(value[name]);

/** A schema may be an object or, since 2020-12, true or false. */
const isSchema: Check = (value) => isRecord(value) || isFlag(value);
const isInputSchema: Check = (value) =>
  needs('type', (type) => type === 'object')(value) &&
  has({ properties: (all) => isRecord(all) && Object.values(all).every(isSchema), required: isListOf(isText) })(value);
const isIcons = isListOf(needs('src', isText));

/** Wrong in every revision of the specification (schema, `Tool`, `Resource`, `ResourceTemplate`, `Prompt`). */
const shapes = {
  tools: {
    ...{ title: isText, description: isText, icons: isIcons, _meta: isRecord, execution: isRecord },
    ...{ inputSchema: isInputSchema, outputSchema: isRecord },
    annotations: has({
      title: isText,
      readOnlyHint: isFlag,
      destructiveHint: isFlag,
      idempotentHint: isFlag,
      openWorldHint: isFlag,
    }),
  },
  resources: {
    ...{ name: isText, title: isText, description: isText, mimeType: isText, icons: isIcons, _meta: isRecord },
    ...{ annotations: isRecord, size: (value: unknown) => typeof value === 'number' },
  },
  prompts: {
    ...{ title: isText, description: isText, icons: isIcons, _meta: isRecord },
    arguments: isListOf(
      (value) => needs('name', isText)(value) && has({ description: isText, required: isFlag })(value),
    ),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Check>>>>;

/**
 * @param required what stands in for a member that has to be there
 * @returns the same object; or a copy without what is wrong in it, which says so in its description
 */
export function forHost<T extends Members>(kind: keyof typeof shapes, definition: T, required: Members = {}): T {
  const checks: Readonly<Record<string, Check>> = shapes[kind];
  const wrong = Object.keys(checks).filter(
    (name) => Object.hasOwn(definition, name) && !checks[name]?.(definition[name]),
  );
  const missing = Object.keys(required).filter((name) => wrong.includes(name) || !Object.hasOwn(definition, name));
  if (wrong.length === 0 && missing.length === 0) return definition;
  const left = Object.entries(definition).filter(([name]) => !wrong.includes(name));
  const mended = [...left, ...missing.map((name) => [name, required[name]] as const)];
  if (wrong.length === 0) return Object.fromEntries(mended) as T;
  const { description } = definition;
  const note = `[Left out here, since its server gives it a form that MCP does not know: ${wrong.join(', ')}.]`;
  const told = isText(description) ? `${note} ${String(description)}` : note;
  return Object.fromEntries([...mended, ['description', told]]) as T;
}
