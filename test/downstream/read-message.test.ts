// Tests of src/downstream/read-message.ts.
import { describe, expect, it } from 'vitest';
import { OversizedAnswer, oversizedFailure, readMessages } from '../../src/downstream/read-message.ts';

const message = { jsonrpc: '2.0', id: 1, result: { a: [null] } };
const text = JSON.stringify(message);

describe('reading messages', () => {
  it.each([
    ['plain', text],
    ['a carriage return', `${text}\r`],
    ['a byte order mark', `\ufeff${text}`],
    ['colours before and after', `\u001b[32m\u001b[1m${text}\u001b[0m`],
    ['blanks', `  \t${text}  `],
    ['a batch of one', `[${text}]`],
    ['a batch with something else in it', `[{"a":1},${text},7]`],
  ])('reads one with %s around it', (_, line) => {
    expect(readMessages(line)).toEqual([message]);
  });

  it.each([
    '',
    'text',
    '{',
    '{"a":1}',
    '[]',
    '[1]',
    'null',
    '7',
    '{"jsonrpc":"2.0"}',
    '{"result":{}}',
    '{"method":1}',
    '{"id":1,"level":"info"}',
    '{"id":1,"error":"failed to open"}',
    '{"jsonrpc":"2.0","id":null,"error":null}',
    `x${text}`,
  ])('takes %j for no message', (line) => {
    expect(readMessages(line)).toBeUndefined();
  });

  it.each([
    [{ jsonrpc: '2.0', id: null, error: { code: 1, message: 'x' } }],
    [{ jsonrpc: '2.0', method: 'a' }],
    [{ jsonrpc: '2.0', id: 1 }],
    [{ jsonrpc: '2.0', id: 1, error: 'broken' }],
    [{ jsonrpc: '2.0', id: 1, error: null, result: {} }],
    [{ jsonrpc: '2.0', id: 'a', method: 'a', params: {}, 'x-more': 1 }],
  ])('reads %j as it is', (given) => {
    expect(readMessages(JSON.stringify(given))).toEqual([given]);
  });
});

describe('telling which request an oversized answer belongs to', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{"content":[', 'xxx"}]}}', 7],
    ['{"id":"a\\"b","jsonrpc":"2.0","result":{', '', 'a"b'],
    ['{ "jsonrpc": "2.0", "id": 7, "result"', '', 7],
    ['{"jsonrpc":"2.0","result":{"id":5,', 'xx"}]},"id":9}', 9],
    ['{"result":{', '"}]},"jsonrpc":"2.0","id":"z"}\r', 'z'],
    ['{"result":{', '"}]},"id":3,"jsonrpc":"2.0"}', 3],
    ['{"result":{"id":5', 'xx', undefined],
    ['log line', 'log line', undefined],
  ])('%j … %j', (head, tail, id) => {
    const failure = oversizedFailure(head, tail, 99);
    expect(failure?.id).toBe(id);
    if (failure) expect(failure.error.data).toEqual(new OversizedAnswer(99));
  });
});
