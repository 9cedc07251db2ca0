// The command that a host gets, and how an entry is known to start the gateway.
import { describe, expect, it } from 'vitest';
import {
  gatewayStart,
  lastingNodeNames,
  npxScriptNames,
  type StartWishes,
  startsGateway,
} from '../../src/hosts/gateway-start.ts';

const wishes: StartWishes = {
  platform: 'darwin',
  execPath: '/opt/homebrew/Cellar/node/24.1.0/bin/node',
  mainFile: '/opt/homebrew/lib/node_modules/mcp-portico/dist/main.js',
  npx: undefined,
  config: '/Users/me/a b/mcp.json',
  env: {},
};
const parts = { node: '/opt/homebrew/opt/node/bin/node', npx: '/opt/homebrew/lib/node_modules/npm/bin/npx-cli.js' };

describe('the command that a host gets', () => {
  it('E40: needs no PATH: node and script are absolute', () => {
    expect(gatewayStart(wishes, parts)).toEqual({
      command: parts.node,
      args: [wishes.mainFile, 'serve', '--config', wishes.config],
      env: {},
      slowStart: false,
    });
  });

  it('names the rules, the token directory and the agent', () => {
    const { args } = gatewayStart({ ...wishes, rules: '/r', tokenDir: '/t', agent: 'me' }, parts);
    expect(args.slice(4)).toEqual(['--rules', '/r', '--token-dir', '/t', '--agent', 'me']);
  });

  it.each([
    { npx: true, mainFile: wishes.mainFile },
    { npx: undefined, mainFile: '/Users/me/.npm/_npx/1f/node_modules/mcp-portico/dist/main.js' },
  ])('E40: runs npx by node where npx is %o, and gives what it starts a PATH', ({ npx, mainFile }) => {
    expect(gatewayStart({ ...wishes, npx, mainFile }, parts)).toEqual({
      command: parts.node,
      args: [parts.npx, '-y', 'mcp-portico', 'serve', '--config', wishes.config],
      env: { PATH: '/opt/homebrew/opt/node/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
      slowStart: true,
    });
  });

  it('E41: on Windows runs no .cmd, which hosts cannot start', () => {
    const node = 'C:\\Program Files\\nodejs\\node.exe';
    const [npx] = npxScriptNames(node, 'win32');
    const start = gatewayStart({ ...wishes, platform: 'win32', npx: true }, { node, npx });
    expect(start).toMatchObject({ command: node, env: {} });
    expect(start.args[0]).toBe('C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js');
  });

  it.each([
    ['/opt/homebrew/Cellar/node@22/22.1.0/bin/node', '/opt/homebrew/opt/node@22/bin/node'],
    [
      '/home/me/.local/share/mise/installs/node/22.3.1/bin/node',
      '/home/me/.local/share/mise/installs/node/22/bin/node',
    ],
    [
      '/home/me/.local/share/fnm/node-versions/v22.1.0/installation/bin/node',
      '/home/me/.local/share/fnm/aliases/default/bin/node',
    ],
    ['/home/me/.nvm/versions/node/v22.1.0/bin/node', '/home/me/.nvm/current/bin/node'],
    ['/usr/bin/node', undefined],
  ])('looks for a name of %s that outlives its version', (execPath, name) => {
    expect(lastingNodeNames(execPath, 'linux')[0]).toBe(name);
  });
});

describe('an entry that starts the gateway', () => {
  it.each([
    [{ command: '/usr/bin/node', args: [wishes.mainFile, 'serve'] }, true],
    [{ command: 'node', args: ['C:\\n\\node_modules\\mcp-portico\\dist\\main.js'] }, true],
    [{ command: 'npx', args: ['-y', 'mcp-portico@latest'] }, true],
    [{ command: 'cmd', args: ['/c', 'npx', '-y', 'mcp-portico'] }, true],
    [{ command: 'portico' }, true],
    [{ command: 'C:\\n\\portico.cmd' }, true],
    [{ command: { path: '/usr/local/bin/portico', args: [] } }, true],
    [{ command: 'npx', args: ['-y', 'mcp-remote', 'https://portico'] }, false],
    [{ command: 'node', args: ['portico'] }, false],
    [{ url: 'https://mcp-portico' }, false],
    ['portico', false],
    [undefined, false],
  ])('%o: %s', (entry, is) => {
    expect(startsGateway(entry, wishes.mainFile)).toBe(is);
  });
});
