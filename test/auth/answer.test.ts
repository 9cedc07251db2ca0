import { describe, expect, it } from 'vitest';
import {
  numberMember,
  parseObject,
  quoteForeign,
  readAnswer,
  stringMember,
  stringsMember,
} from '../../src/auth/answer.ts';

describe('an answer', () => {
  it('holds the object whatever its content type says, and what Retry-After says', async () => {
    const headers = { 'content-type': 'text/plain', 'retry-after': '2' };
    expect(await readAnswer(new Response('{"a":1}', { status: 429, headers }))).toEqual({
      status: 429,
      text: '{"a":1}',
      json: { a: 1 },
      retryAfter: '2',
    });
  });

  it.each(['', '<html>', '[1]', '"x"', 'null', '1', '{"a":'])('holds no object for the body %j', (text) => {
    expect(parseObject(text)).toBeUndefined();
  });

  it('may begin with a byte order mark', () => {
    expect(parseObject('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });
});

describe('members of foreign JSON', () => {
  const json = {
    text: 'x',
    empty: '',
    list: ['a', 1, 'b'],
    number: 5,
    digits: '60',
    bad: 'soon',
    negative: -1,
    none: null,
  };

  it('are strings, lists of strings and numbers, or absent', () => {
    expect(['text', 'empty', 'number', 'none', 'missing'].map((name) => stringMember(json, name))).toEqual([
      'x',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(['list', 'text', 'none'].map((name) => stringsMember(json, name))).toEqual([
      ['a', 'b'],
      undefined,
      undefined,
    ]);
    expect(['number', 'digits', 'bad', 'negative', 'none', 'empty'].map((name) => numberMember(json, name))).toEqual([
      5,
      60,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('foreign text in a sentence', () => {
  it('is cut, quoted, and free of known secrets', () => {
    expect(quoteForeign('a\n\u001b[31m"b"')).toBe(String.raw`"a\n\u001b[31m\"b\""`);
    expect(quoteForeign('x'.repeat(500))).toBe(`"${'x'.repeat(200)}…"`);
    expect(quoteForeign('code=s3cret&s3cret', ['s3cret', undefined, ''])).toBe('"code=[secret]&[secret]"');
  });
});
