// Which lines at a terminal make one address, and when nothing is waited for.
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collectPastes } from '../../src/cli/pastes.ts';
import { openStdinLines } from '../../src/cli/stdin-lines.ts';

const address = 'http://127.0.0.1:1/callback?code=c1&state=s12';
const [head, tail] = [address.slice(0, -2), address.slice(-2)];

test('one line is enough', () => {
  expect(collectPastes({ state: 's12' }).add([address])).toEqual({ kind: 'whole', text: address });
});

test('what was cut is completed by what comes next', () => {
  const pastes = collectPastes({ state: 's12' });
  expect(pastes.add([head])).toEqual({ kind: 'part' });
  expect(pastes.add(['  '])).toEqual({ kind: 'empty' });
  expect(pastes.add([tail])).toEqual({ kind: 'whole', text: address });
});

test('a cut that could not be told is completed all the same, and a whole address begins anew', () => {
  const pastes = collectPastes({ state: undefined });
  expect(pastes.add([head])).toEqual({ kind: 'whole', text: head });
  expect(pastes.add([tail])).toEqual({ kind: 'whole', text: address });
  expect(pastes.add([address])).toEqual({ kind: 'whole', text: address });
});

test('what is no address is handed over as it is, and is no part of the next one', () => {
  const pastes = collectPastes({ state: 's12' });
  expect(pastes.add(['hello'])).toEqual({ kind: 'other', text: 'hello' });
  expect(pastes.add([address])).toEqual({ kind: 'whole', text: address });
});

test('lines that came in one go come together; those that one reader leaves are there for the next', async () => {
  const stdin = new PassThrough();
  const lines = openStdinLines(stdin);
  stdin.write('token=abc\nhttp://h/\n');
  expect(await lines.next()).toBe('token=abc');
  const batches: (readonly string[])[] = [];
  const stop = lines.listen((batch) => void batches.push(batch));
  await turn();
  stdin.write('one\ntwo\nthr');
  await turn();
  stdin.write('ee\n');
  await turn();
  await turn();
  expect(batches).toEqual([['http://h/'], ['one', 'two'], ['three']]);
  stop();
  stdin.end('late\n');
  expect(await lines.next()).toBe('late');
  expect(await lines.next()).toBeUndefined();
  lines.close();
});
