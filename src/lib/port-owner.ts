// Owns the answer to "which process listens on this port of this machine", as far as the system tells; guesses nothing.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { platform } from 'node:process';
import { promisify } from 'node:util';

/** How long another program may take to say it. Milliseconds. */
const limitMs = 2000;

/** The process id; undefined where it cannot be known: another user's process, or one of another container. */
export async function portOwner(port: number): Promise<number | undefined> {
  try {
    if (platform === 'linux') return await ownerByProc(port);
    if (platform === 'win32') return ownerInNetstat(await run('netstat', ['-ano', '-p', 'TCP']), port);
    return firstNumber(await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']));
  } catch {
    // It only makes an error message better.
    return undefined;
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: limitMs, windowsHide: true });
  return stdout;
}

/** proc(5): the tables name the sockets that listen, and each process its open sockets. */
async function ownerByProc(port: number): Promise<number | undefined> {
  const tables = await Promise.allSettled(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  const sockets = new Set(
    tables.flatMap((table) => (table.status === 'fulfilled' ? listeningSockets(table.value, port) : [])),
  );
  if (sockets.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const directory = `/proc/${pid}/fd`;
    // Processes of other users do not show theirs.
    const files = await readdir(directory).catch(() => []);
    const links = await Promise.all(files.map((file) => readlink(`${directory}/${file}`).catch(() => '')));
    if (links.some((link) => sockets.has(link))) return Number(pid);
  }
  return undefined;
}

/** Pure: the links of the sockets that listen on that port, as `/proc/PID/fd` shows them. */
export function listeningSockets(table: string, port: number): string[] {
  const listening = '0A';
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const isOurs = columns[1]?.endsWith(`:${hexPort}`) === true && columns[3] === listening;
    return isOurs && columns[9] !== undefined ? [`socket:[${columns[9]}]`] : [];
  });
}

/** Pure: the last column of the line of that port. The word for "listening" is in the system's language. */
export function ownerInNetstat(text: string, port: number): number | undefined {
  for (const line of text.split('\n')) {
    const [protocol, local, remote, ...rest] = line.trim().split(/\s+/);
    const listens = remote?.endsWith(':0') === true;
    if (protocol === 'TCP' && local?.endsWith(`:${port}`) === true && listens) return firstNumber(rest.at(-1) ?? '');
  }
  return undefined;
}

function firstNumber(text: string): number | undefined {
  const found = /\d+/.exec(text)?.[0];
  return found === undefined ? undefined : Number(found);
}
