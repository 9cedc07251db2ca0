// Owns whether files can be made in a directory: tries it, and says why not and what mends it. Knows nothing of the files.
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, constants, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { getgid, getuid } from 'node:process';
import { ensurePrivateDirectory, isThere } from './json-file.ts';

export interface DirectoryFacts {
  readonly path: string;
  /** Of the failure, such as `EACCES`; undefined: files can be made there. */
  readonly code?: string;
  /** Of this process; there are none on Windows. */
  readonly uid?: number;
  readonly gid?: number;
  /** The directory itself, or what is there of the way to it. */
  readonly nearest?: PlaceFacts;
  /** Where the file system begins that it is on. */
  readonly mountPoint?: string;
  readonly inContainer?: boolean;
}

export interface PlaceFacts {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly isDirectory: boolean;
}

export interface DirectoryFinding {
  /** Begins with the path. */
  readonly summary: string;
  /** What mends it, as a sentence. */
  readonly fix: string;
  /** To type as it is; absent: it depends on what cannot be seen from here. */
  readonly command?: string;
}

/** Writes a file and removes it. `create`: makes the directory, mode 0700; else one that is not there is no failure. */
export async function probeDirectory(directory: string, { create }: { create: boolean }): Promise<DirectoryFacts> {
  const path = resolve(directory);
  try {
    if (!create && !(await isThere(path))) return { path };
    await ensurePrivateDirectory(path);
    const probe = join(path, `.probe-${randomUUID()}`);
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
    await rm(probe, { force: true });
    return { path };
  } catch (error) {
    const found = await surroundings(path);
    const code = codeOf(error);
    // Node.js says ENOENT of a directory that cannot be made because the file system is read-only.
    const deeper = code === 'ENOENT' && found.nearest ? await whyNotWritable(found.nearest.path) : undefined;
    return { path, code: deeper ?? code, ...found };
  }
}

async function whyNotWritable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

async function surroundings(path: string): Promise<Omit<DirectoryFacts, 'path' | 'code'>> {
  const nearest = await nearestPlace(path);
  const [uid, gid] = [getuid?.(), getgid?.()];
  const mountPoint = nearest && (await mountPointOf(nearest.path));
  // What Docker and Podman put into each container.
  const marks = await Promise.all(['/.dockerenv', '/run/.containerenv'].map((mark) => look(mark)));
  return {
    ...(uid !== undefined && gid !== undefined && { uid, gid }),
    ...(nearest && { nearest }),
    ...(mountPoint !== undefined && { mountPoint }),
    inContainer: marks.some((mark) => mark !== undefined),
  };
}

async function nearestPlace(path: string): Promise<PlaceFacts | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const found = await look(at);
    if (found) {
      return { path: at, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777, isDirectory: found.isDirectory() };
    }
    if (dirname(at) === at) return undefined;
  }
}

/** The highest directory above with the same device. */
async function mountPointOf(path: string): Promise<string> {
  const device = (await look(path))?.dev;
  let at = path;
  while (dirname(at) !== at && (await look(dirname(at)))?.dev === device) at = dirname(at);
  return at;
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    // Not there, or closed to us: the next one above tells more.
    return undefined;
  }
}

