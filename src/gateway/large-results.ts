// Owns whether a result is more than an agent gets at once, and cutting it into pages that are content of results again.
// Pure; knows nothing of where the rest is kept.
import { isDeepStrictEqual } from 'node:util';
import type { Members } from '../lib/members.ts';
import { blocksOf, frameOf, textOf, withText } from './result-blocks.ts';

/** One text of a result, and the content block it stands in. */
interface TextPart {
  readonly text: string;
  readonly block: Members;
}

/** A block that is shown as it is, or not at all. It counts as much as the JSON of its frame. */
interface WholePart {
  readonly frame: string;
  readonly block: Members;
}

type Part = TextPart | WholePart;

/** The parts of a result that is too large. Lengths and offsets count UTF-16 units over all of them in order. */
export interface LargeResult {
  /** Its texts; every block where there are so many that they are too much without their texts. */
  readonly parts: readonly Part[];
  readonly isByBlocks: boolean;
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
 * What there is of a result where its texts, its `structuredContent`, or the blocks around the texts are larger than
 * `maxBytes`; else undefined. Text blocks and embedded text resources have text. The data of images, sounds and blobs
 * does not count, nor does what may be data in kinds of content that no specification knows yet.
 * @param size bytes of the message it came in, where known: a small one is not looked into
 */
export function judgeResult(result: Members, size: number | undefined, maxBytes: number): LargeResult | undefined {
  if (size !== undefined && size <= maxBytes) return undefined;
  const blocks = blocksOf(result);
  const texts = blocks.flatMap((block) => {
    const text = textOf(block);
    return text === undefined ? [] : [{ text, block }];
  });
  const textBytes = sum(texts.map(({ text }) => Buffer.byteLength(text)));
  const json = tooLargeJson(result['structuredContent'], size === undefined ? undefined : size - textBytes, maxBytes);
  const isRepeated = json !== undefined && repeats(result['structuredContent'], texts);
  const frames = blocks.map(frameOf);
  const frameBytes = sum(frames.map((frame) => Buffer.byteLength(frame)));
  const isByBlocks = frameBytes > maxBytes;
  if (textBytes <= maxBytes && !isByBlocks && (json === undefined || isRepeated)) return undefined;
  const joined = json !== undefined && !isRepeated ? [{ text: json, block: { type: 'text' } }] : [];
  const parts = [...(isByBlocks ? blocks.map((block, at) => partOf(block, frames[at] ?? '')) : texts), ...joined];
  return {
    parts,
    isByBlocks,
    length: sum(parts.map(unitsOf)),
    bytes: textBytes + sum(joined.map(({ text }) => Buffer.byteLength(text))) + (isByBlocks ? (size ?? frameBytes) : 0),
    maxBytes,
    structured: json === undefined ? 'kept' : isRepeated ? 'repeats the text' : 'joined',
  };
}

/** Text that is longer than what is around it is cut where it has to be. */
function partOf(block: Members, frame: string): Part {
  const text = textOf(block);
  if (text === undefined) return { block, frame };
  return text.length > frame.length ? { block, text } : { block, frame: frame + text };
}

function unitsOf(part: Part): number {
  return 'text' in part ? part.text.length : part.frame.length;
}

/** The content of the answer that is given first: text up to the limit, and what is no text as it was. */
export function headOf(result: Members, large: LargeResult): Page {
  if (large.isByBlocks) return pageOf(large, 0);
  const content: Members[] = [];
  const taking = new Taking(large.maxBytes);
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
  for (const part of parts) {
    const units = unitsOf(part);
    if (begin + units > offset) {
      const from = 'text' in part ? characterStart(part.text, Math.max(0, offset - begin)) : 0;
      if (content.length === 0) start = begin + from;
      content.push(...('text' in part ? taking.take(part.block, part.text, from) : taking.takeWhole(part)));
    }
    begin += units;
  }
  return { content, start, end: start + taking.taken };
}

/** Where the JSON of `structuredContent` begins, if it is a part. */
export function structuredOffset({ parts, length, structured }: LargeResult): number | undefined {
  const last = parts.at(-1);
  return structured === 'joined' && last ? length - unitsOf(last) : undefined;
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

  /** The block if it fits, or is the first: every page makes progress. */
  takeWhole({ block, frame }: WholePart): readonly Members[] {
    const bytes = Buffer.byteLength(frame);
    this.#isOver ||= bytes > this.#left && this.taken > 0;
    if (this.#isOver) return [];
    this.#left = Math.max(0, this.#left - bytes);
    this.taken += frame.length;
    return [block];
  }
}

/** The JSON of `structuredContent` where it is above the limit. `atMost`: how large it can be, if that is known. */
function tooLargeJson(structured: unknown, atMost: number | undefined, maxBytes: number): string | undefined {
  if (typeof structured !== 'object' || structured === null || (atMost !== undefined && atMost <= maxBytes))
    return undefined;
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
