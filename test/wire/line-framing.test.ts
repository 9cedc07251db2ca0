// Tests of src/wire/line-framing.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFraming } from '../../src/wire/line-framing.ts';

interface Seen {
  readonly lines: { text: string; size: number }[];
  readonly oversized: { head: string; tail: string; size: number }[];
  readonly framing: LineFraming;
}

function framing(maxBytes?: number): Seen {
  const lines: Seen['lines'] = [];
  const oversized: Seen['oversized'] = [];
  const handlers = {
    line: (text: string, size: number) => void lines.push({ text, size }),
    oversized: (head: string, tail: string, size: number) => void oversized.push({ head, tail, size }),
  };
  return { lines, oversized, framing: new LineFraming(handlers, maxBytes) };
}

/** Cuts the bytes where the numbers say, so that characters of several bytes are cut too. */
function chunks(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other);
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length));
}

const lineText = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ' '));

describe('line framing', () => {
  it('gives the same lines however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(lineText), fc.array(fc.nat(2000)), (texts, cuts) => {
        const seen = framing();
        for (const chunk of chunks(Buffer.from(texts.map((text) => `${text}\n`).join('')), cuts))
          seen.framing.push(chunk);
        expect(seen.lines).toEqual(texts.map((text) => ({ text, size: Buffer.byteLength(text) })));
      }),
    );
  });

  it('drops just the lines over the limit, with both of their ends, however the stream is cut', () => {
    const limit = 600;
    const line = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1500 }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(9000)), (shapes, cuts) => {
        const texts = shapes.map(([digits, length]) =>
          (digits ? '0123456789' : 'abcdefghij').repeat(150).slice(0, length),
        );
        const seen = framing(limit);
        for (const chunk of chunks(Buffer.from(texts.map((text) => `${text}\n`).join('')), cuts))
          seen.framing.push(chunk);
        expect(seen.lines.map(({ text }) => text)).toEqual(texts.filter((text) => text.length <= limit));
        expect(seen.oversized).toEqual(
          texts
            .filter((text) => text.length > limit)
            .map((text) => ({ head: text.slice(0, 512), tail: text.slice(-512), size: text.length })),
        );
      }),
    );
  });

  it('passes a line of 16 MB that comes in pipe-sized chunks', () => {
    const seen = framing();
    const chunk = Buffer.alloc(65_536, 'x');
    for (let count = 0; count < 256; count++) seen.framing.push(Buffer.from(chunk));
    seen.framing.push(Buffer.from('\nnext\n'));
    expect(seen.lines.map(({ size }) => size)).toEqual([16 * 1024 * 1024, 4]);
    expect(seen.lines[0]?.text.length).toBe(16 * 1024 * 1024);
  });

  it('takes what is left at the end of the stream for a line', () => {
    const seen = framing();
    seen.framing.push(Buffer.from('one\ntwo'));
    seen.framing.end();
    seen.framing.end();
    expect(seen.lines.map(({ text }) => text)).toEqual(['one', 'two']);
  });
});
