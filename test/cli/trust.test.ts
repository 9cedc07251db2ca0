// Owns the tests of `portico trust` and of who refuses a file that was only found, run in this process.
import { readFileSync } from 'node:fs';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../config/write-config.ts';
import { runHere } from './run-here.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

// Elsewhere the data directory cannot be moved away from the one of the user who runs the tests.
test.runIf(process.platform === 'linux')(
  'H58: portico trust shows it, and records this content alone; a change, or new rules beside it, ask again',
  async () => {
    const root = await realpath(await temporaryDirectory());
    for (const name of ['XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']) {
      vi.stubEnv(name, join(root, name));
    }
    const cwd = join(root, 'clone');
    await mkdir(cwd);
    const file = join(cwd, '.mcp.json');
    const run = (...words: string[]) => runHere(words, { cwd, env: { GATEWAY_AUDIT_LOG: 'off' } });
    const write = (servers: object) => writeFile(file, JSON.stringify({ mcpServers: servers }));
    const notes = { command: 'notes.sh', env: { SECRET: 'canary-in-env' } };
    await write({ notes });
    expect(await run('tools')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not trusted') });
    const check = await run('check');
    expect(check).toMatchObject({ code: 1, stderr: expect.stringContaining('.mcp.json is not trusted') });
    // Nobody is there to be asked.
    const unasked = await run('trust');
    expect(unasked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('portico trust --yes') });
    expect(unasked.stderr).toMatch(/notes\.sh\n {4}with the variables SECRET\n/);
    expect(unasked.stderr).not.toContain('canary');

    const trusted = await run('trust', '--yes', '--json');
    expect(trusted).toMatchObject({ code: 0, stderr: '' });
    const record = JSON.parse(readFileSync(join(root, 'XDG_DATA_HOME', 'portico', 'trusted.json'), 'utf8'));
    expect(record.files).toEqual({
      [file]: { sha256: JSON.parse(trusted.stdout).sha256, trusted_at: expect.any(String) },
    });
    expect(await run('tools')).toMatchObject({ code: 0, stderr: expect.stringMatching(/notes +idle/) });
    expect(JSON.parse((await run('trust', '--json')).stdout)).toMatchObject({ state: 'trusted', changed: false });

    // A later pull brings another command; and then rules, which would stand before those of the user.
    await write({ notes: { command: 'other.sh' } });
    expect(await run('tools')).toMatchObject({ code: 2, stderr: expect.stringContaining('has changed since') });
    expect(await run('trust', '--yes')).toMatchObject({ code: 0 });
    const rules = join(cwd, 'gateway-rules.json');
    await writeFile(rules, JSON.stringify({ agents: { default: { allow: { servers: ['*'] } } } }));
    expect(await run('tools')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/gateway-rules\.json .* not trusted/),
    });
    expect(await run('trust', '--yes')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`the rules of ${rules}`),
    });
    expect(await run('tools')).toMatchObject({ code: 0 });

    expect(JSON.parse((await run('trust', '--remove', '--json')).stdout)).toMatchObject({ changed: true });
    expect(await run('tools')).toMatchObject({ code: 2 });
    // Named, it is the user's own choice.
    expect(await run('tools', '--config', '.mcp.json')).toMatchObject({ code: 0 });
    await rm(file);
    expect(await run('trust', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('does not exist') });
  },
);
