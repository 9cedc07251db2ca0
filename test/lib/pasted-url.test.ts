// Which pasted lines are the address that a login ends with.
import { describe, expect, test } from 'vitest';
import { pastedUrl } from '../../src/lib/pasted-url.ts';

const address = 'http://127.0.0.1:4000/callback?code=c1&state=s1';

describe('one address is found', () => {
  test.each([
    ['alone', address],
    ['in brackets and quotes', `  "<${address}>" `],
    ['over lines', 'http://127.0.0.1:4000/call\r\nback?code=c\n1&sta\n   te=s1\n'],
    ['over lines with empty ones between', 'http://127.0.0.1:4000/callback\n\n?code=c1\n\n&state=s1'],
    ['over lines that became spaces', 'http://127.0.0.1:4000/callback ?code=c1& state=s1'],
    ['over lines of a mail that was answered', '> http://127.0.0.1:4000/callback?co\n> de=c1&state=s1'],
    ['behind words', `Here it is: ${address}`],
    ['under a line of words', `The page says\n${address}\n`],
    ['above words', `<${address.slice(0, 30)}\n${address.slice(30)}>\nRegards`],
    ['above words on a line of their own', `${address}\nsent from a phone`],
    ['behind another that was cut', `http://127.0.0.1:4000/callback?code=c\n${address}`],
    ['as its query', 'code=c1&\nstate=s1'],
  ])('%s', (_, pasted) => {
    const found = pastedUrl(pasted);
    expect(found.kind === 'whole' && [found.parameters.get('code'), found.parameters.get('state')]).toEqual([
      'c1',
      's1',
    ]);
  });

  test('with an issuer that stands on a line of its own', () => {
    const found = pastedUrl(`${address}&iss=\nhttps://as.example`);
    expect(found.kind === 'whole' && found.parameters.get('iss')).toBe('https://as.example');
  });
});

test.each([
  ['http://127.0.0.1:4000/callback', 'part'],
  ['http://127.0.0.1:4000/callback?code=c', 'part'],
  ['?state=s1', 'part'],
  [`${address.slice(0, -1)}`, 'part'],
  ['https://as.example/authorize?client_id=a&state=s1', 'other'],
  ['hello', 'other'],
  ['', 'other'],
])('%j is %s', (pasted, kind) => {
  expect(pastedUrl(pasted, { state: 's1' }).kind).toBe(kind);
});
