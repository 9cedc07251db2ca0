// Owns what a host asks of the gateway in each scenario, in meta tools; knows nothing of logins and of how the suite judges.

/**
 * @typedef {object} Host
 * @property {() => Promise<void>} logIn asks login_server until it says that the login is there
 * @property {(names?: readonly string[]) => Promise<readonly Tool[]>} tools what get_server_tools says of the scenario's server
 * @property {(tool: string, args?: object) => Promise<any>} execute what execute_tool answers; throws where it is an error
 */
/** @typedef {{ readonly name: string, readonly inputSchema?: object }} Tool */

/** @param {Host} host */
async function listAndCall(host) {
  await host.tools();
  await host.execute('test-tool');
}

/** @param {Host} host */
async function list(host) {
  await host.tools();
}

/** @param {Host} host */
async function addTwoNumbers(host) {
  const [tool] = await host.tools();
  if (tool !== undefined) await host.execute(tool.name, { a: 2, b: 3 });
}

/** @param {Host} host */
async function callEach(host) {
  for (const { name } of await host.tools()) await host.execute(name);
}

/** @type {Readonly<Record<string, (host: Host, context: any) => Promise<void>>>} */
const steps = {
  initialize: addTwoNumbers,
  tools_call: addTwoNumbers,
  'request-metadata': list,
  'json-schema-ref-no-deref': list,
  'http-standard-headers': callEach,
  // What must not be called must not be listed.
  'http-invalid-tool-headers': callEach,

  async 'http-custom-headers'(host, { toolCalls }) {
    await host.tools();
    for (const call of toolCalls) await host.execute(call.name, call.arguments);
  },

  async 'sep-2322-client-request-state'(host) {
    await host.tools();
    const inOrder = ['echo_state', 'unrelated', 'no_state', 'no_result_type'];
    for (const name of inOrder) await host.execute(`test_mrtr_${name}`);
  },

  async 'elicitation-sep1034-client-defaults'(host) {
    await host.tools();
    await host.execute('test_client_elicitation_defaults');
  },

  // The server moves to another authorization server after the first request with a token. A call opens the conversation
  // and goes on in it, so the move would come in its middle; after a login of its own it comes between two operations.
  async 'auth/authorization-server-migration'(host) {
    await host.logIn();
    await listAndCall(host);
  },

  async 'sse-retry'(host) {
    await host.execute('test_reconnection');
  },

  async 'json-schema-2020-12-preservation'(host) {
    const name = 'json_schema_2020_12_tool';
    const [tool] = await host.tools([name]);
    if (tool === undefined) throw new Error(`get_server_tools does not show ${name}`);
    await host.execute('json_schema_echo', { schema: tool.inputSchema });
  },
};

/** @param {string} scenario */
export function stepsOf(scenario) {
  const own = steps[scenario];
  if (own !== undefined) return own;
  if (scenario.startsWith('auth/')) return listAndCall;
  throw new Error(`steps.mjs says nothing about ${scenario}`);
}
