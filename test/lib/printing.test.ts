import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../src/lib/freeze.ts';
import { printable } from '../../src/lib/printable.ts';
import { Secret } from '../../src/lib/secret.ts';

describe('a secret', () => {
  it('shows itself nowhere but in reveal()', () => {
    const secret = new Secret('canary');
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true }),
    ];
    expect(shown.join()).not.toContain('canary');
    expect(secret.reveal()).toBe('canary');
  });
});

describe('foreign text', () => {
  it('cannot steer a terminal', () => {
    expect(printable('a\u001b[31mred\u0007\r\u009b\u202e\n\tb')).toBe('a\ufffd[31mred\ufffd\ufffd\ufffd\ufffd\n\tb');
  });
});

describe('frozen values', () => {
  it('cannot be changed at any depth', () => {
    const value = deepFreeze({ a: [{ b: 1 }] });
    expect(() => {
      (value.a[0] as { b: number }).b = 2;
    }).toThrow(TypeError);
  });
});
