// Tests of src/gateway/read-tools.ts: what get_server_tools and list_servers say of servers that are not up.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GatewayError, LoginRequiredError } from '../../src/errors.ts';
import type { KnownTools } from '../../src/gateway/downstream-port.ts';
import { createScene, type FakeServer, host, rules } from './scene.ts';

const listedAt = Date.UTC(2026, 0, 1, 12);
const known = (isRecent = true): KnownTools => ({ tools: [{ name: 'old' }, { name: 'older' }], listedAt, isRecent });
const fresh = [{ name: 'new' }];
const cached = { cached: true, cached_at: '2026-01-01T12:00:00.000Z', total_available: 2 };
const http = { kind: 'http' } as const;

afterEach(() => {
  vi.useRealTimers();
});

function scene(server: FakeServer) {
  let connects = 0;
  const connect = () => {
    connects += 1;
    return server.connect?.();
  };
  const made = createScene({ servers: { one: { tools: fresh, ...server, connect } } });
  return { ...made, ask: () => made.gateway.getServerTools({ server: 'one' }, host()), connects: () => connects };
}

const fails = (error: Error) => () => {
  throw error;
};

describe('get_server_tools, where tools are known from before', () => {
  it.each([
    { entry: {}, state: 'idle', isRecent: true, isCached: true, refreshed: [] },
    { entry: {}, state: 'connecting', isRecent: true, isCached: true, refreshed: ['one'] },
    { entry: http, state: 'idle', isRecent: true, isCached: true, refreshed: ['one'] },
    { entry: {}, state: 'idle', isRecent: false, isCached: false, refreshed: [] },
    { entry: http, state: 'idle', isRecent: false, isCached: false, refreshed: [] },
    { entry: {}, state: 'ready', isRecent: true, isCached: false, refreshed: [] },
    { entry: {}, state: 'failed', isRecent: true, isCached: false, refreshed: [] },
    { entry: http, state: 'needs_login', isRecent: true, isCached: false, refreshed: [] },
  ] as const)('$entry.kind, $state, recent: $isRecent → from the cache: $isCached', async (row) => {
    const { ask, connects, refreshed } = scene({
      entry: row.entry,
      snapshot: { state: row.state },
      known: known(row.isRecent),
    });
    const listed = await ask();
    expect(listed.tools).toEqual(row.isCached ? known().tools : fresh);
    expect(connects()).toBe(row.isCached ? 0 : 1);
    expect(refreshed).toEqual(row.refreshed);
    if (row.isCached) expect(listed).toMatchObject(cached);
    else expect(listed).not.toHaveProperty('cached');
  });

  it.each([
    [new GatewayError('SERVER_UNAVAILABLE', "server 'one' ended"), "server 'one' ended"],
    [new GatewayError('TIMEOUT', "server 'one' did not answer"), 'did not answer'],
    [new LoginRequiredError('one', {}), 'login_server'],
  ])('D49: falls back to them with a hint on %s, without starting a login', async (error, hint) => {
    const { ask, loginRequests } = scene({
      entry: http,
      snapshot: { state: 'failed' },
      known: known(),
      connect: fails(error),
    });
    expect(await ask()).toMatchObject({ ...cached, hint: expect.stringContaining(hint) });
    expect(loginRequests).toEqual([]);
  });

  it.each(['CONFIG_INVALID', 'CANCELLED', 'AUTH_FAILED'] as const)('does not hide %s', async (code) => {
    const error = new GatewayError(code, 'no');
    const { ask } = scene({ snapshot: { state: 'failed' }, known: known(), connect: fails(error) });
    await expect(ask()).rejects.toMatchObject({ code });
  });

  it('does not wait for long for a server that does not answer', async () => {
    vi.useFakeTimers();
    const { ask } = scene({
      snapshot: { state: 'failed' },
      known: known(),
      connect: () => new Promise(() => undefined),
    });
    const asked = ask();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await asked).toMatchObject({ ...cached, hint: expect.stringContaining('not answered') });
  });

  it('asks the server all the same where the answer has to be fresh, and says why it cannot', async () => {
    const { gateway } = scene({ known: known() });
    expect((await gateway.getServerTools({ server: 'one', fresh: true }, host())).tools).toEqual(fresh);
    const down = scene({ known: known(), connect: fails(new GatewayError('SERVER_UNAVAILABLE', 'down')) });
    await expect(down.gateway.getServerTools({ server: 'one', fresh: true }, host())).rejects.toThrow('down');
  });

  it('shows the permitted ones alone, and keeps the hint of a list that is cut', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({
      name: `tool_${index}`,
      description: `Does it. ${'And more. '.repeat(40)}`,
    }));
    const { gateway } = createScene({
      servers: { one: { known: { ...known(), tools: [...many, { name: 'secret' }] } } },
      rules: rules({ default: { allow: { servers: ['*'] }, deny: { tools: { '*': ['secret'] } } } }),
    });
    const listed = await gateway.getServerTools({ server: 'one' }, host());
    expect(listed).toMatchObject({ cached: true, total_available: 60, hint: expect.stringContaining('names') });
    expect(JSON.stringify(listed)).not.toContain('secret');
  });
});
