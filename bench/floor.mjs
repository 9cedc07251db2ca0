// The floor: the thinnest relay that can stand where the gateway stands, in a process of its own. Nothing is parsed.
// `stdio COMMAND ARG…` pipes bytes both ways; `http URL` makes a POST of each line and a line of each answer.
import { spawn } from 'node:child_process';
import { lineSplitter, linesToUrl } from './lines.mjs';

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
  const lines = linesToUrl(url);
  const newline = Buffer.from('\n');
  lines.online = (line) => process.stdout.write(Buffer.concat([line, newline]));
  process.stdin.on('data', lineSplitter(lines.send));
  process.stdin.on('end', () => process.exit());
}
