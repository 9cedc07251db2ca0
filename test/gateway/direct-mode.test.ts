import { describe, expect, it } from 'vitest';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import { createBackgroundLists } from '../../src/gateway/background-lists.ts';
import type { KnownTools } from '../../src/gateway/downstream-port.ts';
import { createHostAtLarge } from '../../src/gateway/host-at-large.ts';
import { createHostView, metaToolsAlone, type ToolView } from '../../src/gateway/host-view.ts';
import { createScene, host, rules } from './scene.ts';

const known = (...names: string[]): KnownTools => ({
  tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })),
  listedAt: 0,
  isRecent: true,
});
const direct = { settings: { expose: 'direct' } } as const;
const namesOf = ({ direct: tools }: ToolView): string[] => tools.map(({ name }) => name);

describe('the tools that a host is given', () => {
  it('are those that are known, without asking a server', async () => {
    const { gateway } = createScene({
      ...direct,
      servers: { a: { known: known('x'), connect: () => expect.unreachable() }, b: { known: known('y') } },
    });
    const view = await gateway.direct.give();
    expect(namesOf(view)).toEqual(['a__x', 'b__y']);
    expect(view).toMatchObject({ hasDirectServers: true, hasMetaServers: false });
  });

  it('change nothing of a definition but its name, and keep the order of its members', async () => {
    const definition = JSON.parse('{"x":1,"name":"t","__proto__":{"y":2},"inputSchema":{"type":"object"},"z":null}');
    const { gateway } = createScene({ ...direct, servers: { a: { known: { ...known(), tools: [definition] } } } });
    const [tool] = (await gateway.direct.give()).direct;
    expect(JSON.stringify(tool)).toBe(JSON.stringify(definition).replace('"t"', '"a__t"'));
  });

  it('are the same value as long as nothing changed', async () => {
    const { gateway } = createScene({ ...direct, servers: { a: { known: known('x') } } });
    expect((await gateway.direct.give()).direct).toBe((await gateway.direct.give()).direct);
  });

  it('are at first waited for, where nothing is known of a server', async () => {
    const server: { known?: KnownTools; connect(): Promise<void> } = {
      async connect() {
        await new Promise((resolve) => setImmediate(resolve));
        server.known = known('x');
      },
    };
    const { gateway } = createScene({ ...direct, servers: { a: server } });
    expect(namesOf(await gateway.direct.give())).toEqual(['a__x']);
  });

  it.each([
    { case: 'none of an agent that the rules deny the server', rule: { deny: { servers: ['a'] } }, names: [] },
    { case: 'only allowed ones', rule: { allow: { servers: ['*'], tools: { a: ['x'] } } }, names: ['a__x'] },
  ])('are $case', async ({ rule, names }) => {
    const { gateway } = createScene({
      ...direct,
      servers: { a: { known: known('x', 'y') } },
      rules: rules({ default: rule }),
    });
    expect(namesOf(await gateway.direct.give())).toEqual(names);
  });

  it('are none where every call has to name its agent, and the meta tools stay', async () => {
    const { gateway } = createScene({
      ...direct,
      servers: { a: { known: known('x') } },
      rules: rules({ default: { allow: { servers: ['*'] } } }, true),
    });
    expect(await gateway.direct.give()).toMatchObject({ direct: [], hasMetaServers: true });
  });

  it('of servers that are set apart by their entries are direct there, and behind meta tools elsewhere', async () => {
    const { gateway } = createScene({
      servers: { a: { entry: { expose: 'direct' }, known: known('x') }, b: { known: known('y') } },
    });
    const view = await gateway.direct.give();
    expect(namesOf(view)).toEqual(['a__x']);
    expect(view.hasMetaServers).toBe(true);
  });
});

