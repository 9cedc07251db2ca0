import { describe, expect, it } from 'vitest';
import type { LoginAttempt } from '../../src/auth/authenticator.ts';
import { GatewayError, LoginAbandonedError, LoginRequiredError } from '../../src/errors.ts';
import { RpcError, rpcCodes } from '../../src/wire/rpc-error.ts';
import { createScene, host, rules, type SceneSettings } from './scene.ts';

const call = { server: 'files', tool: 'read', args: { path: 'a' } };
const tools = [{ name: 'read', inputSchema: { type: 'object' } }];

function failing(error: () => Error): NonNullable<SceneSettings['servers']>[string] {
  return {
    tools,
    call: () => Promise.reject(error()),
  };
}

describe('execute_tool', () => {
  it('hands the result of the server on as the same value', async () => {
    const result = { content: [{ type: 'novelty', x: null }], _meta: { a: 1 }, future: true };
    const { gateway } = createScene({ servers: { files: { call: async () => ({ result, size: 10 }) } } });
    expect(await gateway.executeTool(call, host())).toBe(result);
  });

  it('hands the arguments on as the same value, nulls included', async () => {
    const args = { path: null, deep: { list: [null, 0, ''] } };
    let received: unknown;
    const { gateway } = createScene({
      servers: {
        files: {
          call: async (_tool, given) => {
            received = given;
            return { result: {}, size: 2 };
          },
        },
      },
    });
    await gateway.executeTool({ ...call, args }, host());
    expect(received).toBe(args);
  });

  it.each([
    ['an unknown server', { servers: {} }, 'SERVER_NOT_FOUND'],
    ['a disabled server', { servers: { files: { entry: { disabled: true } } } }, 'SERVER_UNAVAILABLE'],
    // The SDK's code for a request that timed out is the one we use on the wire for an oversized answer.
    [
      'a protocol error of -32001',
      { servers: { files: failing(() => new RpcError(rpcCodes.messageTooLarge, 'Request timed out')) } },
      'SERVER_UNAVAILABLE',
    ],
    ['a protocol error', { servers: { files: failing(() => new RpcError(-32000, 'boom')) } }, 'SERVER_UNAVAILABLE'],
    [
      'refused arguments',
      { servers: { files: failing(() => new RpcError(rpcCodes.invalidParams, 'path?')) } },
      'INVALID_ARGUMENTS',
    ],
    [
      'an answer that is too large',
      { servers: { files: failing(() => new GatewayError('RESULT_TOO_LARGE', '99 MB')) } },
      'RESULT_TOO_LARGE',
    ],
    ['a defect', { servers: { files: failing(() => new TypeError('x')) } }, 'INTERNAL'],
    [
      'a denied tool',
      { servers: { files: {} }, rules: rules({ default: { deny: { servers: ['*'] } } }) },
      'DENIED_BY_POLICY',
    ],
  ] as const)('answers %s with its code, and leaves one audit line that says so', async (_case, scene, code) => {
    const { gateway, audit } = createScene(scene as SceneSettings);
    await expect(gateway.executeTool(call, host())).rejects.toMatchObject({ code });
    expect(audit).toMatchObject([{ operation: 'execute_tool', error_code: code, server: 'files', tool: 'read' }]);
  });

  it('denies a server the agent may not see in the same words whether it exists or not', async () => {
    const only = rules({ default: { allow: { servers: ['mine'] } } });
    const { gateway } = createScene({ servers: { secret: {} }, rules: only });
    const ask = (server: string) =>
      gateway.executeTool({ ...call, server }, host()).catch((error: GatewayError) => ({
        code: error.code,
        message: error.message.replaceAll(server, 'NAME'),
        hint: error.hint,
      }));
    expect(await ask('secret')).toEqual(await ask('absent'));
  });

  it('names near tools when the server does not know the one asked for, whichever way it says so', async () => {
    const ways = [
      failing(() => new RpcError(rpcCodes.invalidParams, 'unknown')),
      { tools, call: async () => ({ result: { isError: true }, size: 1 }) },
    ];
    for (const files of ways) {
      const { gateway } = createScene({ servers: { files } });
      const asked = gateway.executeTool({ ...call, tool: 'raed' }, host());
      await expect(asked).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND', hint: expect.stringContaining('read') });
    }
  });

  it('leaves a tool error of the server as it is', async () => {
    const result = { isError: true, content: [] };
    const { gateway, audit } = createScene({ servers: { files: { tools, call: async () => ({ result, size: 3 }) } } });
    expect(await gateway.executeTool(call, host())).toBe(result);
    expect(audit).toMatchObject([{ decision: 'ALLOW', result_bytes: 3 }]);
  });

  it('counts a call whose caller went away as cancelled', async () => {
    const controller = new AbortController();
    const { gateway, audit } = createScene({
      servers: {
        files: {
          call: () => {
            controller.abort();
            return Promise.reject(new Error('aborted'));
          },
        },
      },
    });
    await expect(gateway.executeTool(call, host({ signal: controller.signal }))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(audit).toMatchObject([{ decision: 'CANCELLED' }]);
  });
});

describe('a call that needs a login', () => {
  const needsLogin = () => new LoginRequiredError('files', { scope: 'read' });
  const http = { kind: 'http' } as const;
  const url = 'https://as.test/authorize';

  function attempt(done: Promise<void>, browserOpened = true): LoginAttempt {
    return { loginUrl: url, expiresAt: 0, browserOpened, done };
  }

  it('runs once more after the login', async () => {
    let calls = 0;
    const { gateway, loginRequests } = createScene({
      servers: {
        files: {
          entry: http,
          call: async () => {
            calls += 1;
            if (calls === 1) throw needsLogin();
            return { result: { ok: true }, size: 1 };
          },
        },
      },
      settings: { loginWaitMs: 5000 },
      login: async () => attempt(Promise.resolve()),
    });
    expect(await gateway.executeTool(call, host())).toEqual({ ok: true });
    expect(loginRequests).toMatchObject([{ request: { openBrowser: true, challenge: { scope: 'read' } } }]);
  });

  it('A7: is answered with the URL when the login takes longer, and opens no second window within five minutes', async () => {
    const { gateway, loginRequests, clock } = createScene({
      servers: { files: { entry: http, call: () => Promise.reject(needsLogin()) } },
      login: async () => attempt(new Promise(() => undefined)),
    });
    const ask = () => gateway.executeTool(call, host());
    await expect(ask()).rejects.toMatchObject({ code: 'AUTH_REQUIRED', loginUrl: url });
    clock.now += 299_999;
    await expect(ask()).rejects.toMatchObject({ code: 'AUTH_REQUIRED', loginUrl: url });
    clock.now += 1;
    await expect(ask()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
    expect(loginRequests.map(({ request }) => request.openBrowser)).toEqual([true, false, true]);
  });

  it('says that a login is open already, and joins it', async () => {
    const { gateway, loginRequests } = createScene({
      servers: { files: { entry: http, call: () => Promise.reject(needsLogin()) } },
      login: async () => attempt(new Promise(() => undefined), false),
      loginStatus: () => ({ kind: 'pending', loginUrl: url, expiresAt: 0 }),
    });
    await expect(gateway.executeTool(call, host())).rejects.toMatchObject({ code: 'AUTH_PENDING', loginUrl: url });
    expect(loginRequests).toMatchObject([{ request: { openBrowser: false } }]);
  });

  it('A10: fails when the fresh token is refused too, naming the scope that is still asked for', async () => {
    const { gateway } = createScene({
      servers: {
        files: {
          entry: http,
          call: () => Promise.reject(new LoginRequiredError('files', { error: 'insufficient_scope', scope: 'read' })),
        },
      },
      settings: { loginWaitMs: 5000 },
      login: async () => attempt(Promise.resolve()),
    });
    const asked = gateway.executeTool(call, host());
    await expect(asked).rejects.toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('"read"') });
  });

  it('passes a failed login on', async () => {
    const refused = new GatewayError('AUTH_FAILED', 'access_denied');
    const { gateway } = createScene({
      servers: { files: { entry: http, call: () => Promise.reject(needsLogin()) } },
      settings: { loginWaitMs: 5000 },
      login: async () => attempt(Promise.reject(refused)),
    });
    await expect(gateway.executeTool(call, host())).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: 'access_denied',
      server: 'files',
      tool: 'read',
      cause: refused,
    });
  });

  it('offers the URL of a login that it started, and not again that of one that it joined', async () => {
    const offers: string[] = [];
    let status: 'none' | 'pending' = 'none';
    const { gateway } = createScene({
      servers: { files: { entry: http, call: () => Promise.reject(needsLogin()) } },
      login: async () => attempt(new Promise(() => undefined)),
      loginStatus: () => (status === 'none' ? { kind: 'none' } : { kind: 'pending', loginUrl: url, expiresAt: 0 }),
    });
    const ask = () => gateway.executeTool(call, host({ offerUrl: (offered) => void offers.push(offered) }));
    await expect(ask()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
    status = 'pending';
    await expect(ask()).rejects.toMatchObject({ code: 'AUTH_PENDING' });
    expect(offers).toEqual([url]);
  });

  describe('that ends without a verdict while calls wait for it', () => {
    const second = 'https://as.test/authorize?second';
    /** The first login ends by itself, with `end`; the second one as `done` does. */
    const sceneOf = (end: Error, { browserOpened = false, done = Promise.resolve(), loginWaitMs = 5000 } = {}) => {
      let isLoggedIn = false;
      const scene = createScene({
        servers: {
          files: {
            entry: http,
            call: async () => {
              if (!isLoggedIn) throw needsLogin();
              return { result: { ok: true }, size: 1 };
            },
          },
        },
        settings: { loginWaitMs },
        async login() {
          const isFirst = scene.loginRequests.length === 1;
          if (isFirst) return attempt(Promise.reject(end), browserOpened);
          isLoggedIn = true;
          return { ...attempt(done, false), loginUrl: second };
        },
      });
      return scene;
    };
    const gone = (hadWindow: boolean) => new LoginAbandonedError('AUTH_FAILED', 'its process is gone', { hadWindow });

    it.each([
      ['had no window, so one is opened for the next', gone(false), false, true],
      ['had one in this process: no second one is opened', gone(false), true, false],
      ['had one in another process: no second one is opened', gone(true), false, false],
    ])('C25, A7: goes on with the next one; it %s', async (_case, end, browserOpened, opens) => {
      const { gateway, loginRequests } = sceneOf(end, { browserOpened });
      const messages: string[] = [];
      const offers: string[] = [];
      const watching = host({
        progress: ({ message }) => void messages.push(String(message)),
        offerUrl: (offered) => void offers.push(offered),
      });
      expect(await gateway.executeTool(call, watching)).toEqual({ ok: true });
      expect(loginRequests.map(({ request }) => request.openBrowser)).toEqual([true, opens]);
      expect(messages).toEqual([expect.stringContaining(url), expect.stringMatching(/begun anew: .*\?second$/)]);
      expect(offers).toEqual([url, second]);
    });

    it('is answered with the URL of the next one, and told what the page of the first is worth', async () => {
      const { gateway } = sceneOf(gone(true), { done: new Promise<void>(() => undefined), loginWaitMs: 20 });
      await expect(gateway.executeTool(call, host())).rejects.toMatchObject({
        code: 'AUTH_REQUIRED',
        loginUrl: second,
        hint: expect.stringContaining('from before leads nowhere'),
      });
    });

    it('begins no other login where the rules deny the call by then', async () => {
      const end = gone(false);
      const { gateway, live, loginRequests } = sceneOf(end);
      const denying = host({
        progress: () => {
          live.current = { ...live.current, rules: rules({ default: { deny: { servers: ['*'] } } }) };
        },
      });
      await expect(gateway.executeTool(call, denying)).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
      expect(loginRequests).toHaveLength(1);
    });

    it('and one that was refused is not followed by another', async () => {
      const { gateway, loginRequests } = sceneOf(new GatewayError('AUTH_FAILED', 'access_denied'));
      await expect(gateway.executeTool(call, host())).rejects.toMatchObject({ code: 'AUTH_FAILED' });
      expect(loginRequests).toHaveLength(1);
    });
  });

  it('tells the caller the URL while it waits', async () => {
    const updates: unknown[] = [];
    const { gateway } = createScene({
      servers: { files: { entry: http, call: () => Promise.reject(needsLogin()) } },
      login: async () => attempt(new Promise(() => undefined)),
    });
    await expect(
      gateway.executeTool(call, host({ progress: (update) => void updates.push(update) })),
    ).rejects.toThrow();
    expect(updates).toMatchObject([{ message: expect.stringContaining(url) }]);
  });
});
