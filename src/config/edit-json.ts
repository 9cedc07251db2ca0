// Owns adding one member to JSON text, and taking one out, with every other byte kept: comments, line ends, indentation.
// Knows nothing of files or of what the members mean.
import { createScanner, findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';

export type MemberPath = readonly [string, ...string[]];

/** A new member: a value to be written in the style of the text, or the text of a member that stood there before. */
export type NewMember =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string };

interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

interface Style {
  readonly eol: string;
  /** One step of indentation. */
  readonly unit: string;
  /** The whole text stands on one line. */
  readonly oneLine: boolean;
  /** Spaces behind colons and commas, where values stand on one line. */
  readonly spaced: boolean;
}

/** The token kinds of jsonc-parser that count between members. */
const tokens = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, space: 15 } as const;

/**
 * Adds the member at the end of its object; objects on the way that are missing are made, and blank text becomes an
 * object. `text`: valid JSON with comments, without a byte order mark.
 */
export function addMember(text: string, path: MemberPath, member: NewMember): string {
  if (text.trim() === '') {
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    return addMember(`{}${text === '' ? eol : ''}${text}`, path, member);
  }
  for (let length = 1; length < path.length; length++) {
    const container = path.slice(0, length);
    if (!nodeAt(text, container)) return addMember(withEmptyObject(text, container), path, member);
  }
  return insert(text, path, member);
}

/** The text without the member; undefined where there is none. An object that becomes empty stays. */
export function removeMember(text: string, path: MemberPath): string | undefined {
  const property = nodeAt(text, path)?.parent;
  const siblings = property?.parent?.children;
  if (property?.type !== 'property' || !siblings) return undefined;
  const previous = siblings[siblings.indexOf(property) - 1];
  const { comma } = following(text, endOf(property));
  const edits = [removal(text, property, comma)];
  if (comma === undefined && previous) {
    const before = following(text, endOf(previous)).comma;
    if (before !== undefined) edits.push({ offset: before, length: 1, text: '' });
  }
  return applied(text, edits);
}

/** The text with another value in the place of the member's. Undefined where there is no such member. */
export function replaceMember(text: string, path: MemberPath, value: unknown): string | undefined {
  const node = nodeAt(text, path);
  if (!node?.parent) return undefined;
  const style = styleOf(text);
  const indent = ownLineIndent(text, node.parent.offset);
  const rendered = indent === undefined ? onOneLine(value, style) : onLines(value, style, indent);
  return applied(text, [{ offset: node.offset, length: node.length, text: rendered }]);
}

/** Key and value as they stand there. */
export function memberText(text: string, path: MemberPath): string | undefined {
  const property = nodeAt(text, path)?.parent;
  return property?.type === 'property' ? text.slice(property.offset, endOf(property)) : undefined;
}

function nodeAt(text: string, path: readonly string[]): Node | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  return root && (path.length === 0 ? root : findNodeAtLocation(root, [...path]));
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

function withEmptyObject(text: string, path: readonly string[]): string {
  return insert(text, path as MemberPath, { kind: 'value', value: {} });
}

function insert(text: string, path: MemberPath, member: NewMember): string {
  const object = nodeAt(text, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (object?.type !== 'object') throw new TypeError('the place for the member is no object');
  const style = styleOf(text);
  const last = object.children?.at(-1);
  if (!last) return applied(text, [intoEmpty(text, object, { key, member, style })]);
  const indent = ownLineIndent(text, last.offset);
  const { comma, lineEnd } = following(text, endOf(last));
  if (indent === undefined) {
    const gap = style.spaced ? ' ' : '';
    const rendered = memberOf(key, member, style, undefined);
    return comma === undefined
      ? applied(text, [{ offset: endOf(last), length: 0, text: `,${gap}${rendered}` }])
      : applied(text, [{ offset: comma + 1, length: 0, text: `${gap}${rendered},` }]);
  }
  const line = `${style.eol}${indent}${memberOf(key, member, style, indent)}`;
  // As the members before it: with a comma behind the last one where there was one.
  if (comma !== undefined) return applied(text, [{ offset: lineEnd, length: 0, text: `${line},` }]);
  const between = text.slice(endOf(last), lineEnd);
  return applied(text, [{ offset: endOf(last), length: between.length, text: `,${between}${line}` }]);
}

interface Wish {
  readonly key: string;
  readonly member: NewMember;
  readonly style: Style;
}

function intoEmpty(text: string, object: Node, { key, member, style }: Wish): Edit {
  const offset = object.offset + 1;
  const inner = text.slice(offset, endOf(object) - 1);
  const isRoot = object.parent === undefined;
  if (style.oneLine && !isRoot) return { offset, length: 0, text: memberOf(key, member, style, undefined) };
  const outer = lineIndent(text, object.offset);
  const indent = outer + style.unit;
  const line = `${style.eol}${indent}${memberOf(key, member, style, indent)}`;
  // A line break that is there already ends the new line; spaces alone go.
  if (inner.includes('\n')) return { offset, length: 0, text: line };
  const isBlank = inner.trim() === '';
  return { offset, length: isBlank ? inner.length : 0, text: isBlank ? `${line}${style.eol}${outer}` : line };
}

function memberOf(key: string, member: NewMember, style: Style, indent: string | undefined): string {
  if (member.kind === 'text') return member.text;
  const value = indent === undefined ? onOneLine(member.value, style) : onLines(member.value, style, indent);
  return `${JSON.stringify(key)}:${indent !== undefined || style.spaced ? ' ' : ''}${value}`;
}

function onLines(value: unknown, { unit, eol }: Style, indent: string): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${indent}`);
}

function onOneLine(value: unknown, style: Style): string {
  if (!style.spaced || typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((member) => onOneLine(member, style)).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${onOneLine(member, style)}`);
  return `{${members.join(', ')}}`;
}

