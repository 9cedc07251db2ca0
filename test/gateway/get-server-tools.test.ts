import { describe, expect, it } from 'vitest';
import type { ToolDefinition } from '../../src/downstream/tool-pages.ts';
import { createScene, host, rules, type SceneSettings } from './scene.ts';

function tool(name: string, words = 5): ToolDefinition {
  return {
    name,
    description: `Does ${name}. ${'More words follow. '.repeat(words)}`,
    inputSchema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'Where. And then some more about it.' },
        mode: { enum: ['a', 'b'] },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['path'],
    },
    annotations: { readOnlyHint: true },
    unknownMember: { kept: null },
  };
}

const few = ['read_file', 'read_dir', 'write_file'].map((name) => tool(name));
const many = Array.from({ length: 40 }, (_, index) => tool(`tool_${index}`, 40));

function gatewayWith(tools: readonly ToolDefinition[], more: SceneSettings = {}) {
  return createScene({ servers: { files: { tools } }, ...more }).gateway;
}

describe('get_server_tools', () => {
  it('shows definitions as they are where they fit', async () => {
    const listed = await gatewayWith(few).getServerTools({ server: 'files' }, host());
    expect(listed).toMatchObject({ detail: 'full', total_available: 3, returned: 3 });
    expect(listed.tools).toEqual(few);
    expect(listed.tools[0]).toBe(few[0]);
  });

  it('shows one line each where they do not fit, says how to get more, and pages through all of them once', async () => {
    const gateway = gatewayWith(many);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await gateway.getServerTools({ server: 'files', cursor }, host());
      expect(page).toMatchObject({ detail: 'brief', total_available: 40, hint: expect.stringContaining('names') });
      expect(page.tokens_used).toBeLessThanOrEqual(2000);
      seen.push(...page.tools.map(({ name }) => name));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(many.map(({ name }) => name));
  });

  it('writes parameters in one line', async () => {
    const { tools } = await gatewayWith(few).getServerTools({ server: 'files', detail: 'brief' }, host());
    expect(tools[0]).toEqual({
      name: 'read_file',
      description: 'Does read_file.',
      parameters: '(path: string, mode?: "a"|"b", tags?: string[])',
    });
  });

  it('shows up to five tools asked for by name in full, whatever they cost', async () => {
    const names = many.slice(0, 5).map(({ name }) => name);
    const listed = await gatewayWith(many).getServerTools({ server: 'files', names }, host());
    expect(listed.detail).toBe('full');
    expect(listed.tools).toEqual(many.slice(0, 5));
  });

  it('fits whole definitions into a budget first, then shortens descriptions, never schemas, and names the rest', async () => {
    const [small, large] = [tool('small', 1), tool('large', 400)];
    const bigger = {
      ...tool('bigger', 1),
      inputSchema: { type: 'object', properties: { x: { enum: Array(900).fill('v') } } },
    };
    const listed = await gatewayWith([large, small, bigger]).getServerTools(
      { server: 'files', detail: 'full', maxSchemaTokens: 400 },
      host(),
    );
    expect(listed.tools.map(({ name }) => name)).toEqual(['large', 'small']);
    expect(listed.tools[1]).toBe(small);
    expect(listed.tools[0]).toMatchObject({ description: 'Does large.', unknownMember: { kept: null } });
    expect(listed).toMatchObject({ shortened: ['large'], omitted: ['bigger'] });
    expect(listed.tokens_used).toBeLessThanOrEqual(400);
  });

  it.each([
    ['read_*', ['read_file', 'read_dir']],
    ['FILE', ['read_file', 'write_file']],
    ['nothing', []],
  ])('filters by pattern %s', async (pattern, names) => {
    const listed = await gatewayWith(few).getServerTools({ server: 'files', pattern, detail: 'names' }, host());
    expect(listed.tools).toEqual(names.map((name) => ({ name })));
  });

  it('counts and shows only what the agent may call', async () => {
    const only = rules({ default: { allow: { servers: ['*'], tools: { '*': ['read_*'] } } } });
    const listed = await gatewayWith(few, { rules: only }).getServerTools({ server: 'files' }, host());
    expect(listed).toMatchObject({ total_available: 2, returned: 2 });
  });

  it('refuses a cursor that is none', async () => {
    const asked = gatewayWith(few).getServerTools({ server: 'files', cursor: 'x' }, host());
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});
