// Tests of src/downstream/catalog.ts and tool-pages.ts.
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../src/downstream/catalog.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { collectTools, type ToolListing } from '../../src/downstream/tool-pages.ts';
import { stdioEntry, testDeps } from './surroundings.ts';

function catalog(hints: Omit<ToolListing, 'tools'> = {}) {
  let time = 0;
  let lists = 0;
  const waiting: (() => void)[] = [];
  const made = createCatalog({
    listTools: async () => {
      lists++;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { tools: [{ name: `tool_${lists}` }], ...hints };
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

  it.each([
    { ttlMs: 20 * 60_000, freshMs: 20 * 60_000 },
    { ttlMs: 2000, freshMs: 2000 },
    { ttlMs: 0, freshMs: 1000 },
  ])('asks again when the $ttlMs ms are over that the server gave', async ({ ttlMs, freshMs }) => {
    const { listed, pass } = catalog({ ttlMs });
    await listed();
    pass(freshMs - 1);
    expect(await listed()).toBe('tool_1');
    pass(1);
    expect(await listed()).toBe('tool_2');
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
  });
});

describe('the pages of a list', () => {
  it.each([
    { pages: [{}, {}], ttlMs: undefined, cacheScope: undefined },
    { pages: [{ ttlMs: 500, cacheScope: 'public' }, {}], ttlMs: 500, cacheScope: 'public' },
    { pages: [{ ttlMs: 500 }, { ttlMs: 200, cacheScope: 'private' }], ttlMs: 200, cacheScope: 'private' },
    { pages: [{ ttlMs: 200, cacheScope: 'private' }, { cacheScope: 'public' }], ttlMs: 200, cacheScope: 'private' },
    { pages: [{ ttlMs: -1 }, { ttlMs: 500 }], ttlMs: 0, cacheScope: undefined },
    { pages: [{ ttlMs: '500', cacheScope: 7 }, { ttlMs: null }], ttlMs: undefined, cacheScope: undefined },
    { pages: [{ ttlMs: Infinity }, {}], ttlMs: Number.MAX_SAFE_INTEGER, cacheScope: undefined },
  ])('$pages: the strictest of their hints counts for all', async ({ pages, ttlMs, cacheScope }) => {
    const listing = await collectTools(async (cursor) => {
      const page = Number(cursor ?? 0);
      return { tools: [{ name: `tool_${page}` }], ...pages[page], ...(page === 0 && { nextCursor: '1' }) };
    });
    expect(listing).toEqual({ tools: [{ name: 'tool_0' }, { name: 'tool_1' }], ttlMs, cacheScope });
  });

  it.each([
    [['5'], 6, 5],
    [['endless'], 1001, 1000],
    [['stuck'], 2, 2],
  ])('D35: %j end, and a name counts once', async (args, tools, asked) => {
    const connection = await openConnection(testDeps(), stdioEntry({ fixture: 'many-pages', args }));
    try {
      const listed = (await connection.listTools()).tools;
      expect(listed).toHaveLength(tools);
      expect(listed.find(({ name }) => name === 'on_every_page')).toMatchObject({ description: 'on page 1' });
      expect(await connection.callTool('count', {})).toMatchObject({ result: { content: [{ text: String(asked) }] } });
    } finally {
      await connection.close();
    }
  });
});
