// Runs the demo as `npm run demo -- --auto` does after the build, without a terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const demo = join(import.meta.dirname, '..', 'demo', 'demo.mjs');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-demo-test-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function runDemo(temporary: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const child = spawn(process.execPath, [demo, '--auto'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code: Number(code), output };
}

describe('the demo', () => {
  it('walks through all its steps, in plain text where there is no terminal, and leaves nothing behind', async () => {
    const { code, output } = await runDemo(directory);
    expect(output).toMatch(/^Done in .*, 1 registration, 1 login, \d refresh\.$/m);
    expect(code).toBe(0);
    expect(output).not.toContain('\u001b');
    const inOrder = [
      'without a token',
      'RFC 9728',
      'RFC 8414',
      'RFC 7591',
      'AUTH_REQUIRED',
      'code_verifier',
      'called as',
    ];
    const places = inOrder.map((part) => output.indexOf(part));
    expect(places).toEqual([...places].filter((place) => place >= 0).sort((one, other) => one - other));
    expect(await readdir(directory)).toEqual([]);
  });

  it('ends with 1 and says where and why, when something fails', async () => {
    const { code, output } = await runDemo(join(directory, 'missing'));
    expect(code).toBe(1);
    expect(output).toMatch(/^Failed at "starting the servers": .*missing/m);
  });
});
