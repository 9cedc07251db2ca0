// Owns one running gateway and the host that speaks to it: the official SDK's client over stdio, in a directory of its
// own. Knows no scenario.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const browser = fileURLToPath(new URL('./browser.mjs', import.meta.url));
const server = 'conformance';
/** A login is a few requests on this machine. Milliseconds. */
const loginWaitMs = 15_000;
const answerMs = 20_000;

/** What a host hands down: its PATH and the like, and nothing that steers a gateway. */
export function plainEnvironment() {
  const steering = /^(GATEWAY_|MCP_|XDG_|NODE_|npm_|DISPLAY|WAYLAND|BROWSER|SSH_)/iu;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !steering.test(name)));
}

/**
 * Starts the gateway on a config with one server.
 * @param {{ gateway: string, entry: object }} options `gateway`: its main file
 */
export async function openGateway({ gateway, entry }) {
  const directory = mkdtempSync(join(tmpdir(), 'portico-conformance-'));
  const config = join(directory, '.mcp.json');
  writeFileSync(config, JSON.stringify({ mcpServers: { [server]: entry } }));
  const transport = new StdioClientTransport({
    command: execPath,
    args: [gateway, 'serve', '--config', config],
    cwd: directory,
    stderr: 'pipe',
    env: /** @type {Record<string, string>} */ ({
      ...plainEnvironment(),
      HOME: directory,
      GATEWAY_TOKEN_DIR: join(directory, 'logins'),
      GATEWAY_AUDIT_LOG: 'off',
      GATEWAY_LOG_LEVEL: 'debug',
      GATEWAY_LOGIN_WAIT_MS: String(loginWaitMs),
      GATEWAY_BROWSER: `${execPath} ${browser}`,
    }),
  });
  let log = '';
  transport.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const client = new Client(
    { name: 'portico-conformance', version: '1.0.0' },
    { capabilities: { elicitation: { form: { applyDefaults: true } } } },
  );
  // An empty answer: what the server proposes as defaults must come back from the host's SDK, through the gateway.
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: {} }));
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args }, undefined, { timeout: answerMs });
    if (!result.isError) return result;
    const { error } = result.structuredContent ?? {};
    const refused = new Error(error?.message ?? result.content?.[0]?.text ?? 'failed');
    throw Object.assign(refused, { code: error?.code });
  };

  return {
    log: () => log,

    async start() {
      await client.connect(transport, { timeout: answerMs });
      await client.listTools();
      await call('list_servers', {});
    },

    /** Each question waits a moment for the login that is open. */
    async logIn() {
      let state;
      do ({ state } = (await call('login_server', { server })).structuredContent);
      while (state !== 'logged_in');
    },

    /** @param {readonly string[]} [names] */
    async tools(names) {
      const args = { server, detail: 'full', ...(names && { names }) };
      return (await call('get_server_tools', args)).structuredContent.tools;
    },

    /** @param {string} tool @param {object} [args] */
    execute: async (tool, args = {}) => await call('execute_tool', { server, tool, args }),

    async close() {
      await client.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
