// Owns how the contestants are started: the gateway on a config, the floor, a direct server; and one call on each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { linesToProcess, linesToUrl } from './lines.mjs';
import { RawClient } from './raw-client.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const builtGateway = at('../dist/main.js');
export const echoProgram = at('../fixtures/servers/echo.mjs');
export const sdkEchoProgram = at('./servers/sdk-echo.mjs');
const httpEchoProgram = at('./servers/http-echo.mjs');
const sdkGatewayProgram = at('./servers/sdk-gateway.mjs');
const floorProgram = at('./floor.mjs');

const rules = { agents: { default: { allow: { servers: ['*'] } } } };

export const stdioServer = (program, ...args) => ({ command: process.execPath, args: [program, ...args] });
export const echoServers = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`server-${index}`, stdioServer(echoProgram)]));

const runNode = (...args) => new RawClient(linesToProcess(process.execPath, args));

/** A directory of its own for configs, logins and logs; `remove()` takes it away. */
export function createWorkshop(gatewayProgram = builtGateway) {
  const directory = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  // Found beside the config: the rules of whoever runs this must play no part.
  writeFileSync(join(directory, 'gateway-rules.json'), JSON.stringify(rules));
  let configs = 0;
  return {
    remove: () => rmSync(directory, { recursive: true, force: true }),

    /** A gateway that is started and not yet spoken to. */
    gateway(servers, env = {}) {
      const config = join(directory, `mcp-${configs++}.json`);
      writeFileSync(config, JSON.stringify({ mcpServers: servers }));
      const own = {
        // What this gateway learns of its servers is not for the next run, nor for whoever runs this.
        HOME: directory,
        XDG_CACHE_HOME: join(directory, 'cache'),
        GATEWAY_TOKEN_DIR: join(directory, 'logins'),
        GATEWAY_AUDIT_LOG: join(directory, 'audit.jsonl'),
        GATEWAY_LOG_LEVEL: 'error',
      };
      const args = [gatewayProgram, 'serve', '--config', config];
      return new RawClient(linesToProcess(process.execPath, args, { ...own, ...env }));
    },
  };
}

export const direct = (program = echoProgram) => runNode(program);
export const directOverHttp = (url) => new RawClient(linesToUrl(url));
export const floorOverStdio = () => runNode(floorProgram, 'stdio', process.execPath, echoProgram);
export const floorOverHttp = (url) => runNode(floorProgram, 'http', url);
/** The plainest gateway that can be written with the official SDK on both sides, for scale. */
export const sdkGateway = () => runNode(sdkGatewayProgram, echoProgram);

/** A direct connection as hosts make it: the SDK's client. */
export const sdkOverStdio = (program) =>
  connectSdk(new StdioClientTransport({ command: process.execPath, args: [program], stderr: 'ignore' }));
export const sdkOverHttp = (url) => connectSdk(new StreamableHTTPClientTransport(new URL(url)));

async function connectSdk(transport) {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(transport);
  return {
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
}

/** One call, through the gateway and on what speaks to the server itself. */
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
  return {
    url: JSON.parse(String(line)).url,
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
