// Owns what the steps of the demo share: the stage, the terminal, the running gateway, and calling it in view.
import { describeRequest } from './request-log.mjs';

/**
 * @typedef {object} Walk what the steps share
 * @property {import('./stage.mjs').Stage} stage
 * @property {ReturnType<typeof import('./terminal.mjs').createTerminal>} terminal
 * @property {boolean} browser a human logs in
 * @property {number} loginWaitMs
 * @property {import('./gateway-process.mjs').GatewayProcess} [gateway] the one that runs now
 */

/** Shows what the servers saw since the last time. @param {Walk} walk */
export function showRequests({ stage, terminal }) {
  const seen = stage.requests.take();
  for (const request of seen) terminal.request(describeRequest(request));
  return seen;
}

/** @param {Walk} walk @param {string} name @param {object} args @param {object} [options] @returns {Promise<any>} */
export async function call({ gateway }, name, args, options) {
  if (gateway === undefined) throw new Error('no gateway is running');
  return await gateway.request('tools/call', { name, arguments: args }, options);
}

/** What a meta tool itself answers. @param {Walk} walk @param {string} name @param {object} args */
export async function ownAnswer(walk, name, args) {
  walk.terminal.sent(Object.keys(args).length === 0 ? name : `${name} ${JSON.stringify(args)}`);
  return successful(await call(walk, name, args)).structuredContent;
}

/** What a tool behind the gateway answers. @param {Walk} walk @param {object} args */
export async function toolResult(walk, args) {
  walk.terminal.sent(`execute_tool ${JSON.stringify(args)}`);
  return successful(await call(walk, 'execute_tool', args));
}

/** @param {any} result */
export function successful(result) {
  if (result.isError !== true) return result;
  const { code, message, hint } = result.structuredContent?.error ?? {};
  throw new Error(code === undefined ? JSON.stringify(result) : `${code}: ${message}${hint ? ` (${hint})` : ''}`);
}
