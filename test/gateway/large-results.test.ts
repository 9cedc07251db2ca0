import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf, judgeResult, type LargeResult, pageOf } from '../../src/gateway/large-results.ts';

type Members = Readonly<Record<string, unknown>>;

const text = (value: string, more: object = {}) => ({ type: 'text', text: value, ...more });
const resource = (value: object) => ({ type: 'resource', resource: { uri: 'file:///a', ...value } });
const long = 'x'.repeat(2000);

function judged(result: Members, maxBytes = 1024): LargeResult {
  const large = judgeResult(result, undefined, maxBytes);
  if (!large) throw new Error('it is not large');
  return large;
}

const textOf = (block: Members): string =>
  String((block['resource'] as Members | undefined)?.['text'] ?? block['text']);

/** All pages from an offset on, one after the other. */
function pagesFrom(large: LargeResult, offset: number): Members[] {
  const blocks: Members[] = [];
  while (offset < large.length) {
    const { content, start, end } = pageOf(large, offset);
    expect(start).toBe(offset);
    expect(end).toBeGreaterThan(start);
    const bytes = content.reduce((sum, block) => sum + Buffer.byteLength(textOf(block)), 0);
    expect(bytes).toBeLessThanOrEqual(large.maxBytes);
    blocks.push(...content);
    offset = end;
  }
  return blocks;
}

describe('what is too large', () => {
  it.each<[string, Members]>([
    ['text up to the limit', { content: [text('x'.repeat(1024))] }],
    ['an image of any size', { content: [{ type: 'image', data: long, mimeType: 'image/png' }] }],
    ['a sound of any size', { content: [{ type: 'audio', data: long, mimeType: 'audio/wav' }] }],
    ['a blob of any size', { content: [resource({ blob: long })] }],
    ['a kind of content that nobody knows', { content: [{ type: 'x-new', text: long }, null, 7] }],
    [
      'text and structuredContent that are within the limit each',
      { content: [text('x'.repeat(900))], structuredContent: { x: 'y'.repeat(900) } },
    ],
    [
      'structuredContent that repeats text within the limit',
      { content: [text('x'.repeat(1024))], structuredContent: { result: 'x'.repeat(1024) } },
    ],
    ['no content at all', { structuredContent: null, content: 'x' }],
  ])('is not: %s', (_title, result) => {
    expect(judgeResult(result, undefined, 1024)).toBeUndefined();
  });

  it('is not looked for in a message that is no larger than the limit', () => {
    const result = {
      get content(): unknown {
        throw new Error('looked into');
      },
    };
    expect(judgeResult(result, 1024, 1024)).toBeUndefined();
    expect(() => judgeResult(result, 1025, 1024)).toThrow('looked into');
  });

  it.each<[string, Members, number]>([
    ['one text', { content: [text(long)] }, 2000],
    ['texts that are too much together', { content: [text('x'.repeat(600)), text('y'.repeat(600))] }, 1200],
    ['the text of an embedded resource', { content: [resource({ text: long })] }, 2000],
    ['characters that are larger as UTF-8', { content: [text('☃'.repeat(400))] }, 400],
    ['the text of an error', { isError: true, content: [text(long)] }, 2000],
  ])('is: %s', (_title, result, length) => {
    expect(judged(result)).toMatchObject({ length, structured: 'kept' });
  });
});

describe('many blocks', () => {
  const link = (at: number) => ({ type: 'resource_link', uri: `file:///${at}`, name: `n${at}`, 'x-own': null });
  const links = Array.from({ length: 100 }, (_, at) => link(at));
  const short = Array.from({ length: 100 }, (_, at) => text('', { annotations: { priority: at } }));
  const pixel = { type: 'image', data: long, mimeType: 'image/png' };

  it.each<[string, readonly unknown[]]>([
    ['links', links],
    ['empty texts', short],
    ['images', Array.from({ length: 100 }, () => pixel)],
    ['blobs', Array.from({ length: 100 }, () => resource({ blob: long }))],
    ['kinds that nobody knows', Array.from({ length: 100 }, () => ({ type: 'x-new', a: 1, b: 'two' }))],
    ['all of these, and long texts', [...links, text(long), ...short, pixel, resource({ text: long }), null, 7]],
  ])(
    'D48: %s are cut between blocks, and pages together are all of them, unchanged and in order',
    (_title, content) => {
      const large = judged({ content });
      const shown: Members[] = [];
      for (let offset = 0; offset < large.length; ) {
        const page = offset === 0 ? headOf({ content }, large) : pageOf(large, offset);
        expect([page.start, page.end > offset]).toEqual([offset, true]);
        expect(page.content.length).toBeLessThan(content.length);
        const counted = page.content.map((block) => (block?.['data'] || block?.['type'] === 'resource' ? {} : block));
        expect(Buffer.byteLength(JSON.stringify(counted))).toBeLessThan(2 * large.maxBytes + 100);
        shown.push(...page.content);
        offset = page.end;
      }
      const isCut = (block: unknown): boolean => JSON.stringify(block).includes('"text":"x');
      expect(shown.filter((block) => !isCut(block))).toEqual(content.filter((block) => !isCut(block)));
      const cut = (blocks: readonly unknown[]): string =>
        blocks
          .filter(isCut)
          .map((block) => textOf(block as Members))
          .join('');
      expect(cut(shown)).toBe(cut(content));
    },
  );

  it('are none where they are within the limit, whatever their texts are', () => {
    const large = judged({ content: [...links.slice(0, 10), text(long)] });
    expect(large).toMatchObject({ isByBlocks: false, length: 2000 });
    expect(headOf({ content: links.slice(0, 10) }, large).content).toHaveLength(10);
  });

  it('of which one is too large for a page are shown all the same, and an offset inside begins with the whole block', () => {
    const large = judged({ content: [{ ...link(0), description: long }, ...links] });
    const first = pageOf(large, 0);
    expect(first.content).toEqual([{ ...link(0), description: long }]);
    expect(pageOf(large, 7)).toEqual(first);
  });
});

