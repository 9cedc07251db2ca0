// Owns the tests of what an audit line says, and of the hash of arguments.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type AuditEntry, auditLine, sha256OfArgs } from '../../src/audit/record.ts';

const entry: AuditEntry = {
  at: Date.parse('2026-01-02T03:04:05.678Z'),
  agent_id: 'a',
  operation: 'execute_tool',
  server: 's',
  tool: 't',
  decision: 'ALLOW',
  rule: 'agents.a.allow.servers: s',
  error_code: null,
  latency_ms: 1.5,
  args: { b: 1, a: 2 },
  result_bytes: 10,
  request_id: 7,
};

test('a line holds exactly the keys of the contract, in order', () => {
  const line: unknown = JSON.parse(auditLine(entry));
  expect(Object.keys(line as object)).toEqual([
    'timestamp',
    'agent_id',
    'operation',
    'server',
    'tool',
    'decision',
    'rule',
    'error_code',
    'latency_ms',
    'args_sha256',
    'result_bytes',
    'request_id',
  ]);
  const { at: _at, args, ...same } = entry;
  expect(line).toEqual({ ...same, timestamp: '2026-01-02T03:04:05.678Z', args_sha256: sha256OfArgs(args) });
});

test('a line break in a name stays inside of the line', () => {
  expect(auditLine({ ...entry, tool: 'a\nb' })).not.toContain('\n');
});

test('the hash is the SHA-256 of canonical JSON', () => {
  const expected = createHash('sha256').update('{"a":[1,null,{"c":"ä","d":true}],"b":1.5}').digest('hex');
  expect(sha256OfArgs({ b: 1.5, a: [1, null, { d: true, c: 'ä', e: undefined }] })).toBe(expected);
});

test.each([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [undefined, {}, true],
  [{ a: null }, {}, false],
  [{ a: [1, 2] }, { a: [2, 1] }, false],
  [{ a: '1' }, { a: 1 }, false],
])('%j and %j have the same hash: %s', (one, other, same) => {
  expect(sha256OfArgs(one) === sha256OfArgs(other)).toBe(same);
});

test('absurdly deep arguments are hashed, too', () => {
  expect(sha256OfArgs(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)))).toMatch(/^[0-9a-f]{64}$/);
});
