// Owns a program that runs as it would in a container of the image, without an engine: a root of its own that is read-only
// but for a fresh /tmp, other user, no capabilities, config and volume mounted. Linux, as root.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { copyProductionTree } from '../../scripts/production-tree.mjs';
import { type ImageConfig, imageConfig, parseDockerfile } from './dockerfile.ts';
import { root } from './programs.ts';

/**
 * Mounts live and die with the namespace. The system's programs are there, and of /usr/local what the image has alone.
 * $1 root, $2 Portico, $3 /usr/local/bin, $4 Node.js, $5 config, $6 volume, $7 its mode, $8 user, $9 group, then: folder,
 * program.
 */
const enter = `
set -e
at=$1; portico=$2; bin=$3; node=$4; config=$5; volume=$6; mode=$7; user=$8; group=$9; shift 9
mount -t tmpfs -o mode=0755 none "$at"
bind() { mkdir -p "$at$2"; mount --bind "$1" "$at$2"; mount -o "remount,bind,$3" "$at$2"; }
for top in /bin /sbin /lib /lib64; do
  if [ -L "$top" ]; then cp -P "$top" "$at$top"; elif [ -d "$top" ]; then bind "$top" "$top" ro; fi
done
for each in /usr/*; do [ "$each" = /usr/local ] || [ ! -d "$each" ] || bind "$each" "$each" ro; done
bind /etc /etc ro
bind /dev /dev rw
bind /proc /proc rw
bind "$portico" /opt/portico ro
bind "$bin" /usr/local/bin ro
bind "$config" /config ro
bind "$volume" /data "$mode"
mkdir -p "$at/tmp" "$at/usr/local/node"
touch "$at/.dockerenv" "$at/usr/local/node/node"
mount --bind "$node" "$at/usr/local/node/node"
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev none "$at/tmp"
mount -o remount,ro "$at"
exec chroot "$at" setpriv --reuid "$user" --regid "$group" --clear-groups --inh-caps=-all --bounding-set=-all \\
  --no-new-privs sh -c 'cd "$0" && exec "$@"' "$@"
`;

/** util-linux. */
const newNamespace = 'unshare';
const privateMounts = ['-m', '--propagation', 'private'];

/** Why there can be none here. */
export const noContainer: string | undefined = reason();

function reason(): string | undefined {
  if (process.platform !== 'linux') return 'containers are imitated on Linux only';
  if (process.getuid?.() !== 0) return 'another user can only be had by root';
  const tried = spawnSync(
    newNamespace,
    [...privateMounts, 'sh', '-c', 'mount -t tmpfs none /mnt && setpriv --version'],
    {
      stdio: 'ignore',
    },
  );
  return tried.status === 0 ? undefined : 'namespaces of mounts cannot be made here (unshare -m, setpriv)';
}

export interface ContainerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The files of the image, put where the Dockerfile puts them. */
export class ContainerImage {
  readonly directory = mkdtempSync(join(tmpdir(), 'portico-image-'));
  readonly config: ImageConfig = imageConfig(parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')));

  constructor() {
    for (const name of ['root', 'portico', 'bin']) mkdirSync(join(this.directory, name));
    copyProductionTree(root, join(this.directory, 'portico'));
    symlinkSync('/opt/portico/dist/main.js', join(this.directory, 'bin', 'portico'));
    symlinkSync('/usr/local/node/node', join(this.directory, 'bin', 'node'));
  }

  /** As `docker run --read-only --tmpfs /tmp -v config:/config:ro -v volume:/data[:ro] image WORDS`. */
  run(
    mounts: { readonly config: string; readonly volume: string; readonly isVolumeReadOnly?: boolean },
    words: readonly string[] = this.config.cmd,
  ): ContainerCommand {
    return this.exec(mounts, [...this.config.entrypoint, ...words]);
  }

  /** Another program, as `docker exec`. */
  exec(
    { config, volume, isVolumeReadOnly = false }: Parameters<ContainerImage['run']>[0],
    program: readonly string[],
  ): ContainerCommand {
    const at = (name: string): string => join(this.directory, name);
    const [user = '', group = ''] = this.config.user.split(':');
    const places = [at('root'), at('portico'), at('bin'), execPath, config, volume, isVolumeReadOnly ? 'ro' : 'rw'];
    return {
      command: newNamespace,
      args: [...privateMounts, 'sh', '-c', enter, 'enter', ...places, user, group, this.config.workdir, ...program],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...this.config.env },
    };
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