describe('structuredContent', () => {
  const rows = { rows: Array.from({ length: 300 }, (_, row) => ({ row })) };

  it('stays where it is within the limit, beside text that is cut', () => {
    expect(judged({ content: [text(long)], structuredContent: { count: 3 } }).structured).toBe('kept');
  });

  it.each([
    ['the same JSON', text(JSON.stringify(rows, null, 2)), rows],
    ['a wrap around the text', text(long), { result: long }],
  ])('is left to the text where it is %s', (_title, block, structuredContent) => {
    const large = judged({ content: [block], structuredContent });
    expect(large).toMatchObject({ structured: 'repeats the text', length: block.text.length });
  });

  it.each([
    ['a short text', [text('300 rows')]],
    ['text that is no JSON', [text(long)]],
    ['several texts', [text('{}'), text('{}')]],
    ['no text', []],
  ])('follows %s as JSON where it says something else', (_title, content) => {
    const large = judged({ content, structuredContent: rows });
    expect(large.structured).toBe('joined');
    const pages = pagesFrom(large, 0).map(textOf).join('');
    expect(pages).toBe(content.map(textOf).join('') + JSON.stringify(rows));
  });
});

describe('the first answer', () => {
  it('keeps all that is no text in its place, and the text that fits', () => {
    const image = { type: 'image', data: long, mimeType: 'image/png' };
    const result = {
      content: [text('head', { annotations: { priority: 1 } }), image, resource({ text: long }), null, text('tail')],
    };
    const { content, end } = headOf(result, judged(result));
    expect(content).toEqual([
      text('head', { annotations: { priority: 1 } }),
      image,
      resource({ text: 'x'.repeat(1020) }),
      null,
    ]);
    expect(content[1]).toBe(image);
    expect(end).toBe(1024);
  });

  it('does not show a block of which nothing fits', () => {
    const result = { content: [text('x'.repeat(1023)), text('☃'.repeat(400)), text('')] };
    const large = judged(result);
    expect(headOf(result, large)).toMatchObject({ content: [{ text: 'x'.repeat(1023) }], end: 1023 });
    expect(pageOf(large, 1023).content).toEqual([text('☃'.repeat(341))]);
  });
});

describe('a page', () => {
  const large = judged({ content: [text('é'.repeat(700)), text('🚀'.repeat(400))] });

  it('holds the ends of texts as blocks of their own', () => {
    expect(pageOf(large, 690).content).toEqual([text('é'.repeat(10)), text('🚀'.repeat(251))]);
  });

  it('begins with the whole character where the offset is in the middle of one', () => {
    expect(pageOf(large, 1499)).toEqual({ content: [text('🚀')], start: 1498, end: 1500 });
  });

  it('F48: head and pages together are the whole text, whatever it is, and no page has half a character', () => {
    const block = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 500, maxLength: 2000 }).map((value) => text(value)),
      fc.string({ unit: 'binary', maxLength: 50 }).map((value) => resource({ text: value })),
      fc.constant({ type: 'image', data: long }),
    );
    fc.assert(
      fc.property(fc.array(block, { maxLength: 4 }), fc.integer({ min: 1024, max: 1100 }), (content, maxBytes) => {
        const whole = content
          .filter(({ type }) => type !== 'image')
          .map(textOf)
          .join('');
        const large = judgeResult({ content }, undefined, maxBytes);
        fc.pre(large !== undefined);
        const head = headOf({ content }, large);
        const shown = [...head.content.filter(({ type }) => type !== 'image'), ...pagesFrom(large, head.end)].map(
          textOf,
        );
        expect(shown.join('')).toBe(whole);
        expect(pagesFrom(large, 0).map(textOf).join('')).toBe(whole);
        for (const piece of shown) expect(piece).not.toMatch(/\p{Cs}/u);
      }),
    );
  });
});
