// Owns random JSON, tool definitions and results, with everything in them that a rebuilding gateway would lose. Knows no
// gateway.
import fc from 'fast-check';
import type { Json } from './json-rpc-process.ts';

/** Names that mean something to JavaScript, to MCP, or to nobody. */
const oddKey = fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', 'then', '$ref', '', '0', '10', 'type');
const anyKey = fc.oneof({ weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) }, oddKey);
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  // Halves of surrogate pairs, control characters, line separators.
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('\ud800', '\u2028\u2029', '\u0000', '</script>', '\\"\n\r\t', 'é ☃ 🚀'),
);
const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1e21, 5e-324, 0.1, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE),
);

type Members = readonly (readonly [string, unknown])[];

/** In this order, `__proto__` a member like any other. */
const objectOf = (members: Members): Json => Object.fromEntries(members);

const { json, members } = fc.letrec<{ json: Json; members: Members }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyNumber,
    anyText,
    fc.array(tie('json'), { maxLength: 4 }),
    tie('members').map((some) => objectOf(some as Members)),
  ),
  members: fc.array(fc.tuple(anyKey, tie('json')), { maxLength: 4 }) as fc.Arbitrary<Members>,
}));

/** A text as JSON is deep, and no parser or printer gives up. */
const deep = fc
  .integer({ min: 50, max: 400 })
  .map((depth) => JSON.parse('[{"a":'.repeat(depth) + 0 + '}]'.repeat(depth)));
const anyJson: fc.Arbitrary<Json> = fc.oneof({ weight: 20, arbitrary: json }, { weight: 1, arbitrary: deep });

/** Members that mean something, somewhere among others that nobody knows. */
function among(known: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Json> {
  const some = fc
    .subarray(Object.entries(known))
    .chain((chosen) => fc.tuple(...chosen.map(([name, value]) => fc.tuple(fc.constant(name), value))));
  return fc
    .tuple(some, members)
    .chain(([one, other]) => fc.shuffledSubarray([...one, ...other], { minLength: one.length + other.length }))
    .map((all) => objectOf(all));
}

const anySchema = among({
  type: fc.constantFrom('object', ['object', 'null'], 7),
  properties: fc.array(fc.tuple(anyKey, anyJson), { maxLength: 3 }).map((some) => objectOf(some)),
  required: fc.array(anyKey, { maxLength: 2 }),
  $ref: fc.constantFrom('#', '#/$defs/a', 'https://schemas.example.com/a.json'),
  $defs: anyJson,
  additionalProperties: anyJson,
});

/** A server's tools, no two of one name and none of the names `taken`. */
export function anyDefinitions(taken: readonly string[]): fc.Arbitrary<readonly Json[]> {
  const name = fc.oneof(fc.stringMatching(/^[a-z_.-]{1,12}$/u), anyKey).filter((one) => !taken.includes(one));
  const definition = fc
    .tuple(
      name,
      among({
        title: anyText,
        description: fc.oneof(anyText, anyJson),
        inputSchema: fc.oneof(anySchema, anyJson),
        outputSchema: fc.oneof(anySchema, anyJson),
        annotations: anyJson,
        icons: anyJson,
        execution: anyJson,
        _meta: anyJson,
      }),
      fc.boolean(),
    )
    .map(([given, rest, first]) => {
      const others = Object.entries(rest).filter(([key]) => key !== 'name');
      return objectOf(first ? [['name', given], ...others] : [...others, ['name', given]]);
    });
  return fc.uniqueArray(definition, { maxLength: 6, selector: ({ name: given }) => given });
}

const anyBlock = fc.oneof(
  anyJson,
  among({ type: fc.constantFrom('text', 'image', 'audio', 'resource', 'resource_link', 'x-hologram'), text: anyText }),
  among({
    type: fc.constant('image'),
    data: fc.base64String({ maxLength: 40 }),
    mimeType: anyText,
    annotations: anyJson,
  }),
);

/** What a tool gives: known members of any shape, unknown ones, in any order. */
export const anyResult: fc.Arbitrary<Json> = among({
  content: fc.oneof(fc.array(anyBlock, { maxLength: 4 }), anyJson),
  structuredContent: anyJson,
  isError: fc.oneof(fc.boolean(), anyJson),
  _meta: anyJson,
  nextCursor: anyJson,
}).filter((result) => !('resultType' in result));

/** What a tool is given. */
export const anyArguments: fc.Arbitrary<Json> = members.map(objectOf);
