// Owns in what hosts differ besides the place of their config: titles, keys, the shape of an entry.

import type { HostId } from './host-places.ts';
import { createJsonServerText } from './json-server-text.ts';
import type { ServerText } from './server-text.ts';
import { createTomlServerText } from './toml-server-text.ts';

/** A program to start, in words that every host has. */
export interface StartCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The first start may have to download. */
  readonly slowStart: boolean;
}

/** What a host puts in for references in strings. */
export type Dialect = 'none' | 'shell' | 'dollar' | 'editor';

export interface HostKind {
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** The member that holds the servers. */
  readonly key: string;
  readonly dialect: Dialect;
  /** What a human does for the change to take effect. */
  readonly activate: string;
  readonly entryOf: (start: StartCommand) => object;
}

export const hostTable: Readonly<Record<HostId, HostKind>> = {
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    key: 'mcpServers',
    dialect: 'none',
    activate: 'Quit Claude Desktop (closing the window is not enough) and start it again.',
    entryOf: plainEntry,
  },
  'claude-code': {
    title: 'Claude Code',
    format: 'json',
    key: 'mcpServers',
    dialect: 'shell',
    activate: 'Start a new session of Claude Code.',
    entryOf: (start) => ({ type: 'stdio', ...plainEntry(start) }),
  },
  cursor: {
    title: 'Cursor',
    format: 'json',
    key: 'mcpServers',
    dialect: 'editor',
    activate: 'Switch portico on under Settings, MCP.',
    entryOf: plainEntry,
  },
  vscode: code('VS Code'),
  'vscode-insiders': code('VS Code Insiders'),
  windsurf: {
    title: 'Windsurf',
    format: 'json',
    key: 'mcpServers',
    dialect: 'editor',
    activate: 'Press refresh in the MCP panel of Windsurf.',
    entryOf: plainEntry,
  },
  codex: {
    title: 'Codex',
    format: 'toml',
    key: 'mcp_servers',
    dialect: 'none',
    activate: 'Start a new session of Codex.',
    // Codex gives a server ten seconds for its start.
    entryOf: (start) => ({ ...plainEntry(start), ...(start.slowStart ? { startup_timeout_sec: 60 } : {}) }),
  },
  'gemini-cli': {
    title: 'Gemini CLI',
    format: 'json',
    key: 'mcpServers',
    dialect: 'dollar',
    activate: 'Start a new session of Gemini CLI.',
    entryOf: plainEntry,
  },
  zed: {
    title: 'Zed',
    format: 'json',
    key: 'context_servers',
    dialect: 'none',
    activate: 'Zed starts it by itself.',
    entryOf: (start) => ({ source: 'custom', ...plainEntry(start) }),
  },
};

export function serverTextOf(host: HostId, file: string): ServerText {
  const { format, key } = hostTable[host];
  return format === 'toml' ? createTomlServerText(file, key) : createJsonServerText(file, key);
}

function plainEntry({ command, args, env }: StartCommand): object {
  return { command, args, ...(Object.keys(env).length > 0 ? { env } : {}) };
}

function code(title: string): HostKind {
  return {
    title,
    format: 'json',
    key: 'servers',
    dialect: 'editor',
    activate: `Run "MCP: List Servers" in ${title} and start portico.`,
    entryOf: (start) => ({ type: 'stdio', ...plainEntry(start) }),
  };
}
