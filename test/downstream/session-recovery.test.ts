// Tests of src/downstream/session-recovery.ts, alone and with a server that forgets its sessions.
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import { HttpStatusError } from '../../src/downstream/http-answer-errors.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { judgeSession, SessionRecovery } from '../../src/downstream/session-recovery.ts';
import { RpcError } from '../../src/wire/rpc-error.ts';
import { httpEntry, testDeps } from './surroundings.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: Record<string, unknown> = {}) {
  const server = await startHttpEcho({ get: 405, ...options });
  closers.push(() => server.close());
  const connection = await openConnection(testDeps(), httpEntry(server.url));
  closers.push(() => connection.close());
  const initialized = () => server.requests.filter(({ body }) => body.includes('"initialize"')).length;
  return { server, connection, initialized };
}

describe('judging whether a session was lost', () => {
  it.each([
    [new HttpStatusError(404, '', true), 'lost before it ran'],
    [new HttpStatusError(404, '', false), 'kept'],
    [new HttpStatusError(400, 'Bad Request: No valid session ID provided', true), 'lost before it ran'],
    [new HttpStatusError(400, 'Invalid arguments', true), 'kept'],
    [new HttpStatusError(503, '{"error":"Session abc not found"}', true), 'lost'],
    [new HttpStatusError(503, 'try later', true), 'kept'],
    [new HttpStatusError(500, 'Session not found', true), 'kept'],
    [new RpcError(-32000, 'MCP session expired'), 'lost'],
    [new RpcError(-32602, 'unknown tool'), 'kept'],
    [new RpcError(7, 'Session not found'), 'kept'],
    [new Error('Session not found'), 'kept'],
  ])('%s: %s', (error, verdict) => {
    expect(judgeSession(error, true)).toBe(verdict);
  });

  it('takes no error for a lost session where there was none', () => {
    expect(judgeSession(new RpcError(-32000, 'Session not found'), false)).toBe('kept');
  });
});

/** A call whose session is gone when it arrives, so many times. */
function forgetful(times: number) {
  let [calls, renewals] = [0, 0];
  const made = async () => {
    if (++calls <= times) throw new HttpStatusError(404, '', true);
    return 'done';
  };
  const renew = async () => void renewals++;
  return { made, renewals: () => renewals, recovery: new SessionRecovery({ has: () => true, renew }) };
}

describe('a server that forgot the session', () => {
  it.each([404, 400])('and says so with %i gets one initialize, and the call again', async (lostStatus) => {
    const { server, connection, initialized } = await open({ lostStatus });
    let changes = 0;
    connection.onListChanged = () => changes++;
    server.forget();
    expect(await connection.callTool('echo', {})).toMatchObject({ result: { content: [{ text: '{}' }] } });
    expect(initialized()).toBe(2);
    expect(server.calls()).toBe(1);
    expect(changes).toBe(1);
  });

  it('also the new session before the repeated call got there, gets the call a third time', async () => {
    const { made, renewals, recovery } = forgetful(2);
    expect(await recovery.run(made, { repeatable: false })).toBe('done');
    expect(renewals()).toBe(2);
  });

  it.each(['opened', 'used'])(
    'before it was told that all is agreed is asked once more: when it is %s',
    async (when) => {
      const server = await startHttpEcho({ get: 405 });
      closers.push(() => server.close());
      const add = server.sessions.add.bind(server.sessions);
      const forgetTheNext = () => {
        server.sessions.add = () => {
          server.sessions.add = add;
          return server.sessions;
        };
      };
      if (when === 'opened') forgetTheNext();
      const connection = await openConnection(testDeps(), httpEntry(server.url));
      closers.push(() => connection.close());
      if (when === 'used') {
        server.forget();
        forgetTheNext();
      }
      expect(await connection.callTool('echo', {})).toMatchObject({ result: { content: [{ text: '{}' }] } });
      expect(server.calls()).toBe(1);
    },
  );

  it('and does so every time is given up', async () => {
    const { made, renewals, recovery } = forgetful(Number.POSITIVE_INFINITY);
    await expect(recovery.run(made, { repeatable: true })).rejects.toBeInstanceOf(HttpStatusError);
    expect(renewals()).toBe(2);
  });

  it('gets one initialize for many calls at once', async () => {
    const { server, connection, initialized } = await open();
    server.forget();
    await Promise.all(Array.from({ length: 20 }, () => connection.callTool('echo', {})));
    expect(initialized()).toBe(2);
    expect(server.calls()).toBe(20);
  });

  it.each([503, 200])(
    'and says so with %i may have run the call: it is not sent again, the next one works',
    async (lostStatus) => {
      const { server, connection, initialized } = await open({ lostStatus });
      server.forget();
      await expect(connection.callTool('echo', {})).rejects.toThrow('Session not found');
      expect(initialized()).toBe(2);
      expect(server.calls()).toBe(0);
      await connection.callTool('echo', {});
      expect(server.calls()).toBe(1);
    },
  );

  it('gets a list request again in every case', async () => {
    const { server, connection } = await open({ lostStatus: 503 });
    server.forget();
    expect((await connection.listTools()).tools).not.toHaveLength(0);
  });

  it('D29: because it was killed and started again on its port is used again', async () => {
    const { server, connection } = await open();
    const port = Number(new URL(server.url).port);
    await server.close();
    await expect(connection.callTool('echo', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    const second = await startHttpEcho({ port });
    closers.splice(0, 1, () => second.close());
    expect(await connection.callTool('echo', { a: 2 })).toMatchObject({ result: { content: [{ text: '{"a":2}' }] } });
  });

  it('again and again is given up after two new sessions', async () => {
    const { server, connection, initialized } = await open();
    server.forget();
    server.sessions.add = () => server.sessions;
    await expect(connection.callTool('echo', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(initialized()).toBe(3);
  });
});
