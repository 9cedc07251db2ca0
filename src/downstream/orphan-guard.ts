// Owns the end of process groups whose gateway was killed before it could end them. A closed stdin ends most servers;
// the others are ended by a small shell that outlives the gateway: its own stdin ends with the gateway too. POSIX only:
// on Windows, and in images without /bin/sh, servers that ignore the end of their stdin stay.
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { LogPort } from '../lib/log-port.ts';

/** Reads `add GROUP` and `del GROUP`; at the end of its input it ends the groups left, as gently as there is time for. */
const script = `
groups=
while read -r verb group; do
  rest=
  for each in $groups; do [ "$each" = "$group" ] || rest="$rest $each"; done
  groups=$rest
  [ "$verb" = add ] && groups="$groups $group"
done
[ -n "$groups" ] || exit 0
sleep 1
for each in $groups; do kill -s TERM -- "-$each" 2>/dev/null; done
sleep 2
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
`;

export interface OrphanGuard {
  watch(group: number): void;
  forget(group: number): void;
  /** Groups that are still watched are ended. */
  close(): void;
}

export function createOrphanGuard(deps: {
  readonly log: LogPort;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}): OrphanGuard {
  let shell: ChildProcess | undefined;
  const start = (): ChildProcess => {
    // Its own session: what the terminal or the host sends to the gateway's group must not reach it.
    const started = spawn('/bin/sh', ['-c', script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: deps.env['PATH'] ?? '/usr/bin:/bin' },
    });
    const failed = (err: Error): void => deps.log.debug({ err }, 'no guard against orphaned servers');
    started.on('error', failed);
    started.stdin?.on('error', failed);
    started.unref();
    // A pipe of a child is a socket, which would keep the gateway running.
    if (started.stdin instanceof Socket) started.stdin.unref();
    return started;
  };
  return {
    watch(group) {
      if (deps.platform === 'win32') return;
      shell ??= start();
      shell.stdin?.write(`add ${group}\n`);
    },
    forget(group) {
      shell?.stdin?.write(`del ${group}\n`);
    },
    close() {
      shell?.stdin?.end();
      shell = undefined;
    },
  };
}
