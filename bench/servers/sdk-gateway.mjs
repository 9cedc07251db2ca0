// The plainest gateway with the official SDK on both sides: one server behind one `execute_tool`. No rules, no audit
// log, no logins: what the SDK alone costs. Argument: the server's program.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';

const [, , program] = process.argv;
const client = new Client({ name: 'sdk-gateway', version: '1.0.0' });
const connected = client.connect(
  new StdioClientTransport({ command: process.execPath, args: [program], stderr: 'ignore' }),
);
const server = new Server({ name: 'sdk-gateway', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/list', () => ({
  tools: [{ name: 'execute_tool', inputSchema: { type: 'object' } }],
}));
server.setRequestHandler('tools/call', async ({ params }) => {
  await connected;
  const { tool, args } = params.arguments;
  return await client.callTool({ name: tool, arguments: args });
});
process.stdin.on('end', () => void client.close().then(() => process.exit()));
await server.connect(new StdioServerTransport());
