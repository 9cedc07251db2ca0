// Tests of src/downstream/windows-tree.ts and windows-processes.ts: the system is a list of processes here.
import fc, { array, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  livingMembers,
  oneAtATime,
  type ProcessRow,
  parseProcessList,
  taskkillArguments,
} from '../../src/downstream/windows-processes.ts';
import { WindowsTree } from '../../src/downstream/windows-tree.ts';

const row = (pid: number, parent: number, startedAt: number): ProcessRow => ({ pid, parent, startedAt });
const pidsOf = (rows: readonly { pid: number }[]): number[] => rows.map(({ pid }) => pid).sort((a, b) => a - b);

describe('E41: which processes belong to a child on Windows', () => {
  const root = { pid: 10, startedAt: 100 };
  it.each([
    ['the child, its children and theirs', [row(10, 1, 100), row(11, 10, 110), row(12, 11, 120)], [10, 11, 12]],
    ['nobody else', [row(10, 1, 100), row(20, 1, 110), row(21, 20, 120)], [10]],
    ['children whose parent is gone', [row(11, 10, 110), row(12, 11, 120)], [11, 12]],
    ['no older process with a number as its parent that was given again', [row(10, 1, 100), row(5, 10, 50)], [10]],
    ['nobody of another process that has the number by now', [row(10, 1, 200), row(11, 10, 210)], []],
    ['those of the child, who are older than that process', [row(10, 1, 200), row(11, 10, 110)], [11]],
    ['each once, were the parents a circle', [row(10, 11, 100), row(11, 10, 100)], [10, 11]],
  ])('%s', (_, rows, members) => {
    expect(pidsOf(livingMembers(rows, [root]))).toEqual(members);
  });

  it('knows those that were seen before, though who started them is gone', () => {
    const before = livingMembers([row(10, 1, 100), row(11, 10, 110), row(12, 11, 120)], [root]);
    expect(pidsOf(livingMembers([row(12, 11, 120), row(13, 12, 130)], [root, ...before]))).toEqual([12, 13]);
    expect(pidsOf(livingMembers([row(12, 1, 500)], [root, ...before]))).toEqual([]);
  });

  it('never counts a process that was started before the child', () => {
    const rows = array(
      record({
        pid: integer({ min: 1, max: 9 }),
        parent: integer({ min: 0, max: 9 }),
        startedAt: integer({ min: 0, max: 200 }),
      }),
    );
    fc.assert(
      property(rows, constantFrom(1, 5), (list, pid) => {
        const members = livingMembers(list, [{ pid, startedAt: 100 }]);
        expect(members.filter(({ startedAt }) => startedAt < 100)).toEqual([]);
        expect(new Set(pidsOf(members)).size).toBe(members.length);
      }),
      { numRuns: 200 },
    );
  });

  it('is read from a list of numbers, whatever else is printed', () => {
    expect(parseProcessList('Hinweis\r\n4 0 1700000000000\r\n 88 4 1700000000001 \r\n')).toEqual([
      row(4, 0, 1_700_000_000_000),
      row(88, 4, 1_700_000_000_001),
    ]);
    expect(parseProcessList('Access denied')).toBeUndefined();
  });
});

/** A child that runs until its input is closed or it is killed, among the processes of a system. */
function scene(
  rows: ProcessRow[],
  { endsBy = 'input', tells = true }: { endsBy?: 'input' | 'force'; tells?: boolean } = {},
) {
  const events: string[] = [];
  let processes = rows;
  const end = (...pids: number[]) => {
    processes = processes.filter(({ pid }) => !pids.includes(pid));
  };
  const isRunning = (): boolean => processes.some(({ pid, startedAt }) => pid === 10 && startedAt === 100);
  const kill = (pids: readonly number[]): void => {
    events.push(taskkillArguments(pids).join(' '));
    end(...pids);
  };
  const system = {
    list: async () => {
      events.push('list');
      return tells ? processes : undefined;
    },
    kill: async (pids: readonly number[]) => kill(pids),
    killNow: kill,
  };
  const tree = new WindowsTree(
    { pid: 10, isRunning },
    { system, startedAt: 90, limits: { graceMs: endsBy === 'input' ? 5000 : 30, killedMs: 5000 } },
  );
  const closeInput = (): void => {
    events.push('close input');
    if (endsBy === 'input') end(10);
  };
  return { tree, events, closeInput, end, left: () => pidsOf(processes) };
}

describe('E41: the end of a process tree on Windows', () => {
  const strangers = [row(1, 0, 1), row(30, 1, 95)];

  it('is the end of its input, for a server without children', async () => {
    const { tree, events, closeInput, left } = scene([...strangers, row(10, 1, 100)]);
    await tree.end(closeInput);
    expect(events).toEqual(['list', 'close input']);
    expect(left()).toEqual([1, 30]);
  });

  it('ends what a wrapper leaves behind, found by who was its parent before the wrapper ended', async () => {
    const { tree, events, closeInput, end, left } = scene([
      ...strangers,
      row(10, 1, 100),
      row(11, 10, 110),
      row(12, 11, 120),
    ]);
    await tree.end(() => {
      closeInput();
      end(11);
    });
    expect(events).toEqual(['list', 'close input', 'list', '/F /T /PID 12']);
    expect(left()).toEqual([1, 30]);
  });

  it('ends a child that ignores the end of its input, and all of its tree', async () => {
    const { tree, events, closeInput, left } = scene([...strangers, row(10, 1, 100), row(11, 10, 110)], {
      endsBy: 'force',
    });
    await tree.end(closeInput);
    expect(events).toEqual(['list', 'close input', 'list', '/F /T /PID 10 /PID 11']);
    expect(left()).toEqual([1, 30]);
  });

  it('ends what a crashed child has left, and nothing of a process that has its number now', async () => {
    const { tree, left } = scene([...strangers, row(11, 10, 110), row(10, 1, 400), row(40, 10, 410)]);
    await tree.end(() => undefined);
    expect(left()).toEqual([1, 10, 30, 40]);
  });

  it('leaves the walk to the system where that does not tell who belongs', async () => {
    const { tree, events, closeInput } = scene([row(10, 1, 100), row(11, 10, 110)], { endsBy: 'force', tells: false });
    await tree.end(closeInput);
    expect(events).toEqual(['list', 'close input', 'list', '/F /T /PID 10']);
  });

  it('can be had at once', async () => {
    const { tree, events, closeInput, left } = scene([...strangers, row(10, 1, 100)], { endsBy: 'force' });
    tree.killNow();
    tree.killNow();
    await tree.end(closeInput);
    expect(events).toEqual(['/F /T /PID 10', 'close input']);
    expect(left()).toEqual([1, 30]);
  });
});

describe('the list of processes', () => {
  it('is asked for once by all who wait for the next one, and never answered with an older one', async () => {
    const answers: ((value: string) => void)[] = [];
    const list = oneAtATime(() => new Promise<string>((resolve) => answers.push(resolve)));
    const first = list();
    const others = [list(), list()];
    expect(answers).toHaveLength(1);
    answers[0]?.('old');
    expect(await first).toBe('old');
    await Promise.resolve();
    expect(answers).toHaveLength(2);
    answers[1]?.('new');
    expect(await Promise.all(others)).toEqual(['new', 'new']);
    const last = list();
    answers[2]?.('newest');
    expect(await last).toBe('newest');
  });
});
