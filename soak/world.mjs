// Owns what the hosts of the soak share: one directory with config, rules, logins and caches, the servers on loopback, and
// what the files said at which time. Knows nothing of calls.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, env as ownEnvironment } from 'node:process';
import { fileURLToPath } from 'node:url';
import { startAuthorizationServer } from '../fixtures/http/authorization-server.mjs';
import { startProtectedServer } from '../fixtures/http/protected-server.mjs';
import { startHttpEcho } from '../fixtures/servers/http-echo.mjs';
import { startModernEcho } from '../fixtures/servers/modern-echo.mjs';

/** In the environment of every server over stdio: its name. */
export const label = 'PORTICO_SOAK_SERVER';
export const root = fileURLToPath(new URL('../', import.meta.url));
const accessTokenSeconds = 5;
/** How long the hosts may take to notice that a file has changed, and to apply it, on a busy machine. Milliseconds. */
const noticeMs = 15_000;

/** Those that come and go. */
export const extras = ['extra-1', 'extra-2', 'extra-3'];
/** What the rules let go and take back. */
export const toggledTool = { server: 'echo', tool: 'meta' };

/**
 * What the files say. `revision`: of the servers that come and go, another one is another program line.
 * @typedef {{ at: number, extras: Record<string, number>, isToggledOff: boolean, isBad: boolean }} State
 */

export async function openWorld({ program = join(root, 'dist', 'main.js') } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'portico-soak-'));
  const authorizationServer = await startAuthorizationServer({ accessTokenSeconds });
  const crm = await startProtectedServer({ authorizationServers: authorizationServer });
  const web = await startHttpEcho({ answers: 'sse' });
  const modernWeb = await startModernEcho({ answers: 'sse' });
  const files = {
    servers: join(directory, '.mcp.json'),
    rules: join(directory, 'gateway-rules.json'),
    logins: join(directory, 'logins'),
    audit: join(directory, 'logs', 'audit.jsonl'),
    figures: join(directory, 'figures'),
  };
  mkdirSync(files.figures);
  /** @type {State[]} */
  const history = [];
  const write = (state) => {
    history.push({ ...state, at: Date.now() });
    const text = JSON.stringify(
      { mcpServers: { ...baseServers({ crm, web, modernWeb }), ...extraServers(state) } },
      null,
      2,
    );
    replace(files.servers, state.isBad ? text.slice(0, text.length / 2) : text);
    replace(files.rules, JSON.stringify(rulesOf(state), null, 2));
  };
  write({ extras: {}, isToggledOff: false, isBad: false });

  return {
    directory,
    files,
    authorizationServer,
    crm,
    web,
    modernWeb,
    program,
    args: ['--expose-gc', '--import', new URL('figures-on-signal.mjs', import.meta.url).href, program],
    env: environment(directory, files),

    /** What stands in the files now. */
    get state() {
      return history.at(-1);
    },

    /** Writes the files as they were, with these changes. */
    change: (changes) => write({ ...history.at(-1), ...changes }),

    /** Everything that may have held for a gateway between two instants: it notices changes late. @returns {State[]} */
    statesBetween(from, to) {
      const isOver = (index) => (history[index + 1]?.at ?? Number.POSITIVE_INFINITY) < from - noticeMs;
      return history.filter(({ at }, index) => at <= to && !isOver(index));
    },

    /** The fixtures keep every request they saw. */
    forgetRequests() {
      for (const list of [authorizationServer.log, crm.log, web.requests, modernWeb.requests]) list.length = 0;
    },

    async closeServers() {
      await Promise.all([web, modernWeb, crm, authorizationServer].map((server) => server.close()));
    },

    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** As editors do it, so that nobody reads half a file. */
function replace(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function environment(directory, { servers, logins, audit, figures }) {
  const steering = /^(GATEWAY_|XDG_|NODE_|npm_|VITEST|DISPLAY|WAYLAND|BROWSER|SSH_)/i;
  const plain = Object.entries(ownEnvironment).filter(([name]) => !steering.test(name));
  return {
    ...Object.fromEntries(plain),
    HOME: directory,
    GATEWAY_MCP_CONFIG: servers,
    GATEWAY_TOKEN_DIR: logins,
    GATEWAY_AUDIT_LOG: audit,
    GATEWAY_LOG_LEVEL: 'info',
    GATEWAY_SHELL_PATH: 'off',
    GATEWAY_BROWSER: `${execPath} ${join(root, 'test', 'helpers', 'approving-browser.mjs')}`,
    GATEWAY_LOGIN_WAIT_MS: '30000',
    PORTICO_SOAK_FIGURES: figures,
  };
}

const fixture = (name, ...args) => ({
  command: execPath,
  args: [join(root, 'fixtures', 'servers', `${name}.mjs`), ...args],
});

/** Each of its processes says whose it is. */
const labelled = (servers) =>
  Object.fromEntries(
    Object.entries(servers).map(([name, entry]) => [
      name,
      entry.command ? { ...entry, env: { [label]: name } } : entry,
    ]),
  );

/** These stay as they are as long as the soak runs. */
function baseServers({ crm, web, modernWeb }) {
  return labelled({
    echo: fixture('echo'),
    tree: fixture('grandchildren', '2'),
    modern: fixture('modern-echo'),
    wide: { ...fixture('echo'), maxResultBytes: 32_000_000 },
    narrow: { ...fixture('echo'), maxResultBytes: 20_000 },
    sleepy: { ...fixture('echo'), idleTimeoutMs: 2000 },
    fragile: fixture('crash-on-call'),
    broken: fixture('crash-on-start'),
    absent: { command: 'portico-soak-no-such-program' },
    hidden: fixture('echo'),
    web: { url: web.url, oauth: false },
    'modern-web': { url: modernWeb.url, oauth: false },
    crm: { url: crm.url },
  });
}

function extraServers({ extras: present }) {
  const entry = ([name, revision]) => [name, fixture('echo', '--tools', String(revision))];
  return labelled(Object.fromEntries(Object.entries(present).map(entry)));
}

function rulesOf({ isToggledOff }) {
  const tools = isToggledOff ? { [toggledTool.server]: [toggledTool.tool] } : {};
  return { agents: { default: { allow: { servers: ['*'] }, deny: { servers: ['hidden'], tools } } } };
}