describe('a call by the name that a tool is exposed by', () => {
  it('leads to the tool, with its arguments as they came or absent', async () => {
    const given: unknown[][] = [];
    const call = async (...of: unknown[]) => {
      given.push(of.slice(0, 2));
      return { result: { content: [] }, size: 1 };
    };
    const { gateway, audit } = createScene({ ...direct, servers: { a: { known: known('x'), call } } });
    await gateway.direct.call({ name: 'a__x', args: null }, host());
    await gateway.direct.call({ name: 'a__x' }, host());
    expect(given).toEqual([
      ['x', null],
      ['x', undefined],
    ]);
    expect(audit).toMatchObject([
      { operation: 'execute_tool', server: 'a', tool: 'x', decision: 'ALLOW' },
      { operation: 'execute_tool', server: 'a', tool: 'x', decision: 'ALLOW' },
    ]);
  });

  it('is refused where the rules forbid the tool, and leads nowhere where they hide the server', async () => {
    const { gateway, audit } = createScene({
      ...direct,
      servers: { a: { known: known('x') }, hidden: { known: known('x') } },
      rules: rules({ default: { allow: { servers: ['a'], tools: { a: [] } } } }),
    });
    await expect(gateway.direct.call({ name: 'a__x' }, host())).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
    await expect(gateway.direct.call({ name: 'hidden__x' }, host())).rejects.toMatchObject({
      name: 'UnknownToolError',
    });
    expect(audit.map(({ decision, error_code }) => [decision, error_code])).toEqual([
      ['DENY', 'DENIED_BY_POLICY'],
      ['ERROR', 'TOOL_NOT_FOUND'],
    ]);
  });

  it('leads nowhere, unnoted, where no server is direct', async () => {
    const { gateway, audit } = createScene({ servers: { a: { known: known('x') } } });
    await expect(gateway.direct.call({ name: 'a__x' }, host())).rejects.toMatchObject({ name: 'UnknownToolError' });
    expect(audit).toEqual([]);
  });

  it('of a server that is not known yet says what keeps it from being known', async () => {
    const challenge = { scheme: 'Bearer' } as unknown as LoginRequiredError['challenge'];
    const { gateway, audit } = createScene({
      ...direct,
      servers: {
        crm: {
          entry: { kind: 'http' },
          connect: () => {
            throw new LoginRequiredError('log in', challenge);
          },
        },
      },
      login: async () => ({
        loginUrl: 'https://as.test',
        expiresAt: 0,
        browserOpened: false,
        done: new Promise(() => undefined),
      }),
    });
    const call = gateway.direct.call({ name: 'crm__find' }, host());
    await expect(call).rejects.toMatchObject({ code: 'AUTH_REQUIRED', loginUrl: 'https://as.test' });
    expect(audit).toMatchObject([{ operation: 'execute_tool', server: 'crm', error_code: 'AUTH_REQUIRED' }]);
  });
});

describe('what the host is told of changes', () => {
  function watch(views: { now: ToolView }) {
    const told: string[] = [];
    const work: (() => void)[] = [];
    const atLarge = createHostAtLarge();
    atLarge.attach(host({ notify: (method) => void told.push(method) }));
    const view = createHostView({ host: atLarge, look: async () => views.now, later: (each) => void work.push(each) });
    const settle = async (): Promise<void> => {
      for (const each of work.splice(0)) each();
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { told, work, view, settle };
  }
  const withTools = (...names: string[]): ToolView => ({ ...metaToolsAlone, direct: known(...names).tools });

  it('is nothing before it was given a list', async () => {
    const { told, view, settle } = watch({ now: withTools('x') });
    view.changed();
    await settle();
    expect(told).toEqual([]);
  });

  it('is one message for a burst of changes, and none where the list is the same after all', async () => {
    const views = { now: withTools('x') };
    const { told, work, view, settle } = watch(views);
    view.gave(views.now);
    views.now = withTools('x');
    view.changed();
    await settle();
    expect(told).toEqual([]);
    views.now = withTools('x', 'y');
    for (let count = 0; count < 5; count++) view.changed();
    expect(work).toHaveLength(1);
    await settle();
    expect(told).toEqual(['notifications/tools/list_changed']);
    view.changed();
    await settle();
    expect(told).toHaveLength(1);
  });
});

describe('listing in the background', () => {
  function scene() {
    const clock = { now: 1_000_000 };
    const due: { work: () => void; afterMs: number }[] = [];
    let listings = 0;
    const catalog = {
      tools: async () => {
        listings += 1;
        return [];
      },
      find: async () => undefined,
    };
    const lists = createBackgroundLists({
      downstream: { session: async () => ({ catalog, connection: {} as never, offerings: {} as never }) },
      now: () => clock.now,
      later: (work, afterMs) => void due.push({ work, afterMs }),
    });
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return { clock, due, lists, settle, count: () => listings };
  }

  it('asks a server once, however many want to know', async () => {
    const { lists, count } = scene();
    await Promise.all([lists.list('a'), lists.list('a')]);
    expect(count()).toBe(1);
  });

  it('fails without a word: whoever looks at the server sees why', async () => {
    const lists = createBackgroundLists({
      downstream: { session: () => Promise.reject(new GatewayError('SERVER_UNAVAILABLE', 'down')) },
      now: () => 0,
    });
    await expect(lists.list('a')).resolves.toBeUndefined();
  });

  it('comes the less often the more often a server says that its tools changed', async () => {
    const { clock, due, lists, settle, count } = scene();
    const pauses: number[] = [];
    lists.listAgain('a');
    await settle();
    for (let round = 0; round < 8; round++) {
      lists.listAgain('a');
      lists.listAgain('a');
      expect(due).toHaveLength(1);
      const [{ work, afterMs } = { work: () => undefined, afterMs: 0 }] = due.splice(0);
      pauses.push(afterMs);
      clock.now += afterMs;
      work();
      await settle();
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(count()).toBe(9);
    clock.now += 200_000;
    lists.listAgain('a');
    await settle();
    expect(count()).toBe(10);
    lists.listAgain('a');
    expect(due).toMatchObject([{ afterMs: 1000 }]);
  });
});
