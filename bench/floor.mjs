// The floor: the thinnest relay that can stand where the gateway stands. Nothing is parsed. `stdio COMMAND ARG…` pipes
// bytes both ways; `http URL` makes a POST of each line, on sockets that are kept, and a line of each answer.
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';

const [, , kind, ...rest] = process.argv;
if (kind === 'stdio') relayToProcess(rest);
else relayToUrl(rest[0]);

function relayToProcess([command, ...args]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  process.stdin.pipe(child.stdin);
  child.stdout.pipe(process.stdout);
  child.on('exit', () => process.exit());
}

function relayToUrl(url) {
  const agent = new Agent({ keepAlive: true });
  let session;
  let open = Buffer.alloc(0);
  process.stdin.on('data', (chunk) => {
    open = open.length === 0 ? chunk : Buffer.concat([open, chunk]);
    let start = 0;
    for (let end = open.indexOf(10); end !== -1; end = open.indexOf(10, start)) {
      post(open.subarray(start, end));
      start = end + 1;
    }
    open = open.subarray(start);
  });
  process.stdin.on('end', () => process.exit());

  function post(body) {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': body.length,
      ...(session && { 'mcp-session-id': session }),
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      session ??= answer.headers['mcp-session-id'];
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        if (parts.length > 0) process.stdout.write(Buffer.concat([...parts, Buffer.from('\n')]));
      });
    });
    sent.end(body);
  }
}
