// Owns `~` at the beginning of a path: hosts hand paths of their config down without a shell that would fill it in.
// Knows nothing of what the paths lead to.
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** `~` and `~/x` become the home directory and what is in it; `~name` and everything else stay as they are. */
export function expandHome(path: string, env: Environment, platform: NodeJS.Platform = process.platform): string {
  const [, rest] = (platform === 'win32' ? /^~(?:[/\\](.*))?$/su : /^~(?:\/(.*))?$/su).exec(path) ?? [];
  if (rest === undefined && path !== '~') return path;
  const home = env[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || homedir();
  return rest ? join(home, rest) : home;
}
