// A host that starts the gateway as its child, begins a call that takes ten minutes, says "busy", and stays until it is
// ended. Options: the gateway's main file, then how it ends by itself when its stdin ends: `closes` (the gateway's stdin,
// and stays), `throws`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [, , mainFile, end] = process.argv;
const gateway = spawn(process.execPath, [mainFile], { stdio: ['pipe', 'pipe', 'ignore'] });
const send = (message) => gateway.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const call = (id, tool, args) =>
  send({ id, method: 'tools/call', params: { name: 'execute_tool', arguments: { server: 'tree', tool, args } } });

createInterface({ input: gateway.stdout }).on('line', (line) => {
  const { id, result } = JSON.parse(line);
  if (id !== 2) return;
  call(3, 'slow', { ms: 600_000 });
  process.stdout.write(result.isError ? `${line}\n` : 'busy\n');
});
send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } });
call(2, 'pid', {});
process.stdin.resume().on('end', () => {
  if (end === 'throws') throw new Error('the host crashed');
  gateway.stdin.end();
});
