// Tests of src/downstream/stderr-tail.ts.
import { describe, expect, it } from 'vitest';
import { createMask } from '../../src/downstream/mask-secrets.ts';
import { StderrTail } from '../../src/downstream/stderr-tail.ts';

describe('the end of a stderr', () => {
  it('E42: keeps the last 32 KiB, whatever the size of the writes', () => {
    const whole = Buffer.from(Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join(''));
    for (const size of [1, 7, 4096, whole.length]) {
      const tail = new StderrTail(createMask({}));
      for (let at = 0; at < whole.length; at += size) tail.push(whole.subarray(at, at + size));
      expect(tail.text()).toBe(whole.subarray(-32 * 1024).toString());
    }
  });

  it('shows the last lines without blank ones', () => {
    const tail = new StderrTail(createMask({}));
    tail.push(Buffer.from('one\ntwo\r\n\n  \nthree\n'));
    expect(tail.lastLines(2)).toEqual(['two', 'three']);
  });

  it('shows lines without colours, and the beginning of very long ones', () => {
    const tail = new StderrTail(createMask({}));
    tail.push(Buffer.from(`\u001b[31mred\u001b[0m\n${'x'.repeat(5000)}\n`));
    const [red, long] = tail.lastLines(2);
    expect(red).toBe('red');
    expect(long).toHaveLength(1001);
  });

  it('masks the secrets that the server was given, and what looks like one', () => {
    const tail = new StderrTail(createMask({ MY_API_KEY: 'correct-horse-battery', MODE: 'production' }));
    tail.push(Buffer.from('key correct-horse-battery in production\nAuthorization: Bearer abcdefghijklmnop\n'));
    expect(tail.text()).not.toContain('correct-horse');
    expect(tail.text()).not.toContain('abcdefghijklmnop');
    expect(tail.text()).toContain('production');
  });
});
