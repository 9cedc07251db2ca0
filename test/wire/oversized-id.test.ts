// Tests of src/wire/oversized-id.ts, for requests; answers are those of test/downstream/read-message.test.ts.
import { expect, it } from 'vitest';
import { idOfOversizedRequest } from '../../src/wire/oversized-id.ts';

it.each([
  ['{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{', 'x"}}}', 5],
  ['{"method":"tools/call","params":{"id":7,', 'x"}},"jsonrpc":"2.0","id":"a"}', 'a'],
  ['{"jsonrpc":"2.0","method":"tools/call","params":{', 'x"}},"id":9}\r', 9],
  ['{"method":"notifications/x","params":{"id":7,', 'x"}},"jsonrpc":"2.0"}', undefined],
  // The ids of answers are those of the other side.
  ['{"jsonrpc":"2.0","id":5,"result":{"method":"a"', 'x"}}', undefined],
  ['{"result":{"method":"a"', 'x"}},"jsonrpc":"2.0","id":5}', undefined],
])('the request that was too large, %j … %j, is answered under %j', (head, tail, id) => {
  expect(idOfOversizedRequest(head, tail)).toBe(id);
});
