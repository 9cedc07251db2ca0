// Owns what the demo needs around the gateway: two servers on loopback, files in a temporary directory, and the end of
// all of it. Knows nothing of the steps.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAuthorizationServer } from '../fixtures/http/authorization-server.mjs';
import { startProtectedServer } from '../fixtures/http/protected-server.mjs';
import { GatewayProcess } from './gateway-process.mjs';
import { RequestLog } from './request-log.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const everything = join(root, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');

/** So short that a refresh can be watched. */
const accessTokenSeconds = 8;

/**
 * @typedef {object} StageOptions
 * @property {string} program Node.js
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {boolean} browser a human logs in
 * @property {number} loginWaitMs
 */

/** @param {StageOptions} options */
export async function openStage({ program, env, browser, loginWaitMs }) {
  const directory = await mkdtemp(join(tmpdir(), 'portico-demo-'));
  const authorizationServer = await startAuthorizationServer({ accessTokenSeconds });
  const protectedServer = await startProtectedServer({ authorizationServers: authorizationServer });
  const requests = new RequestLog();
  requests.follow('authorization', authorizationServer.log);
  requests.follow('protected', protectedServer.log);

  const servers = {
    mcpServers: {
      everything: { command: program, args: [everything, 'stdio'], description: 'A program on this machine' },
      notes: { url: protectedServer.url, description: 'Behind a login' },
    },
  };
  const rules = { agents: { default: { allow: { servers: ['*'] }, deny: { tools: { notes: ['admin'] } } } } };
  const files = {
    servers: join(directory, '.mcp.json'),
    rules: join(directory, 'gateway-rules.json'),
    logins: join(directory, 'logins'),
    audit: join(directory, 'audit.jsonl'),
  };
  await writeFile(files.servers, JSON.stringify(servers, null, 2));
  await writeFile(files.rules, JSON.stringify(rules, null, 2));

  /** @type {Set<GatewayProcess>} */
  const gateways = new Set();
  return {
    authorizationServer,
    protectedServer,
    requests,
    files,
    servers,
    rules,
    args: ['dist/main.js', 'serve', '--config', files.servers, '--token-dir', files.logins],

    startGateway() {
      const gateway = new GatewayProcess({
        program,
        args: [join(root, 'dist', 'main.js'), ...this.args.slice(1)],
        cwd: directory,
        env: {
          ...withoutGatewaySettings(env),
          GATEWAY_AUDIT_LOG: files.audit,
          GATEWAY_LOG_LEVEL: 'warn',
          GATEWAY_LOGIN_WAIT_MS: String(loginWaitMs),
          ...(browser ? {} : { GATEWAY_BROWSER: 'none' }),
        },
      });
      gateways.add(gateway);
      return gateway;
    },

    /** What all gateways wrote so far, on both streams. */
    output: () => [...gateways].map(({ stdout, stderr }) => stdout + stderr).join(''),

    /** What they logged, for a failure. */
    log: () => [...gateways].map(({ stderr }) => stderr).join(''),

    async close() {
      await Promise.allSettled([...gateways].map((gateway) => gateway.stop()));
      await Promise.allSettled([protectedServer.close(), authorizationServer.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openStage>>} Stage */

/** The settings of whoever runs the demo must not change what it shows. @param {StageOptions['env']} env */
function withoutGatewaySettings(env) {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GATEWAY_') || name === 'GATEWAY_BROWSER');
  return Object.fromEntries(kept);
}