function styleOf(text: string): Style {
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  const root = nodeAt(text, []);
  const unit = firstIndent(text, root) ?? /(?:^|[\r\n])([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return { eol, unit, oneLine: !/[\r\n]/.test(text.trim()), spaced: /"\s*:[ \t]/.test(text) };
}

/** Indentation of the first member of the root that stands on a line of its own. */
function firstIndent(text: string, root: Node | undefined): string | undefined {
  for (const member of root?.children ?? []) {
    const indent = ownLineIndent(text, member.offset);
    if (indent) return indent;
  }
  return undefined;
}

/** What stands before the offset on its line, where that is space alone. */
function ownLineIndent(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return lineStart(text, offset) > 0 && before.trim() === '' ? before : undefined;
}

function lineIndent(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

function lineStart(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start--;
  return start;
}

interface Following {
  /** Where the comma stands that comes next, with nothing but space and comments before it. */
  readonly comma: number | undefined;
  /** Behind the comments that stand on the line of the comma, or of the member where there is no comma. */
  readonly lineEnd: number;
}

function following(text: string, offset: number): Following {
  const scanner = createScanner(text);
  scanner.setPosition(offset);
  let comma: number | undefined;
  let lineEnd = offset;
  let sameLine = true;
  for (;;) {
    const token: number = scanner.scan();
    if (token === tokens.comma && comma === undefined) {
      comma = scanner.getTokenOffset();
      lineEnd = scanner.getPosition();
      sameLine = true;
    } else if (token === tokens.lineComment || token === tokens.blockComment) {
      if (sameLine) lineEnd = scanner.getPosition();
    } else if (token === tokens.lineBreak) sameLine = false;
    else if (token !== tokens.space) return { comma, lineEnd };
  }
}

/** The member with its comma; with its lines where nothing else stands on them, else with the spaces beside it. */
function removal(text: string, property: Node, comma: number | undefined): Edit {
  const direct = comma !== undefined && text.slice(endOf(property), comma).trim() === '';
  const start = property.offset;
  const end = direct ? comma + 1 : endOf(property);
  if (comma !== undefined && !direct) {
    // Comments stand between the member and its comma: they stay.
    return { offset: start, length: comma + 1 - start, text: text.slice(endOf(property), comma) };
  }
  const lineEnd = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(end));
  if (ownLineIndent(text, start) !== undefined && lineEnd) {
    const from = lineStart(text, start);
    return { offset: from, length: end + lineEnd[0].length - from, text: '' };
  }
  const spaces = (comma === undefined ? /[ \t]*$/.exec(text.slice(0, start)) : /^[ \t]*/.exec(text.slice(end)))?.[0];
  const width = spaces?.length ?? 0;
  return comma === undefined
    ? { offset: start - width, length: end - start + width, text: '' }
    : { offset: start, length: end - start + width, text: '' };
}

function applied(text: string, edits: readonly Edit[]): string {
  let result = text;
  const backwards = [...edits].sort((a, b) => b.offset - a.offset);
  for (const { offset, length, text: inserted } of backwards) {
    result = result.slice(0, offset) + inserted + result.slice(offset + length);
  }
  return result;
}
