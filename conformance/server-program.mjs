// Owns the program behind the bridge when the suite's clients are served: the gateway in direct mode before a server with
// everything that the scenarios ask for; or, to judge that server and the bridge, the server alone. Knows no scenario.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from './gateway-host.mjs';

const serverFile = fileURLToPath(new URL('../fixtures/conformance/server.mjs', import.meta.url));
const name = 'conformance';

/**
 * @param {{ directory: string, revision: string, gateway: string | undefined }} options
 * @returns {Parameters<import('./server-bridge.mjs').startBridge>[0]}
 */
export function openProgram({ directory, revision, gateway }) {
  const server = { command: execPath, args: [serverFile] };
  const plain = /** @type {Record<string, string>} */ (plainEnvironment());
  if (gateway === undefined) return { program: { ...server, cwd: directory, env: plain } };
  const config = join(directory, '.mcp.json');
  writeFileSync(config, JSON.stringify({ mcpServers: { [name]: { ...server, protocol: revision } } }));
  return {
    prefix: `${name}__`,
    program: {
      command: execPath,
      args: [gateway, 'serve', '--expose', 'direct', '--config', config],
      cwd: directory,
      env: {
        ...plain,
        HOME: directory,
        GATEWAY_TOKEN_DIR: join(directory, 'logins'),
        GATEWAY_AUDIT_LOG: 'off',
        GATEWAY_LOG_LEVEL: 'debug',
        GATEWAY_BROWSER: 'none',
      },
    },
  };
}
