// Owns the tests of the log: one JSON line a call, written at once, without secrets.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { LoginRequiredError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';

function capture(level: string): {
  log: ReturnType<typeof createLog>;
  lines: () => Record<string, unknown>[];
  text: () => string;
} {
  let text = '';
  const stream = {
    write: (line: string) => {
      text += line;
    },
  };
  const log = createLog({ level, stream, now: () => Date.UTC(2026, 0, 2) });
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, text: () => text };
}

test('a line is there when the call returns', () => {
  const { log, text } = capture('info');
  log.info({ server: 's' }, 'connected');
  expect(text()).toBe('{"level":"info","time":"2026-01-02T00:00:00.000Z","server":"s","msg":"connected"}\n');
});

test.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
])('level %s lets through %j', (level, expected) => {
  const { log, lines } = capture(level);
  for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]({}, 'x');
  expect(lines().map((line) => line['level'])).toEqual(expected);
});

test('an unknown level counts as info, and that is said', () => {
  const { log, lines } = capture('loud');
  log.debug({}, 'x');
  log.info({}, 'y');
  expect(lines().map((line) => line['level'])).toEqual(['warn', 'info']);
});

test('secrets are in no line, neither in members nor in the message', () => {
  const canary = 'cAn4ry7f3a9921';
  const { log, text } = capture('debug');
  log.warn(
    {
      headers: { authorization: `Bearer ${canary}` },
      deep: { a: { b: { refresh_token: canary } } },
      body: `{"access_token":"${canary}"}`,
      error: new LoginRequiredError('s', { errorDescription: canary }, `token=${canary}`),
    },
    `callback https://h/?code=${canary}`,
  );
  expect(text()).not.toContain(canary);
  expect(text().trim().split('\n')).toHaveLength(1);
});

test('a line break in a message does not make a second line', () => {
  const { log, text } = capture('info');
  log.info({ a: 'x\ny' }, 'one\ntwo');
  expect(text().match(/\n/g)).toHaveLength(1);
});

test('the library behind it is loaded with the first written line, and not before', () => {
  const script = `
    const { createRequire } = await import('node:module');
    const { createLog } = await import(${JSON.stringify(new URL('../src/log.ts', import.meta.url).href)});
    const loaded = () => Object.keys(createRequire(import.meta.url).cache ?? {}).some((file) => /[\\\\/]pino[\\\\/]/.test(file));
    const log = createLog({ level: 'info', stream: process.stderr });
    log.debug({}, 'dropped');
    const before = loaded();
    log.info({}, 'written');
    process.stdout.write(JSON.stringify([before, loaded()]));
    process.exit(0);
  `;
  const loader = new URL('auth/typescript-loader.mjs', import.meta.url).href;
  const output = execFileSync(process.execPath, ['--import', loader, '--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(JSON.parse(output)).toEqual([false, true]);
});
