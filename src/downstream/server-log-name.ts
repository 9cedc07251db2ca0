// Owns what the log file of a server is called: safe on every file system, and another for every server. Pure.
import { createHash } from 'node:crypto';

/** The same on file systems that do not tell upper from lower case; nothing that hides, climbs or ends oddly. */
const plainName = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?$/;
/** Devices of Windows, with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;
/** So do the names end that are made here. */
const hashEnd = /-[0-9a-f]{16}$/;

/** The name of the file without its folder. */
export function serverLogName(server: string): string {
  if (plainName.test(server) && !deviceName.test(server) && !hashEnd.test(server)) return `${server}.log`;
  const words = server
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(server).digest('hex').slice(0, 16);
  return `${words || 'server'}-${hash}.log`;
}
