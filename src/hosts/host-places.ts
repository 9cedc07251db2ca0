// Owns where each host keeps its config on each system: pure, so that three systems are tested on one.
import { posix, win32 } from 'node:path';

export const hostIds = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'vscode-insiders',
  'windsurf',
  'codex',
  'gemini-cli',
  'zed',
] as const;

export type HostId = (typeof hostIds)[number];

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  readonly home: string;
  /** Names of the folders in `%LOCALAPPDATA%\Packages` that begin with `Claude_`, where they were looked for. */
  readonly claudePackages?: readonly string[];
}

export interface HostPlace {
  /** The config file. */
  readonly file: string;
  /** The host is there where one of these is. */
  readonly signs: readonly string[];
}

/** The publisher's part is the same on every machine. */
const knownClaudePackage = 'Claude_pzs8sxrjxfjjc';

/** The places of a host, the one that is in use where several are there first. */
export function hostPlaces(host: HostId, surroundings: Surroundings): readonly HostPlace[] {
  return placesOf[host](foldersOf(surroundings), surroundings);
}

/** The config of one project, for hosts that have such a file. */
export function projectFile(
  host: HostId,
  { platform }: Pick<Surroundings, 'platform'>,
  directory: string,
): string | undefined {
  const parts = projectFiles[host];
  return parts && pathsOf(platform).join(directory, ...parts);
}

const projectFiles: Readonly<Partial<Record<HostId, readonly string[]>>> = {
  'claude-code': ['.mcp.json'],
  cursor: ['.cursor', 'mcp.json'],
  vscode: ['.vscode', 'mcp.json'],
  'vscode-insiders': ['.vscode', 'mcp.json'],
  codex: ['.codex', 'config.toml'],
  'gemini-cli': ['.gemini', 'settings.json'],
  zed: ['.zed', 'settings.json'],
};

interface Folders {
  readonly join: (...parts: string[]) => string;
  readonly home: string;
  /** Where programs with a window keep their settings. */
  readonly appData: string;
  readonly localAppData: string;
  /** `$XDG_CONFIG_HOME`, `~/.config`: also on macOS, for programs that come from Linux. */
  readonly xdgConfig: string;
}

function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

function foldersOf({ platform, env, home }: Surroundings): Folders {
  const { join, isAbsolute } = pathsOf(platform);
  const named = (name: string): string | undefined => {
    const value = env[name];
    // The XDG specification: a relative path is no path.
    return value && isAbsolute(value) ? value : undefined;
  };
  const xdgConfig = named('XDG_CONFIG_HOME') ?? join(home, '.config');
  const appData =
    platform === 'win32'
      ? (named('APPDATA') ?? join(home, 'AppData', 'Roaming'))
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : xdgConfig;
  return { join, home, appData, localAppData: named('LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), xdgConfig };
}

type Places = (folders: Folders, surroundings: Surroundings) => readonly HostPlace[];

const placesOf: Readonly<Record<HostId, Places>> = {
  'claude-desktop': ({ join, appData, localAppData }, { platform, claudePackages }) => {
    const name = 'claude_desktop_config.json';
    const plain = { file: join(appData, 'Claude', name), signs: [join(appData, 'Claude')] };
    if (platform !== 'win32') return [plain];
    // Windows shows a packaged app its own copy of %APPDATA%; the plain folder may be left from an older version.
    const packages = claudePackages?.length ? claudePackages : [knownClaudePackage];
    const packaged = packages.map((id) => {
      const folder = join(localAppData, 'Packages', id);
      return { file: join(folder, 'LocalCache', 'Roaming', 'Claude', name), signs: [folder] };
    });
    return [...packaged, plain];
  },
  'claude-code': ({ join, home }, { env }) => {
    const named = env['CLAUDE_CONFIG_DIR'];
    if (named) return [{ file: join(named, '.claude.json'), signs: [named] }];
    const file = join(home, '.claude.json');
    return [{ file, signs: [file, join(home, '.claude')] }];
  },
  cursor: ({ join, home, appData }) => {
    const folder = join(home, '.cursor');
    return [{ file: join(folder, 'mcp.json'), signs: [folder, join(appData, 'Cursor')] }];
  },
  vscode: (folders, { env }) => codePlaces(folders, 'Code', env['VSCODE_PORTABLE']),
  'vscode-insiders': (folders) => codePlaces(folders, 'Code - Insiders', undefined),
  windsurf: ({ join, home, appData }) => {
    const folder = join(home, '.codeium', 'windsurf');
    return [{ file: join(folder, 'mcp_config.json'), signs: [folder, join(appData, 'Windsurf')] }];
  },
  codex: ({ join, home }, { env }) => {
    const folder = env['CODEX_HOME'] || join(home, '.codex');
    return [{ file: join(folder, 'config.toml'), signs: [folder] }];
  },
  'gemini-cli': ({ join, home }, { env }) => {
    const folder = join(env['GEMINI_CLI_HOME'] || home, '.gemini');
    return [{ file: join(folder, 'settings.json'), signs: [folder] }];
  },
  zed: ({ join, home, appData, xdgConfig }, { platform, env }) => {
    // On macOS, too, Zed has its settings in ~/.config, whatever XDG_CONFIG_HOME says.
    const byPlatform: Partial<Record<NodeJS.Platform, string>> = {
      win32: join(appData, 'Zed'),
      darwin: join(home, '.config', 'zed'),
    };
    const folder = byPlatform[platform] ?? join(env['FLATPAK_XDG_CONFIG_HOME'] || xdgConfig, 'zed');
    return [{ file: join(folder, 'settings.json'), signs: [folder] }];
  },
};

function codePlaces({ join, appData }: Folders, product: string, portable: string | undefined): readonly HostPlace[] {
  const folder = portable ? join(portable, 'user-data') : join(appData, product);
  return [{ file: join(folder, 'User', 'mcp.json'), signs: [folder] }];
}
