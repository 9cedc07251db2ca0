import { describe, expect, it } from 'vitest';
import { createScene, host, rules } from './scene.ts';

const list = { includeMetadata: false };

describe('list_servers', () => {
  it('shows what the agent may see, in the order of the config, and nothing else', async () => {
    const { gateway } = createScene({
      servers: { b: {}, a: {}, hidden: {} },
      rules: rules({ default: { allow: { servers: ['*'] }, deny: { servers: ['hid*'] } } }),
    });
    expect(await gateway.listServers(list, host())).toEqual({
      servers: [
        { name: 'b', state: 'idle' },
        { name: 'a', state: 'idle' },
      ],
    });
  });

  it('tells what is known of a server that is not up: what it calls itself, and how many tools the agent may call', async () => {
    const { gateway } = createScene({
      servers: {
        notes: {
          snapshot: {
            state: 'idle',
            toolNames: ['read', 'write', 'delete_all'],
            selfDescription: 'Notes of the team.',
          },
        },
      },
      rules: rules({ default: { allow: { servers: ['*'] }, deny: { tools: { '*': ['delete_*'] } } } }),
    });
    expect(await gateway.listServers(list, host())).toEqual({
      servers: [{ name: 'notes', description: 'It says: Notes of the team.', state: 'idle', tools: 2 }],
    });
  });

  it.each([
    ['what the connection says', { state: 'ready' }, { kind: 'none' }, 'ready'],
    [
      'an open login',
      { state: 'needs_login' },
      { kind: 'pending', loginUrl: 'https://x.test', expiresAt: 0 },
      'login_pending',
    ],
    ['a login finished elsewhere', { state: 'needs_login' }, { kind: 'logged_in', canRefresh: true }, 'idle'],
    ['a missing login', { state: 'needs_login' }, { kind: 'none' }, 'needs_login'],
  ] as const)('derives the state from %s', async (_case, snapshot, login, state) => {
    const { gateway } = createScene({
      servers: { crm: { entry: { kind: 'http' }, snapshot } },
      loginStatus: () => login,
    });
    expect(await gateway.listServers(list, host())).toMatchObject({ servers: [{ name: 'crm', state }] });
  });

  it('F49: keeps a server that needs a login in the list, and says what to do', async () => {
    const { gateway } = createScene({
      servers: { crm: { entry: { kind: 'http' }, snapshot: { state: 'needs_login' } } },
    });
    const { servers } = await gateway.listServers(list, host());
    expect(servers[0]?.hint).toContain('portico login crm');
  });

  it.each([
    ['and when it is tried again', 7001, 'next try in 8 s: it fell'],
    ['and nothing of a time that is over', 0, 'it fell'],
    ['and nothing of a time that is not set', undefined, 'it fell'],
  ])('E42: says of a server that failed why, %s', async (_title, inMs, hint) => {
    const nextTryAt = inMs === undefined ? undefined : Date.UTC(2026, 0, 1) + inMs;
    const { gateway } = createScene({
      servers: { one: { snapshot: { state: 'failed', reason: 'it fell', nextTryAt } } },
    });
    expect(await gateway.listServers(list, host())).toMatchObject({ servers: [{ state: 'failed', hint }] });
  });

  const warning = 'logins cannot be saved';
  it.each([
    ['is kept', { state: 'ready' }, { kind: 'logged_in', canRefresh: true, warning }, { hint: warning }],
    ['may be made', { state: 'idle' }, { kind: 'none', warning }, { hint: warning }],
    [
      'is missing, after what to do first',
      { state: 'needs_login' },
      { kind: 'none', warning },
      { hint: /login_server/ },
    ],
    ['is not needed, which is no news', { state: 'ready' }, { kind: 'none', warning }, { hint: undefined }],
  ] as const)('C24: says what threatens a login that %s', async (_case, snapshot, login, { hint }) => {
    const { gateway } = createScene({
      servers: { crm: { entry: { kind: 'http' }, snapshot } },
      loginStatus: () => login,
    });
    const { servers } = await gateway.listServers(list, host());
    expect(servers[0]?.hint).toEqual(hint instanceof RegExp ? expect.stringMatching(hint) : hint);
  });

  it('keeps a server whose entry is wrong, with the reason', async () => {
    const issue = {
      severity: 'error',
      file: '/c',
      line: 3,
      column: 1,
      pointer: '/x',
      message: 'HOME_X is not set',
    } as const;
    const { gateway } = createScene({ broken: [{ state: 'broken', name: 'bad', issues: [issue] }] });
    expect(await gateway.listServers(list, host())).toEqual({
      servers: [{ name: 'bad', state: 'failed', hint: 'HOME_X is not set' }],
    });
  });

  it('counts the tools that the agent may call, once they are known', async () => {
    const { gateway } = createScene({
      servers: { files: { snapshot: { state: 'ready', toolNames: ['read', 'delete_all'] } } },
      rules: rules({ default: { allow: { servers: ['*'] }, deny: { tools: { '*': ['delete_*'] } } } }),
    });
    expect(await gateway.listServers(list, host())).toMatchObject({ servers: [{ tools: 1 }] });
  });

  it('shows no arguments of a command and no secret of a URL, even with metadata', async () => {
    const { gateway } = createScene({
      servers: {
        local: { entry: { kind: 'stdio', command: 'npx', args: ['--token', 'canary-1'] } },
        remote: { entry: { kind: 'http', url: 'https://x.test/mcp?token=canary-2' } },
      },
    });
    const listed = JSON.stringify(await gateway.listServers({ includeMetadata: true }, host()));
    expect(listed).toContain('npx');
    expect(listed).toContain('https://x.test/mcp');
    expect(listed).not.toContain('canary');
  });

  it('cuts long descriptions to their first sentence, and shows them whole with metadata', async () => {
    const description = `${'A long sentence without an end '.repeat(9)}. Second.`;
    const { gateway } = createScene({ servers: { a: { entry: { kind: 'stdio', description } } } });
    const [short] = (await gateway.listServers(list, host())).servers;
    const [whole] = (await gateway.listServers({ includeMetadata: true }, host())).servers;
    expect(short?.description?.length).toBeLessThanOrEqual(90);
    expect(whole?.description).toBe(description);
  });
});

describe('get_gateway_status', () => {
  it('says nothing of servers the agent may not see', async () => {
    const { gateway } = createScene({
      servers: { mine: {}, hidden: {} },
      rules: rules({ default: { allow: { servers: ['mine'] } } }),
    });
    const status = JSON.stringify(await gateway.status({}, host()));
    expect(status).toContain('mine');
    expect(status).not.toContain('hidden');
  });

  it('counts calls and failures per server', async () => {
    const { gateway } = createScene({ servers: { mine: { call: () => Promise.reject(new Error('x')) } } });
    await gateway.executeTool({ server: 'mine', tool: 't', args: {} }, host()).catch(() => undefined);
    expect(await gateway.status({}, host())).toMatchObject({ servers: [{ metrics: { calls: 1, errors: 1 } }] });
  });
});
