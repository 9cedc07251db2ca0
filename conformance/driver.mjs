// Owns what the suite runs as "the client": the gateway on the scenario's URL, and the scenario's steps. Its last
// argument is the URL; it prints what happened as one JSON document. Exit code: 0 when every step passed, else 1.
import { argv, env, exit, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { openGateway } from './gateway-host.mjs';
import { serverEntry } from './server-entry.mjs';
import { stepsOf } from './steps.mjs';

/** The suite gives up after 30 s and would leave the gateway behind. Milliseconds. */
const limitMs = 25_000;

const scenario = env['MCP_CONFORMANCE_SCENARIO'] ?? '';
const revision = env['MCP_CONFORMANCE_PROTOCOL_VERSION'] ?? '';
const context = JSON.parse(env['MCP_CONFORMANCE_CONTEXT'] ?? '{}');
const gateway = env['PORTICO_CONFORMANCE_GATEWAY'] ?? fileURLToPath(new URL('../dist/main.js', import.meta.url));

const over = new Promise((_, reject) => {
  setTimeout(() => reject(new Error(`not done after ${limitMs / 1000} s`)), limitMs).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => reject(new Error(signal)));
});
over.catch(() => undefined);

const entry = serverEntry({ scenario, revision, url: argv.at(-1) ?? '', context });
const host = await openGateway({ gateway, entry });
let failure;
try {
  await Promise.race([host.start().then(() => stepsOf(scenario)(host, context)), over]);
} catch (error) {
  failure = { code: error.code, message: error.message };
} finally {
  await host.close();
}
stdout.write(`${JSON.stringify({ error: failure, log: host.log() })}\n`, () => exit(failure === undefined ? 0 : 1));
