// Tests of src/config/watch-files.ts, with real files and the events of this system.
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FileWatch, type WatchMode, watchFiles } from '../../src/config/watch-files.ts';
import type { Later } from '../../src/lib/later.ts';
import { recordingLog, until } from '../downstream/surroundings.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'portico-watch-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Scene {
  readonly watch: FileWatch;
  /** How often a change was told, the beginning not counted. */
  changes(): number;
  /** Looks now, as after the time between two rounds. */
  poll(): void;
}

/** Rounds of polling come only when the test says so; everything shorter takes its time. */
async function watching(mode: WatchMode, paths: readonly string[]): Promise<Scene> {
  let told = 0;
  let round: (() => void) | undefined;
  const later: Later = (work, afterMs) => {
    if (afterMs < 1000) {
      const timer = setTimeout(work, afterMs);
      return () => clearTimeout(timer);
    }
    round = work;
    return () => {
      if (round === work) round = undefined;
    };
  };
  const watch = watchFiles({ log: recordingLog().log, onChanged: () => void told++, later }, mode, paths);
  ends.push(() => watch.close());
  await until(() => told === 1 && round !== undefined);
  return { watch, changes: () => told - 1, poll: () => round?.() };
}

describe('G52: a change is noticed', () => {
  const changes: Readonly<Record<string, (file: string) => void>> = {
    'written in place': (file) => writeFileSync(file, 'other'),
    'replaced by a rename, as editors do': (file) => {
      writeFileSync(`${file}.new`, 'other');
      renameSync(`${file}.new`, file);
    },
    'moved away and written anew': (file) => {
      renameSync(file, `${file}~`);
      writeFileSync(file, 'other');
    },
    deleted: (file) => unlinkSync(file),
    'of the same size and time as before': (file) => {
      writeFileSync(`${file}.new`, 'eno');
      utimesSync(`${file}.new`, 1, 1);
      renameSync(`${file}.new`, file);
    },
  };
  it.each(Object.keys(changes))('of a file that is %s', async (what) => {
    const file = join(directory(), 'mcp.json');
    writeFileSync(file, 'one');
    utimesSync(file, 1, 1);
    const scene = await watching('auto', [file]);
    changes[what]?.(file);
    await until(() => scene.changes() === 1);
  });

  it('of a file that was not there, and of its return', async () => {
    const file = join(directory(), 'gateway-rules.json');
    const scene = await watching('auto', [file]);
    writeFileSync(file, 'one');
    await until(() => scene.changes() === 1);
    unlinkSync(file);
    await until(() => scene.changes() === 2);
    writeFileSync(file, 'one');
    await until(() => scene.changes() === 3);
  });

  it.skipIf(process.platform === 'win32')(
    'of a link that leads through a swapped one, as Kubernetes mounts do',
    async () => {
      const mount = directory();
      for (const version of ['v1', 'v2']) {
        mkdirSync(join(mount, version));
        writeFileSync(join(mount, version, 'mcp.json'), version);
      }
      symlinkSync('v1', join(mount, '..data'));
      symlinkSync(join('..data', 'mcp.json'), join(mount, 'mcp.json'));
      const scene = await watching('auto', [join(mount, 'mcp.json')]);
      symlinkSync('v2', join(mount, '..next'));
      renameSync(join(mount, '..next'), join(mount, '..data'));
      await until(() => scene.changes() === 1);
    },
  );

  it.skipIf(process.platform === 'win32')('of a file elsewhere that a link leads to', async () => {
    const [home, dotfiles] = [directory(), directory()];
    writeFileSync(join(dotfiles, 'mcp.json'), 'one');
    symlinkSync(join(dotfiles, 'mcp.json'), join(home, 'mcp.json'));
    const scene = await watching('auto', [join(home, 'mcp.json')]);
    writeFileSync(join(dotfiles, 'mcp.json'), 'other');
    await until(() => scene.changes() === 1);
  });

  it.each(['auto', 'poll'] as const)(
    'by polling (%s), where no event tells: a directory that comes later',
    async (mode) => {
      const folder = join(directory(), 'later');
      const scene = await watching(mode, [join(folder, 'mcp.json')]);
      mkdirSync(folder);
      writeFileSync(join(folder, 'mcp.json'), 'one');
      scene.poll();
      await until(() => scene.changes() === 1);
    },
  );
});

it('G52: a burst of writes is told once, and what happens to other files not at all', async () => {
  const folder = directory();
  const file = join(folder, 'mcp.json');
  writeFileSync(file, 'one');
  const scene = await watching('auto', [file]);
  for (let at = 0; at < 50; at++) writeFileSync(file, `burst ${at}`);
  await until(() => scene.changes() === 1);
  writeFileSync(join(folder, 'other.json'), 'one');
  // What is told of the second file comes after anything that could be told of the other.
  const second = join(folder, 'rules.json');
  scene.watch.use([file, second]);
  await until(() => scene.changes() === 2);
  writeFileSync(second, 'one');
  await until(() => scene.changes() === 3);
});

it('tells nothing after it was closed', async () => {
  const file = join(directory(), 'mcp.json');
  const scene = await watching('auto', [file]);
  await scene.watch.close();
  writeFileSync(file, 'one');
  scene.poll();
  await scene.watch.close();
  expect(scene.changes()).toBe(0);
});
