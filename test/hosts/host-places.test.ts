// Where the configs of hosts are on each system.
import { describe, expect, it } from 'vitest';
import { type HostId, hostIds, hostPlaces, projectFile, type Surroundings } from '../../src/hosts/host-places.ts';

const mac: Surroundings = { platform: 'darwin', env: {}, home: '/Users/me' };
const linux: Surroundings = { platform: 'linux', env: {}, home: '/home/me' };
const windows: Surroundings = {
  platform: 'win32',
  env: { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' },
  home: 'C:\\Users\\me',
};
const support = '/Users/me/Library/Application Support';
const roaming = 'C:\\Users\\me\\AppData\\Roaming';
const packaged = (id: string): string =>
  `C:\\Users\\me\\AppData\\Local\\Packages\\${id}\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json`;

const table: readonly (readonly [HostId, string, string, string])[] = [
  [
    'claude-desktop',
    `${support}/Claude/claude_desktop_config.json`,
    '/home/me/.config/Claude/claude_desktop_config.json',
    packaged('Claude_pzs8sxrjxfjjc'),
  ],
  ['claude-code', '/Users/me/.claude.json', '/home/me/.claude.json', 'C:\\Users\\me\\.claude.json'],
  ['cursor', '/Users/me/.cursor/mcp.json', '/home/me/.cursor/mcp.json', 'C:\\Users\\me\\.cursor\\mcp.json'],
  [
    'vscode',
    `${support}/Code/User/mcp.json`,
    '/home/me/.config/Code/User/mcp.json',
    `${roaming}\\Code\\User\\mcp.json`,
  ],
  [
    'vscode-insiders',
    `${support}/Code - Insiders/User/mcp.json`,
    '/home/me/.config/Code - Insiders/User/mcp.json',
    `${roaming}\\Code - Insiders\\User\\mcp.json`,
  ],
  [
    'windsurf',
    '/Users/me/.codeium/windsurf/mcp_config.json',
    '/home/me/.codeium/windsurf/mcp_config.json',
    'C:\\Users\\me\\.codeium\\windsurf\\mcp_config.json',
  ],
  ['codex', '/Users/me/.codex/config.toml', '/home/me/.codex/config.toml', 'C:\\Users\\me\\.codex\\config.toml'],
  [
    'gemini-cli',
    '/Users/me/.gemini/settings.json',
    '/home/me/.gemini/settings.json',
    'C:\\Users\\me\\.gemini\\settings.json',
  ],
  [
    'zed',
    '/Users/me/.config/zed/settings.json',
    '/home/me/.config/zed/settings.json',
    `${roaming}\\Zed\\settings.json`,
  ],
];

const first = (host: HostId, surroundings: Surroundings): string | undefined => hostPlaces(host, surroundings)[0]?.file;

describe('the config of a host', () => {
  it('is known for every host', () => expect(table.map(([host]) => host)).toEqual(hostIds));

  it.each(table)('of %s is at its place on macOS, Linux and Windows', (host, onMac, onLinux, onWindows) => {
    expect([first(host, mac), first(host, linux), first(host, windows)]).toEqual([onMac, onLinux, onWindows]);
  });

  it('of Claude Desktop on Windows is that of the packaged app, and else the plain one', () => {
    const files = hostPlaces('claude-desktop', { ...windows, claudePackages: ['Claude_abc', 'Claude_def'] });
    expect(files.map(({ file }) => file)).toEqual([
      packaged('Claude_abc'),
      packaged('Claude_def'),
      `${roaming}\\Claude\\claude_desktop_config.json`,
    ]);
  });

  it.each<[HostId, Record<string, string>, string]>([
    ['claude-code', { CLAUDE_CONFIG_DIR: '/c' }, '/c/.claude.json'],
    ['codex', { CODEX_HOME: '/c' }, '/c/config.toml'],
    ['gemini-cli', { GEMINI_CLI_HOME: '/c' }, '/c/.gemini/settings.json'],
    ['vscode', { VSCODE_PORTABLE: '/c' }, '/c/user-data/User/mcp.json'],
    ['vscode', { XDG_CONFIG_HOME: '/c' }, '/c/Code/User/mcp.json'],
    ['zed', { XDG_CONFIG_HOME: '/c' }, '/c/zed/settings.json'],
    ['zed', { FLATPAK_XDG_CONFIG_HOME: '/f', XDG_CONFIG_HOME: '/c' }, '/f/zed/settings.json'],
    ['claude-desktop', { XDG_CONFIG_HOME: 'relative' }, '/home/me/.config/Claude/claude_desktop_config.json'],
    ['claude-code', { CLAUDE_CONFIG_DIR: '' }, '/home/me/.claude.json'],
  ])('of %s follows %o', (host, env, file) => {
    expect(first(host, { ...linux, env })).toBe(file);
  });

  it('of a project lies in its folder, for hosts that have one', () => {
    const files = hostIds.map((host) => projectFile(host, linux, '/p'));
    expect(files).toEqual([
      undefined,
      '/p/.mcp.json',
      '/p/.cursor/mcp.json',
      '/p/.vscode/mcp.json',
      '/p/.vscode/mcp.json',
      undefined,
      '/p/.codex/config.toml',
      '/p/.gemini/settings.json',
      '/p/.zed/settings.json',
    ]);
    expect(projectFile('cursor', windows, 'C:\\p')).toBe('C:\\p\\.cursor\\mcp.json');
  });
});
