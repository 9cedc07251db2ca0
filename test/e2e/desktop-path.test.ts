// Servers of a gateway that a desktop app has started: no shell's PATH, and Node in the folder of a version manager.
import { chmodSync, copyFileSync, linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { afterEach, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import { JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { mainFile, root } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const echo = join(root, 'fixtures', 'servers', 'echo.mjs');

/** What `npx` does: it starts another program by its bare name, through the PATH. */
const fakeNpx = `#!/usr/bin/env node
const { spawn } = require('node:child_process');
spawn('node', process.argv.slice(3), { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
`;

/** A login shell whose files print something, and put a folder before the PATH. */
const fakeShell = `#!/bin/sh
echo asked >> "$HOME/asked"
echo "Welcome back"
export PATH="$HOME/tools/bin:$PATH"
eval "$4"
`;

function program(home: Home, name: string, text: string): string {
  const file = home.write(name, text);
  chmodSync(file, 0o755);
  return file;
}

/** The node that an app brings, under another name: beside it stands no other program. */
function appNode(home: Home): string {
  const node = join(home.directory, 'Host.app', 'host-helper');
  mkdirSync(dirname(node));
  try {
    linkSync(execPath, node);
  } catch {
    // On another file system, or of another user.
    copyFileSync(execPath, node);
  }
  return node;
}

/** As `env -i HOME=… SHELL=… PATH=/usr/bin:/bin`, but with a stand-in for those two: on a test machine they have Node. */
async function desktopGateway(home: Home, env: Readonly<Record<string, string>>): Promise<JsonRpcProcess> {
  const system = join(home.directory, 'usr-bin');
  mkdirSync(system);
  symlinkSync('/bin/sh', join(system, 'sh'));
  symlinkSync('/usr/bin/printenv', join(system, 'printenv'));
  const gateway = new JsonRpcProcess({
    command: appNode(home),
    args: [mainFile, 'serve', '--config', home.configFile],
    cwd: home.directory,
    env: { HOME: home.directory, PATH: system, ...env },
  });
  stage.own(() => gateway.stop());
  await gateway.initialize();
  return gateway;
}

test('E40: an npx server starts with the Node of nvm, others from the PATH of the login shell, which is asked once', async () => {
  const home = stage.home({
    servers: {
      files: { command: 'npx', args: ['-y', echo] },
      mine: { command: 'shell-tool' },
      gone: { command: 'no-such-tool' },
    },
  });
  const bin = '.nvm/versions/node/v22.1.0/bin';
  program(home, `${bin}/npx`, fakeNpx);
  symlinkSync(execPath, join(home.directory, bin, 'node'));
  program(home, 'tools/bin/shell-tool', `#!/bin/sh\nexec '${execPath}' '${echo}'\n`);
  const gateway = await desktopGateway(home, { SHELL: program(home, 'shell', fakeShell) });

  const [files, mine, gone] = await Promise.all(
    ['files', 'mine', 'gone'].map((server) => gateway.callTool('execute_tool', { server, tool: 'env', args: {} })),
  );
  const pathOf = (result: typeof files): string[] => JSON.parse(result?.content[0].text).PATH.split(':');
  const at = (name: string): string => join(home.directory, name);
  // Behind these stand the other places that this machine has.
  expect(pathOf(files).slice(0, 4)).toEqual([bin, 'tools/bin', 'usr-bin', 'Host.app'].map(at));
  expect(pathOf(mine)).toEqual(['tools/bin', 'usr-bin', 'Host.app'].map(at));
  expect(gone?.structuredContent?.error).toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining(`not found in: ~/usr-bin, ~/Host.app, ~/tools/bin, ~/${bin}`),
    hint: expect.stringContaining('command -v no-such-tool'),
  });
  expect(readFileSync(at('asked'), 'utf8')).toBe('asked\n');
});
