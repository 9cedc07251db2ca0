// Owns the first servers file of a user: its text, and making it without touching one that is there. Pure but for that.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isThere } from '../lib/json-file.ts';

const head = `{
  // The servers behind Portico: entries as hosts have them. Comments and trailing commas are fine.
  // \${VAR} is read from the environment of Portico. What is wrong with this file: portico check`;

/** For servers to be added to. */
export const emptyFile = `${head}
  "mcpServers": {}
}
`;

/** For a human to go on with. */
export const startingFile = `${head}
  "mcpServers": {
    // A program on this machine:
    // "files": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "\${HOME}/notes"] },

    // A server on the network; it is logged in to when it asks for that:
    // "notion": { "url": "https://mcp.notion.com/mcp" },

    // One that takes a token in a header, and logs in nobody:
    // "github": { "url": "https://api.githubcopilot.com/mcp/", "headers": { "Authorization": "Bearer \${GITHUB_PAT}" } },
  }
}
`;

/** @throws GatewayError CONFIG_INVALID where it cannot be told */
export async function hasServersFile(path: string): Promise<boolean> {
  try {
    return await isThere(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** False: there is such a file already, and it stays as it is. @throws GatewayError CONFIG_INVALID */
export async function makeServersFile(path: string, text: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    // Only its owner: headers may hold secrets. `wx`: never over another one.
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${path} cannot be written (${codeOf(error)})`, {
    hint: 'Name another file with --config.',
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
