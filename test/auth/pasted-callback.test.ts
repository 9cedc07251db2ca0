import { describe, expect, test } from 'vitest';
import { parsePastedCallback } from '../../src/auth/pasted-callback.ts';

describe('what a human pastes', () => {
  test.each([
    ['the whole address', 'http://127.0.0.1:4000/callback?code=c1&state=s1'],
    ['with spaces around', '  http://127.0.0.1:4000/callback?code=c1&state=s1\n'],
    ['broken over lines by a terminal', 'http://127.0.0.1:4000/callback\n?code=c1&sta\n te=s1'],
    ['the query alone', 'code=c1&state=s1'],
    ['the query with its mark', '?code=c1&state=s1'],
    ['the path and query', '/callback?code=c1&state=s1#'],
    ['in quotes', '"http://127.0.0.1:4000/callback?code=c1&state=s1"'],
    ['in brackets', '<http://127.0.0.1:4000/callback?code=c1&state=s1>'],
    ['another host: a proxy stands before the callback', 'https://login.example/cb?code=c1&state=s1'],
  ])('C23: %s is read', (_name, pasted) => {
    const parameters = parsePastedCallback('crm', pasted);
    expect([parameters.get('code'), parameters.get('state')]).toEqual(['c1', 's1']);
  });

  test('an error answer is an end, too', () => {
    expect(parsePastedCallback('crm', 'http://127.0.0.1:1/callback?error=access_denied&state=s').get('error')).toBe(
      'access_denied',
    );
  });

  test.each(['', 'hello', 'c1', 'http://127.0.0.1:4000/callback', 'code=canary', 'https://as.example/?state=canary'])(
    '%j is refused, and not quoted',
    (pasted) => {
      const parse = (): URLSearchParams => parsePastedCallback('crm', pasted);
      expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENTS', server: 'crm' }));
      expect(parse).not.toThrow(/canary/);
    },
  );
});
