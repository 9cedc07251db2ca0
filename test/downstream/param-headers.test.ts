// Arguments that are repeated in headers: src/downstream/param-headers.ts.
import { describe, expect, it } from 'vitest';
import { encodeHeaderValue, paramHeaders, scanHeaderParameters } from '../../src/downstream/param-headers.ts';

const marked = (name: unknown, more: object = { type: 'string' }) => ({ 'x-mcp-header': name, ...more });
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

describe('the marked parameters of a schema', () => {
  it.each([
    ['no schema', undefined, []],
    ['no object', 'text', []],
    ['no marks', object({ a: { type: 'string' } }), []],
    [
      'each permitted type',
      object({ a: marked('A'), b: marked('B', { type: 'integer' }), c: marked('C', { type: 'boolean' }) }),
      [
        { header: 'Mcp-Param-A', path: ['a'] },
        { header: 'Mcp-Param-B', path: ['b'] },
        { header: 'Mcp-Param-C', path: ['c'] },
      ],
    ],
    [
      'nested',
      object({ a: object({ 'b.c': object({ d: marked('D!#$%&*+-.^_`|~9') }) }) }),
      [{ header: 'Mcp-Param-D!#$%&*+-.^_`|~9', path: ['a', 'b.c', 'd'] }],
    ],
    ['a parameter of that name', object({ 'x-mcp-header': { type: 'number' } }), []],
    [
      'a value that looks like a schema',
      object({ a: { default: marked('A'), enum: [marked('A')], const: marked(1) } }),
      [],
    ],
  ])('%s', (_, schema, parameters) => {
    const scan = scanHeaderParameters(schema);
    expect(scan.kind === 'valid' && [...scan.parameters].sort((a, b) => (a.header < b.header ? -1 : 1))).toEqual(
      parameters,
    );
  });

  it.each([
    ['an empty name', object({ a: marked('') })],
    ['a name with a space', object({ a: marked('A B') })],
    ['a name with a line break', object({ a: marked('A\r\nB') })],
    ['a name with a colon', object({ a: marked('A:B') })],
    ['a name that is not ASCII', object({ a: marked('Größe') })],
    ['no name', object({ a: marked(null) })],
    ['a number', object({ a: marked('A', { type: 'number' }) })],
    ['an object', object({ a: marked('A', object({})) })],
    ['a list of types', object({ a: marked('A', { type: ['string', 'null'] }) })],
    ['no type', object({ a: marked('A', {}) })],
    ['one name twice', object({ a: marked('Same'), b: object({ c: marked('sAME') }) })],
    ['the schema itself', object({}, marked('A'))],
    ['items', object({ a: { type: 'array', items: marked('A') } })],
    ['items of a tuple', object({ a: { type: 'array', prefixItems: [{}, marked('A')] } })],
    ['a property of items', object({ a: { type: 'array', items: object({ b: marked('A') }) } })],
    ['a branch', object({}, { anyOf: [{}, object({ a: marked('A') })] })],
    ['a condition', object({}, { if: {}, else: object({ a: marked('A') }) })],
    ['not', object({ a: { not: marked('A') } })],
    ['a definition', object({ a: { $ref: '#/$defs/a' } }, { $defs: { a: marked('A') } })],
    ['a pattern', object({}, { patternProperties: { '^a': marked('A') } })],
    ['other properties', object({}, { additionalProperties: marked('A') })],
  ])('are wrong with %s', (_, schema) => {
    expect(scanHeaderParameters(schema)).toEqual({ kind: 'invalid', reason: expect.stringContaining('x-mcp-header') });
  });

  it('are found in a schema deeper than any stack', () => {
    const depth = 200_000;
    const text = `${'{"properties":{"a":'.repeat(depth)}{"type":"string","x-mcp-header":"A"}${'}}'.repeat(depth)}`;
    const scan = scanHeaderParameters(JSON.parse(text));
    expect(scan.kind === 'valid' && scan.parameters[0]?.path.length).toBe(depth);
  });
});

it.each([
  ['us-west1', 'us-west1'],
  ['us west 1', 'us west 1'],
  ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
  ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ['=?base64?', '=?base64?'],
  ['a\tb', '=?base64?YQli?='],
  ['\x7f', '=?base64?fw==?='],
  ['', '=?base64??='],
  ['~', '~'],
])('the value %j goes as %s', (value, encoded) => {
  expect(encodeHeaderValue(value)).toBe(encoded);
});

it.each([
  ['x', 'x'],
  [42, '42'],
  [-7, '-7'],
  [1.5, '1.5'],
  [-0, '0'],
  [true, 'true'],
  [false, 'false'],
  [2 ** 53, undefined],
  [null, undefined],
  [undefined, undefined],
  [['x'], undefined],
  [{}, undefined],
])('the argument %o is the header %s', (value, header) => {
  const headers = header === undefined ? {} : { 'Mcp-Param-A': header };
  expect(paramHeaders([{ header: 'Mcp-Param-A', path: ['a'] }], { a: value })).toEqual(headers);
});

it.each([
  [{ a: { b: 'x' } }, { 'Mcp-Param-B': 'x' }],
  [{ a: { b: null } }, {}],
  [{ a: null }, {}],
  [{ a: 'text' }, {}],
  [{ a: ['x'] }, {}],
  [{}, {}],
  [undefined, {}],
  [null, {}],
])('of the arguments %o a nested one gives %o', (args, headers) => {
  expect(paramHeaders([{ header: 'Mcp-Param-B', path: ['a', 'b'] }], args)).toEqual(headers);
});

it('what every object inherits is no argument', () => {
  expect(paramHeaders([{ header: 'Mcp-Param-A', path: ['constructor', 'name'] }], {})).toEqual({});
});
