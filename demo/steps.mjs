// Owns the steps of the demo, one function each, in the order in which they run. Each does something real, checks what
// came of it, and shows it; the requests that it shows were read out of the servers' logs.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logIn } from './log-in.mjs';
import { isRequest } from './request-log.mjs';
import { call, ownAnswer, showRequests, toolResult } from './walk.mjs';

/** @typedef {import('./walk.mjs').Walk} Walk */

/** @type {readonly { title: string, run: (walk: Walk) => Promise<void> }[]} */
export const steps = [
  { title: 'Two servers, one config', run: showStage },
  { title: 'A host starts the gateway', run: startGateway },
  { title: 'list_servers: what is there?', run: listServers },
  { title: 'get_server_tools: what can it do?', run: getTools },
  { title: 'execute_tool on the local server', run: callEverything },
  { title: 'execute_tool on the protected server, which answers 401', run: callProtected },
  { title: 'The rules hold for calls too', run: callDenied },
  { title: 'What a login leaves on disk', run: showLogin },
  { title: 'The gateway starts again, and calls without a login', run: restart },
  { title: 'The access token runs out, and is refreshed', run: refresh },
  { title: 'The host goes, and everything ends', run: end },
];

/** @param {Walk} walk */
async function showStage({ stage, terminal }) {
  const { authorizationServer, protectedServer, servers } = stage;
  terminal.say(
    `protected      ${protectedServer.url}, an MCP server that wants a token`,
    `authorization  ${authorizationServer.issuer}, issues tokens that live ${authorizationServer.settings.accessTokenSeconds} s`,
    'The config (.mcp.json) says nothing about OAuth:',
  );
  for (const [name, entry] of Object.entries(servers.mcpServers)) terminal.quote(`"${name}": ${JSON.stringify(entry)}`);
}

/** @param {Walk} walk */
async function startGateway(walk) {
  const { stage, terminal } = walk;
  terminal.say('node dist/main.js serve --config .mcp.json --token-dir logins');
  const startedAt = performance.now();
  const gateway = stage.startGateway();
  walk.gateway = gateway;
  terminal.sent('initialize');
  const { serverInfo, protocolVersion } = await gateway.request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'portico-demo', version: '1.0.0' },
  });
  const tookMs = Math.round(performance.now() - startedAt);
  gateway.notify('notifications/initialized');
  terminal.received(`${serverInfo.name} ${serverInfo.version}, MCP ${protocolVersion}, ${tookMs} ms after the start`);
  terminal.sent('tools/list');
  const { tools } = await gateway.request('tools/list');
  const names = tools.map((/** @type {any} */ { name }) => name).join(', ');
  terminal.received(`${names}: these ${tools.length}, however many servers there are`);
}

/** @param {Walk} walk */
async function listServers(walk) {
  const { servers } = await ownAnswer(walk, 'list_servers', {});
  for (const { name, state, description } of servers) {
    walk.terminal.received(`${name.padEnd(12)}${state.padEnd(12)}${description}`);
  }
  check(servers.length === 2, `two servers expected, ${servers.length} listed`);
}

/** @param {Walk} walk */
async function getTools(walk) {
  const { terminal } = walk;
  const answer = await ownAnswer(walk, 'get_server_tools', { server: 'everything' });
  const { tools, total_available: total, detail, tokens_used: tokens } = answer;
  terminal.received(`${total} tools, detail "${detail}", about ${tokens} tokens. The first three:`);
  for (const { name, description } of tools.slice(0, 3)) terminal.quote(`${name.padEnd(24)}${description}`);
}

/** @param {Walk} walk */
async function callEverything(walk) {
  const args = { server: 'everything', tool: 'echo', args: { message: 'hello through the gateway' } };
  const result = await toolResult(walk, args);
  walk.terminal.received(JSON.stringify(result));
  walk.terminal.say('This is the answer of the server, unchanged.');
}

/** @param {Walk} walk */
async function callProtected(walk) {
  const { stage, terminal } = walk;
  const { structuredContent } = await logIn(walk, { server: 'notes', tool: 'whoami' });
  check(
    structuredContent?.subject === 'alice',
    `the server did not say who called: ${JSON.stringify(structuredContent)}`,
  );
  const { counts } = stage.authorizationServer;
  check(counts.registrations === 1 && counts.codeExchanges === 1, `one login expected: ${JSON.stringify(counts)}`);
  terminal.received(`called as ${structuredContent.subject}, with the scope "${structuredContent.scope}"`);
}

/** @param {Walk} walk */
async function callDenied(walk) {
  const { stage, terminal } = walk;
  terminal.say('gateway-rules.json:');
  terminal.quote(JSON.stringify(stage.rules));
  const denied = { server: 'notes', tool: 'admin' };
  terminal.sent(`execute_tool ${JSON.stringify(denied)}`);
  const { isError, structuredContent } = await call(walk, 'execute_tool', denied);
  const { code, message } = structuredContent?.error ?? {};
  check(
    isError === true && code === 'DENIED_BY_POLICY',
    `the call was not denied: ${JSON.stringify(structuredContent)}`,
  );
  terminal.received(`${code}: ${message}`, 'yellow');
  check(showRequests(walk).length === 0, 'a denied call reached a server');
}

