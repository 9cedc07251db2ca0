// Owns what of a result counts as text, whether that is more than an agent gets at once, and cutting it into pages that
// are content of results again. Pure; knows nothing of where the rest is kept.
import { isDeepStrictEqual } from 'node:util';

type Members = Readonly<Record<string, unknown>>;

/** One text of a result, and the content block it stands in. */
interface TextPart {
  readonly text: string;
  readonly block: Members;
}

/** The texts of a result that is too large. Lengths and offsets count UTF-16 units over all of them in order. */
export interface LargeResult {
  readonly parts: readonly TextPart[];
  readonly length: number;
  /** As UTF-8. */
  readonly bytes: number;
  /** Of one answer: the most text in it, and the largest `structuredContent`. */
  readonly maxBytes: number;
  /** What becomes of `structuredContent`; `joined`: its JSON is the last part. */
  readonly structured: 'kept' | 'repeats the text' | 'joined';
}

export interface Page {
  readonly content: readonly Members[];
  /** Never in the middle of a surrogate pair, like `end`. */
  readonly start: number;
  readonly end: number;
}

/**
 * The texts of a result where they, or its `structuredContent`, are larger than `maxBytes`; else undefined. Text blocks
 * and embedded text resources count; images, sounds, blobs, links and what no specification knows yet do not.
 * @param size bytes of the message it came in, where known: a small one is not looked into
 */
export function judgeResult(result: Members, size: number | undefined, maxBytes: number): LargeResult | undefined {
  if (size !== undefined && size <= maxBytes) return undefined;
  const texts = blocksOf(result).flatMap((block) => {
    const text = textOf(block);
    return text === undefined ? [] : [{ text, block }];
  });
  const textBytes = sum(texts.map(({ text }) => Buffer.byteLength(text)));
  const json = tooLargeJson(result['structuredContent'], size === undefined ? undefined : size - textBytes, maxBytes);
  const isRepeated = json !== undefined && repeats(result['structuredContent'], texts);
  if (textBytes <= maxBytes && (json === undefined || isRepeated)) return undefined;
  const joined = json !== undefined && !isRepeated ? [{ text: json, block: { type: 'text' } }] : [];
  const parts = [...texts, ...joined];
  return {
    parts,
    length: sum(parts.map(({ text }) => text.length)),
    bytes: textBytes + sum(joined.map(({ text }) => Buffer.byteLength(text))),
    maxBytes,
    structured: json === undefined ? 'kept' : isRepeated ? 'repeats the text' : 'joined',
  };
}

/** The content of the answer that is given first: what is no text as it was, and text up to the limit. */
export function headOf(result: Members, { maxBytes }: LargeResult): Page {
  const content: Members[] = [];
  const taking = new Taking(maxBytes);
  for (const block of blocksOf(result)) {
    const text = textOf(block);
    if (text === undefined) content.push(block);
    else content.push(...taking.take(block, text, 0));
  }
  return { content, start: 0, end: taking.taken };
}

/** The text from `offset` on, up to the limit. `offset` has to be less than the length. */
export function pageOf({ parts, maxBytes }: LargeResult, offset: number): Page {
  const content: Members[] = [];
  const taking = new Taking(maxBytes);
  let start = offset;
  let begin = 0;
  for (const { text, block } of parts) {
    if (begin + text.length > offset) {
      const from = characterStart(text, Math.max(0, offset - begin));
      if (content.length === 0) start = begin + from;
      content.push(...taking.take(block, text, from));
    }
    begin += text.length;
  }
  return { content, start, end: start + taking.taken };
}

/** Where the JSON of `structuredContent` begins, if it is a part. */
export function structuredOffset({ parts, length, structured }: LargeResult): number | undefined {
  return structured === 'joined' ? length - (parts.at(-1)?.text.length ?? 0) : undefined;
}

/** Takes text until the limit is reached. */
class Taking {
  /** Units. */
  taken = 0;
  #left: number;
  #isOver = false;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  /** The block with what still fits of its text, from `from` on; nothing once something did not fit. */
  take(block: Members, text: string, from: number): readonly Members[] {
    if (this.#isOver) return [];
    const wanted = text.length - from;
    // No unit is longer than three bytes.
    const room = new Uint8Array(Math.min(this.#left, wanted * 3));
    const { read, written } = new TextEncoder().encodeInto(text.slice(from, from + room.length), room);
    this.#left -= written;
    this.taken += read;
    this.#isOver = read < wanted;
    return read === 0 && wanted > 0 ? [] : [withText(block, text.slice(from, from + read))];
  }
}

function blocksOf({ content }: Members): readonly Members[] {
  return Array.isArray(content) ? content : [];
}

function textOf(block: unknown): string | undefined {
  if (!isMembers(block)) return undefined;
  const holder = block['type'] === 'resource' ? block['resource'] : block['type'] === 'text' ? block : undefined;
  const text = isMembers(holder) ? holder['text'] : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** The block with a piece of its text, its other members as they are. */
function withText(block: Members, text: string): Members {
  if (block['type'] !== 'resource') return { ...block, text };
  return { ...block, resource: { ...(block['resource'] as Members), text } };
}

/** The JSON of `structuredContent` where it is above the limit. `atMost`: how large it can be, if that is known. */
function tooLargeJson(structured: unknown, atMost: number | undefined, maxBytes: number): string | undefined {
  if (!isMembers(structured) || (atMost !== undefined && atMost <= maxBytes)) return undefined;
  const json = JSON.stringify(structured);
  return Buffer.byteLength(json) > maxBytes ? json : undefined;
}

/** Nearly every server gives its text as `structuredContent` once more: parsed, or wrapped as the only member `result`. */
function repeats(structured: unknown, texts: readonly TextPart[]): boolean {
  const [only] = texts;
  if (!only || texts.length > 1) return false;
  if (isDeepStrictEqual(structured, { result: only.text })) return true;
  try {
    return isDeepStrictEqual(structured, JSON.parse(only.text));
  } catch {
    // The text is no JSON: it says something else.
    return false;
  }
}

/** The start of the character that has a unit at `index`. */
function characterStart(text: string, index: number): number {
  return index > 0 && (text.codePointAt(index - 1) ?? 0) > 0xffff ? index - 1 : index;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
