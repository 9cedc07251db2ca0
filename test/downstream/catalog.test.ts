// Tests of src/downstream/catalog.ts and tool-pages.ts.
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../src/downstream/catalog.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { stdioEntry, testDeps } from './surroundings.ts';

function catalog() {
  let time = 0;
  let lists = 0;
  const waiting: (() => void)[] = [];
  const made = createCatalog({
    listTools: async () => {
      lists++;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return [{ name: `tool_${lists}` }];
    },
    now: () => time,
  });
  const release = () => waiting.splice(0).forEach((resolve) => void resolve());
  const listed = async () => {
    const tools = made.tools();
    release();
    return (await tools)[0]?.name;
  };
  return { made, release, listed, lists: () => lists, pass: (ms: number) => (time += ms) };
}

describe('the catalog of a server', () => {
  it('asks once, however many want to know', async () => {
    const { made, release, lists } = catalog();
    const all = [made.tools(), made.tools(), made.find('tool_1')];
    release();
    await Promise.all(all);
    await made.tools();
    expect(lists()).toBe(1);
  });

  it('asks again after 5 minutes, and after a change', async () => {
    const { made, listed, pass } = catalog();
    expect(await listed()).toBe('tool_1');
    pass(5 * 60_000 - 1);
    expect(await listed()).toBe('tool_1');
    pass(1);
    expect(await listed()).toBe('tool_2');
    made.invalidate();
    expect(await listed()).toBe('tool_3');
  });

  it('asks again after a change that was announced while the list was on its way', async () => {
    const { made, release, listed } = catalog();
    const first = made.tools();
    made.invalidate();
    release();
    await first;
    expect(await listed()).toBe('tool_2');
  });

  it('looks once more for a name that an older list does not have', async () => {
    const { made, listed, release, pass, lists } = catalog();
    await listed();
    expect(await made.find('tool_2')).toBeUndefined();
    pass(10_000);
    const found = made.find('tool_2');
    await Promise.resolve();
    await Promise.resolve();
    release();
    expect(await found).toEqual({ name: 'tool_2' });
    expect(lists()).toBe(2);
  });

  it('does not keep a failure, and stays for the others when one caller leaves', async () => {
    const { made, release } = catalog();
    const caller = new AbortController();
    const left = made.tools({ signal: caller.signal });
    const stays = made.tools();
    caller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    release();
    expect(await stays).toHaveLength(1);
    expect(made.known()).toEqual([{ name: 'tool_1' }]);
  });
});

describe('the pages of a list', () => {
  it.each([
    [['5'], 6, 5],
    [['endless'], 1001, 1000],
    [['stuck'], 2, 2],
  ])('%j end, and a name counts once', async (args, tools, asked) => {
    const connection = await openConnection(testDeps(), stdioEntry({ fixture: 'many-pages', args }));
    try {
      const listed = await connection.listTools();
      expect(listed).toHaveLength(tools);
      expect(listed.find(({ name }) => name === 'on_every_page')).toMatchObject({ description: 'on page 1' });
      expect(await connection.callTool('count', {})).toMatchObject({ result: { content: [{ text: String(asked) }] } });
    } finally {
      await connection.close();
    }
  });
});
