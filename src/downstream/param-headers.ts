// Owns which arguments of a tool are repeated in HTTP headers, and how (2026-07-28, Streamable HTTP, Custom Headers from Tool
// Parameters). Pure: it reads schemas and arguments, and changes neither.

/** A parameter that its tool's schema marks with `x-mcp-header`. */
export interface HeaderParameter {
  /** The whole name of the header. */
  readonly header: string;
  /** Names of properties, from the arguments down. */
  readonly path: readonly string[];
}

export type HeaderScan =
  | { readonly kind: 'valid'; readonly parameters: readonly HeaderParameter[] }
  | { readonly kind: 'invalid'; readonly reason: string };

type Json = Readonly<Record<string, unknown>>;

interface Place {
  readonly schema: Json;
  /** What leads here; the root has none. A chain and no list: deep schemas would cost a copy for each level. */
  readonly within?: Place | undefined;
  readonly name: string;
  /** Reached from the root over `properties` alone. */
  readonly isPlain: boolean;
}

const mark = 'x-mcp-header';
/** RFC 9110 section 5.6.2, `token`. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const markedTypes: readonly unknown[] = ['string', 'integer', 'boolean'];

/** Keywords of JSON Schema, 2020-12 and older, whose value is a schema or a list of schemas. */
const schemaKeywords = [
  ...['items', 'prefixItems', 'additionalItems', 'contains', 'unevaluatedItems'],
  ...['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'contentSchema'],
  ...['oneOf', 'anyOf', 'allOf', 'not', 'if', 'then', 'else'],
];
/** The same where the value names schemas. */
const mapKeywords = ['patternProperties', 'dependentSchemas', 'dependencies', '$defs', 'definitions'];

/** Values such as `default` and `examples` hold no schemas; references are not followed, what they lead to lies elsewhere. */
export function scanHeaderParameters(inputSchema: unknown): HeaderScan {
  const parameters: HeaderParameter[] = [];
  const names = new Set<string>();
  // A list and no recursion: schemas may be nested deeper than the stack is.
  const places: Place[] = isJson(inputSchema) ? [{ schema: inputSchema, name: '', isPlain: true }] : [];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (mark in place.schema) {
      const reason = faultOf(place);
      const name = String(place.schema[mark]);
      if (reason !== undefined)
        return { kind: 'invalid', reason: `${pathOf(place).join('.') || 'inputSchema'}: ${reason}` };
      if (names.has(name.toLowerCase())) return { kind: 'invalid', reason: `${mark} '${name}' is there twice` };
      names.add(name.toLowerCase());
      parameters.push({ header: `Mcp-Param-${name}`, path: pathOf(place) });
    }
    places.push(...placesWithin(place));
  }
  return { kind: 'valid', parameters };
}

function faultOf({ schema, within, isPlain }: Place): string | undefined {
  if (!isPlain || within === undefined) return `${mark} may stand at parameters and their properties alone`;
  const name = schema[mark];
  if (typeof name !== 'string' || !token.test(name)) return `${mark} is no name for a header`;
  if (!markedTypes.includes(schema['type'])) return `${mark} needs the type string, integer or boolean`;
  return undefined;
}

function placesWithin(within: Place): Place[] {
  const { schema, isPlain } = within;
  const found: Place[] = [];
  const add = (value: unknown, name: string, plain: boolean): void => {
    if (isJson(value)) found.push({ schema: value, within, name, isPlain: plain });
  };
  const { properties } = schema;
  if (isJson(properties)) for (const [name, value] of Object.entries(properties)) add(value, name, isPlain);
  for (const keyword of schemaKeywords) {
    const value = schema[keyword];
    for (const each of Array.isArray(value) ? value : [value]) add(each, keyword, false);
  }
  for (const keyword of mapKeywords) {
    const value = schema[keyword];
    if (isJson(value)) for (const each of Object.values(value)) add(each, keyword, false);
  }
  return found;
}

/** The headers for one call. A value that is null or not there has none, nor has one that no header can stand for. */
export function paramHeaders(parameters: readonly HeaderParameter[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of parameters) {
    const text = textOf(valueAt(args, path));
    if (text !== undefined) headers[header] = encodeHeaderValue(text);
  }
  return headers;
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) {
    if (!isJson(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  // Beyond this two readers of the body may see two numbers.
  if (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value))) return String(value);
  return undefined;
}

/** Visible ASCII, with spaces inside. Tabs are permitted there too, and proxies may turn them into spaces. */
const plainValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Value Encoding: everything else, and what looks encoded, goes as Base64 of its UTF-8. */
export function encodeHeaderValue(text: string): string {
  const looksEncoded = text.startsWith('=?base64?') && text.endsWith('?=');
  return plainValue.test(text) && !looksEncoded ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

function pathOf(place: Place): string[] {
  const path: string[] = [];
  for (let at: Place = place; at.within !== undefined; at = at.within) path.push(at.name);
  return path.reverse();
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
