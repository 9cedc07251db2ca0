// Owns cutting bytes into lines, and carrying lines to a process and to a URL. What a line says is nobody's business
// here: the raw client and the floor both stand on this, so neither is cheaper than the other.
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';

const newline = 10;
const stderrKept = 2000;

/** Calls `online` with each line, a Buffer without its newline. Each byte is copied at most once. */
export function lineSplitter(online) {
  let parts = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const last = chunk.subarray(start, end);
      online(parts.length === 0 ? last : Buffer.concat([...parts, last]));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  };
}

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** The bench's own environment without what would configure the gateway. */
function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GATEWAY_')));
}

/** Lines to and from a child; each is written by itself, as hosts do. `{ pid, send, online, onend, close }` */
export function linesToProcess(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...plainEnvironment(), ...env } });
  let lastWords = '';
  running.add(child);
  const lines = {
    pid: child.pid,
    online: () => undefined,
    onend: () => undefined,

    send(line) {
      child.stdin.write(`${line}\n`);
    },

    /** The end of its stdin, and 8 s later KILL. */
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(timer);
    },
  };
  child.stdin.on('error', () => undefined);
  child.stdout.on(
    'data',
    lineSplitter((line) => lines.online(line)),
  );
  child.stderr.on('data', (chunk) => {
    lastWords = (lastWords + chunk).slice(-stderrKept);
  });
  child.on('error', (error) => lines.onend(error.message));
  child.on('close', () => {
    running.delete(child);
    lines.onend(`${command} ${args[0]} ended\n${lastWords}`);
  });
  return lines;
}

/** Lines to a URL: each is a POST on a socket that is kept, each JSON answer a line. */
export function linesToUrl(url) {
  const agent = new Agent({ keepAlive: true });
  let session;
  const lines = {
    online: () => undefined,
    onend: () => undefined,

    send(line) {
      const body = typeof line === 'string' ? Buffer.from(line) : line;
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
          if (parts.length > 0) lines.online(parts.length === 1 ? parts[0] : Buffer.concat(parts));
        });
      });
      sent.on('error', (error) => lines.onend(`${url}: ${error.message}`));
      sent.end(body);
    },

    async close() {
      agent.destroy();
    },
  };
  return lines;
}