/** @param {Walk} walk */
async function showLogin({ stage, terminal }) {
  const { path, login } = await readLogin(stage);
  const [file, directory] = await Promise.all([stat(path), stat(stage.files.logins)]);
  terminal.say(
    `logins/ (mode ${mode(directory)}) holds ${path.slice(stage.files.logins.length + 1)} (mode ${mode(file)}):`,
  );
  for (const [name, value] of Object.entries(login)) terminal.quote(`${name.padEnd(21)}${outline(value)}`);
  terminal.say('All that a refresh needs is in this one file: it can be copied to a machine without a browser.');
  // Windows has no such modes.
  if (process.platform !== 'win32') check(mode(file) === '600' && mode(directory) === '700', 'the modes are too open');
}

/** @param {Walk} walk */
async function restart(walk) {
  const { stage, terminal } = walk;
  await stopGateway(walk);
  const loginsBefore = stage.authorizationServer.counts.authorizations;
  showRequests(walk);
  await startGateway(walk);
  const { structuredContent } = await toolResult(walk, { server: 'notes', tool: 'whoami' });
  const seen = showRequests(walk);
  terminal.received(`called as ${structuredContent.subject}`);
  check(stage.authorizationServer.counts.authorizations === loginsBefore, 'the gateway logged in again');
  check(!seen.some((request) => isRequest(request, 'register')), 'the gateway registered again');
  terminal.say('No registration, no login page.');
}

/** @param {Walk} walk */
async function refresh(walk) {
  const { stage, terminal } = walk;
  const { login } = await readLogin(stage);
  const { issued_at: issuedAt, expires_at: expiresAt } = login.tokens;
  // The rule of docs/logins.md: less than a quarter of the lifetime is left (and for long lifetimes less than 60 s).
  const dueAt = expiresAt * 1000 - Math.min(60_000, ((expiresAt - issuedAt) * 1000) / 4);
  const waitMs = Math.max(0, dueAt - Date.now() + 100);
  terminal.say(
    `Waiting ${(waitMs / 1000).toFixed(1)} s, until less than a quarter of the token's lifetime is left ...`,
  );
  await sleep(waitMs);
  const { structuredContent } = await toolResult(walk, { server: 'notes', tool: 'whoami' });
  const seen = showRequests(walk);
  terminal.received(`called as ${structuredContent.subject}`);
  check(
    seen.some((request) => isRequest(request, 'refresh')),
    'the authorization server saw no refresh',
  );
  check(!seen.some(({ entry }) => entry.status === 401), 'the token had run out before it was refreshed');
  const { login: after } = await readLogin(stage);
  check(after.tokens.refresh_token !== login.tokens.refresh_token, 'the new refresh token was not saved');
  terminal.say('The server never had to answer 401, and the new tokens are in the file.');
}

/** @param {Walk} walk */
async function end(walk) {
  const { stage, terminal } = walk;
  await stopGateway(walk);
  showRequests(walk);
  const audit = (await readFile(stage.files.audit, 'utf8')).trim().split('\n');
  const { operation, server, tool, decision, latency_ms, result_bytes } = JSON.parse(audit.at(-1) ?? '{}');
  terminal.say(`audit.jsonl has ${audit.length} lines, one for each call; out of the last one:`);
  terminal.quote(JSON.stringify({ operation, server, tool, decision, latency_ms, result_bytes }));
  const { secrets } = stage.authorizationServer;
  const places = stage.output() + audit.join('\n');
  check(
    !secrets.some((secret) => places.includes(secret)),
    'a token was written to the output, the log or the audit log',
  );
  terminal.say(
    `${secrets.length} codes and tokens were issued; none of them is in the output, the log or the audit log.`,
  );
}

/** @param {boolean} holds @param {string} otherwise */
function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** @param {Walk} walk */
async function stopGateway(walk) {
  const code = await walk.gateway?.stop();
  walk.terminal.say(`The host closes stdin; the gateway ends with exit code ${code}.`);
  check(code === 0, `exit code ${code}`);
}

/** @param {Walk['stage']} stage */
async function readLogin({ files }) {
  const names = await readdir(files.logins);
  const name = names.find((each) => each.endsWith('.json') && !each.endsWith('.login.json'));
  if (name === undefined) throw new Error(`no login file in ${files.logins}: ${names.join(' ')}`);
  const path = join(files.logins, name);
  return { path, login: JSON.parse(await readFile(path, 'utf8')) };
}

/** @param {import('node:fs').Stats} file */
function mode(file) {
  return (file.mode & 0o777).toString(8);
}

/** Names where there may be secrets, values where there are none. @param {unknown} value */
function outline(value) {
  return typeof value === 'object' && value !== null ? `{ ${Object.keys(value).join(', ')} }` : String(value);
}
