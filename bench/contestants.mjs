// Owns how the contestants are started: the gateway on a config, the floor, a direct server; and one echo call on each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RawClient } from './raw-client.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
export const gatewayProgram = at('../dist/main.js');
export const echoProgram = at('../fixtures/servers/echo.mjs');
export const sdkEchoProgram = at('./servers/sdk-echo.mjs');
const httpEchoProgram = at('../fixtures/servers/http-echo.mjs');
const floorProgram = at('./floor.mjs');

export const stdioServer = (program, ...args) => ({ command: process.execPath, args: [program, ...args] });

/** A directory of its own for configs, logins and logs; `remove()` takes it away. */
export function createWorkshop() {
  const directory = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  let configs = 0;
  return {
    remove: () => rmSync(directory, { recursive: true, force: true }),

    /** A gateway that is started and not yet spoken to. */
    gateway(servers) {
      const config = join(directory, `mcp-${configs++}.json`);
      writeFileSync(config, JSON.stringify({ mcpServers: servers }));
      const env = {
        GATEWAY_TOKEN_DIR: join(directory, 'logins'),
        GATEWAY_AUDIT_LOG: join(directory, 'audit.jsonl'),
        GATEWAY_LOG_LEVEL: 'error',
      };
      return new RawClient(process.execPath, [gatewayProgram, 'serve', '--config', config], env);
    },
  };
}

export const direct = () => new RawClient(process.execPath, [echoProgram]);
export const floorOverStdio = () =>
  new RawClient(process.execPath, [floorProgram, 'stdio', process.execPath, echoProgram]);
export const floorOverHttp = (url) => new RawClient(process.execPath, [floorProgram, 'http', url]);

/** The same echo through the gateway, and through what speaks to the server itself. */
export const throughGateway =
  (client, server, tool = 'echo', args = { message: 'hello' }) =>
  () =>
    client.callTool('execute_tool', { server, tool, args });
export const straight =
  (client, tool = 'echo', args = { message: 'hello' }) =>
  () =>
    client.callTool(tool, args);

/** The echo server over Streamable HTTP, in a process of its own. */
export async function startHttpEcho() {
  const child = spawn(process.execPath, [httpEchoProgram], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const { url } = JSON.parse(String(line));
  return {
    url,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