/** Pure. Undefined: files can be made there. */
export function judgeDirectory(facts: DirectoryFacts, platform: NodeJS.Platform): DirectoryFinding | undefined {
  const { path, code, uid, gid, nearest, inContainer } = facts;
  if (code === undefined) return undefined;
  const who = uid === undefined ? '' : ` by uid ${uid}:${gid}`;
  const summary = (why: string): string => `${path} cannot be written${who}: ${why} (${code}${ownerOf(facts)})`;
  switch (code) {
    case 'EROFS':
      return { summary: summary('its file system is mounted read-only'), ...remount(facts) };
    case 'ENOSPC':
    case 'EDQUOT':
      return { summary: summary('there is no space left'), fix: 'Free some space.', command: `df -h ${quoted(path)}` };
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        summary: summary(`${nearest?.path ?? path} is a file`),
        fix: 'Name another directory, or move the file away.',
        ...(nearest && { command: `mv ${quoted(nearest.path)} ${quoted(`${nearest.path}.moved`)}` }),
      };
    case 'ENOENT':
      return {
        summary: summary('it is a link to what is not there'),
        fix: 'Make or mount what it leads to.',
        command: `ls -ld ${quoted(path)}`,
      };
    case 'EACCES':
    case 'EPERM':
      if (platform === 'win32') {
        const command = `icacls "${nearest?.path ?? path}" /grant "%USERNAME%:(OI)(CI)F"`;
        return { summary: summary('permission denied'), fix: 'Allow this user to write there.', command };
      }
      return { summary: summary('permission denied'), ...permit(facts, inContainer ?? false) };
    default:
      return { summary: summary('it failed'), fix: 'Name another directory, or mend this one.' };
  }
}

type Fix = Pick<DirectoryFinding, 'fix' | 'command'>;

function remount({ path, mountPoint = path, inContainer }: DirectoryFacts): Fix {
  if (!inContainer) {
    return { fix: 'Mount it writable.', command: `sudo mount -o remount,rw ${quoted(mountPoint)}` };
  }
  const fix = `Mount a directory of the host there without \`:ro\` or \`readonly\`: docker run -v HOST_DIRECTORY:${path} …`;
  return { fix };
}

function permit(facts: DirectoryFacts, inContainer: boolean): Fix {
  const { path, uid, gid, nearest } = facts;
  if (!nearest || uid === undefined) return { fix: 'Allow this user to write there.' };
  if (nearest.uid === uid) return openOwn(nearest, inContainer);
  const give = `sudo chown -R ${uid}:${gid}`;
  if (inContainer) return permitMount(facts, nearest, give);
  if (nearest.path === path) return { fix: 'Give it to this user.', command: `${give} ${quoted(path)}` };
  const command = `sudo install -d -m 700 -o ${uid} -g ${gid} ${quoted(path)}`;
  return { fix: 'Make it for this user.', command };
}

/** In a container the owner is set outside of it. */
function permitMount({ path, uid, gid, mountPoint }: DirectoryFacts, nearest: PlaceFacts, give: string): Fix {
  // What is there is the image's own, and no volume.
  if (nearest.path !== path && mountPoint !== nearest.path) {
    const fix = `Mount a directory of the host there that belongs to ${uid}:${gid}.`;
    return { fix, command: `docker run -v HOST_DIRECTORY:${path} …` };
  }
  if (nearest.uid === 0) {
    // To run as root would help as well, and is worse.
    return {
      fix: `Give what is mounted at ${nearest.path} to this user, on the host.`,
      command: `${give} HOST_DIRECTORY`,
    };
  }
  const fix = `Run as its owner, or on the host: ${give} HOST_DIRECTORY, which is what is mounted there.`;
  return { fix, command: `docker run --user ${nearest.uid}:${nearest.gid} …` };
}

function openOwn({ path, mode }: PlaceFacts, inContainer: boolean): Fix {
  if ((mode & 0o300) !== 0o300) return { fix: 'Open it to its owner.', command: `chmod u+rwx ${quoted(path)}` };
  const label = inContainer ? `; with SELinux mount it with \`:Z\`: docker run -v HOST_DIRECTORY:${path}:Z …` : '';
  return {
    fix: `Owner and mode allow it, so something else forbids it: an ACL, an attribute, SELinux or AppArmor${label}`,
    command: `ls -ldZ ${quoted(path)}`,
  };
}

function ownerOf({ path, nearest }: DirectoryFacts): string {
  if (!nearest) return '';
  const which = nearest.path === path ? '' : `${nearest.path}: `;
  return `; ${which}owner ${nearest.uid}:${nearest.gid}, mode ${nearest.mode.toString(8).padStart(4, '0')}`;
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
