// The echo server over Streamable HTTP, answering in JSON and keeping nothing. Prints {"url"}; ends with its stdin.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { echoTools } from '../../fixtures/servers/echo-tools.mjs';
import { answer } from '../../fixtures/servers/json-rpc.mjs';

const handle = echoTools();
const session = randomUUID();

const server = createServer(async (request, response) => {
  if (request.method === 'GET') return response.writeHead(405).end();
  if (request.method === 'DELETE') return response.writeHead(200).end();
  const parts = [];
  for await (const part of request) parts.push(part);
  const message = JSON.parse(Buffer.concat(parts).toString('utf8'));
  const ask = (method, params) => handle(method, params, () => undefined);
  await answer(message, ask, (given) => {
    response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': session });
    response.end(JSON.stringify(given));
  });
  if (message.id === undefined) response.writeHead(202).end();
});

process.stdin.on('end', () => process.exit());
process.stdin.resume();
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/mcp` })}\n`);
});
