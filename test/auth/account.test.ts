// The name of the account: out of which answer it is taken, what of it may be shown, and that it fails no login.
import { afterEach, describe, expect, it, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { accountLabel, cluesOf, findAccount, judgeUserinfo } from '../../src/auth/account.ts';
import { createDpopKey } from '../../src/auth/dpop.ts';
import type { Scene, SceneOptions } from './login-scene.ts';
import { callTool, logIn, startScene, urlOf } from './login-scene.ts';
import { answerOf } from './samples.ts';
import type { Script, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const idToken = (claims: object | string): string =>
  `h.${Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url')}.s`;

describe('a token answer tells whose login it is', () => {
  it.each<[string, object, object]>([
    [
      'by the address in the ID token, before all else',
      { id_token: idToken({ sub: '1', name: 'N', email: 'n@example.com' }), email: 'other@example.com' },
      { label: 'n@example.com', subject: '1' },
    ],
    ['by the subject as a last resort', { id_token: idToken({ sub: '1' }) }, { subject: '1' }],
    [
      'by a member of the answer before the subject',
      { id_token: idToken({ sub: '1' }), workspace_name: 'Acme' },
      { label: 'Acme', subject: '1' },
    ],
    ['by nothing, where there is nothing', { scope: 'read' }, {}],
    ['by nothing, where the ID token is encrypted or broken', { id_token: 'abc' }, {}],
    ['by nothing, where its claims are no object', { id_token: idToken('[]') }, {}],
    ['by nothing, where a name is no text', { email: 7, user: { id: 1 }, team: ['x'], account: null }, {}],
    ['by nothing, where a name is empty when cleaned', { email: '\u202e\u0000 ' }, {}],
  ])('%s', (_what, json, expected) => {
    expect(cluesOf({ access_token: 'a', ...json })).toEqual(expected);
  });

  it.each<[string, object, string]>([
    ['Slack', { team: { id: 'T1', name: 'Acme HQ' } }, 'Acme HQ'],
    ['Notion', { workspace_name: 'Notes', owner: { user: { person: { email: 'a@example.com' } } } }, 'a@example.com'],
    ['HubSpot', { hub_domain: 'acme.example', hub_id: 7 }, 'acme.example'],
    ['Asana', { data: { id: 7, name: 'Ann', email: 'ann@example.com' } }, 'ann@example.com'],
    ['others', { user: 'ann', workspace_name: 'Notes' }, 'ann'],
  ])('as %s does', (_vendor, json, label) => {
    expect(cluesOf({ ...json })).toEqual({ label });
  });
});

describe('a label', () => {
  it.each<[string, string, string | undefined]>([
    ['loses control characters', 'a\u001b[31mb\r\n', 'a[31mb'],
    ['loses what turns the direction of text', 'user\u202egnp.exe\u2066', 'usergnp.exe'],
    ['loses what cannot be seen', 'a\u200bb\ufeff\u00ad', 'ab'],
    ['keeps other scripts', '山田 太郎 <t@example.jp>', '山田 太郎 <t@example.jp>'],
    ['is cut, and not in the middle of a character', '😀'.repeat(200), '😀'.repeat(100)],
    ['of nothing but blanks is none', ' \t ', undefined],
  ])('%s', (_what, value, expected) => {
    expect(accountLabel(value)).toBe(expected);
  });
});

describe('the userinfo endpoint', () => {
  let server: ScriptedServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function ask(script: Script, subject?: string) {
    server = await startScriptedServer(script);
    const as = { issuer: server.origin, userinfo_endpoint: `${server.origin}/userinfo` };
    const clues = subject === undefined ? {} : { subject };
    return await findAccount({ fetch }, { clues, as, accessToken: 'token-1' });
  }

  it('is asked once, with the token, and names the account', async () => {
    expect(await ask(() => ({ body: { sub: '1', email: 'n@example.com' } }), '1')).toBe('n@example.com');
    expect(server?.asked.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['GET', '/userinfo', 'Bearer token-1'],
    ]);
  });

  it.each<[string, Script]>([
    ['a refusal', () => ({ status: 403, body: { error: 'insufficient_scope' } })],
    ['a web page', () => ({ body: '<html>' })],
    ['another subject', () => ({ body: { sub: '2', email: 'other@example.com' } })],
    ['a broken connection', () => 'drop'],
    ['a redirect elsewhere', () => ({ status: 302, headers: { location: 'https://elsewhere.example/' } })],
    ['two megabytes', () => ({ body: { email: 'x'.repeat(2 * 1024 * 1024) } })],
  ])('that answers %s leaves the subject of the ID token, and fails nothing', async (_what, script) => {
    expect(await ask(script, '1')).toBe('1');
  });

  it('is not asked where a name is known, or where the metadata names none', async () => {
    server = await startScriptedServer(() => ({ body: { email: 'n@example.com' } }));
    const as = { issuer: server.origin, userinfo_endpoint: `${server.origin}/userinfo` };
    expect(await findAccount({ fetch }, { clues: { label: 'Ann' }, as, accessToken: 't' })).toBe('Ann');
    const silent = { issuer: server.origin };
    expect(await findAccount({ fetch }, { clues: {}, as: silent, accessToken: 't' })).toBeUndefined();
    expect(server.asked).toEqual([]);
  });

  it('gets a proof of possession with a token that is bound to a key (RFC 9449 section 7)', async () => {
    server = await startScriptedServer(() => ({ body: { email: 'n@example.com' } }));
    const as = { issuer: server.origin, userinfo_endpoint: `${server.origin}/userinfo` };
    const dpop = await createDpopKey('crm', as, Date.now);
    expect(await findAccount({ fetch }, { clues: {}, as, accessToken: 't', dpop })).toBe('n@example.com');
    const { authorization, dpop: proof } = server.asked[0]?.headers ?? {};
    expect(authorization).toBe('DPoP t');
    expect(JSON.parse(Buffer.from(String(proof).split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      htu: `${server.origin}/userinfo`,
      ath: expect.any(String),
    });
  });

  it('that names only itself is better than nothing', () => {
    expect(judgeUserinfo(answerOf(200, { sub: 'u-1' }), undefined)).toBe('u-1');
  });
});

describe('a login', () => {
  let scene: Scene | undefined;
  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });

  test.each<[string, NonNullable<SceneOptions['authorization']>, string, string | undefined]>([
    ['the ID token', {}, 'tools openid', 'alice@example.com'],
    ['the token answer', { tokenMembers: { team: { name: 'Acme' } } }, 'tools', 'Acme'],
    ['the userinfo endpoint', { userinfo: 'any' }, 'tools', 'alice@example.com'],
    ['nobody, where it is refused', { userinfo: 'openid' }, 'tools', undefined],
    ['nobody, where there is no such endpoint', {}, 'tools', undefined],
  ])('A14: has the name that it learns from %s', async (_where, authorization, scope, account) => {
    scene = await startScene({ authorization });
    const gateway = scene.process();
    const entry = scene.entry({ scope });
    await logIn(gateway, entry);
    expect((await scene.saved()).account).toBe(account);
    expect(await gateway.status(entry)).toMatchObject(account === undefined ? { kind: 'logged_in' } : { account });
  });

  test('A14: two profiles on one URL are two logins with two names, and never mixed', async () => {
    scene = await startScene();
    const gateway = scene.process();
    const oauth = { scope: 'tools openid' };
    const work = scene.entry(oauth, { name: 'crm-work', profile: 'work' });
    const home = scene.entry(oauth, { name: 'crm-home', profile: 'home' });
    for (const [entry, user] of [
      [work, 'ann'],
      [home, 'bob'],
    ] as const) {
      const attempt = await gateway.login(entry, { openBrowser: false });
      await approve(urlOf(attempt), { user });
      await attempt.done;
    }
    expect((await scene.files()).filter((file) => /^[0-9a-f]{32}\.json$/.test(file))).toHaveLength(2);
    const [first, second] = [await scene.saved('work'), await scene.saved('home')];
    expect([first.account, second.account]).toEqual(['ann@example.com', 'bob@example.com']);
    expect([first.profile, second.profile]).toEqual(['work', 'home']);
    expect(await (await callTool(gateway, work)).text()).toContain('ann');
    expect(await (await callTool(gateway, home)).text()).toContain('bob');
    // The name of an entry is no part of the key.
    const renamed = scene.entry(oauth, { name: 'renamed', profile: 'work' });
    expect(await scene.process().status(renamed)).toMatchObject({ kind: 'logged_in', account: 'ann@example.com' });
    expect(await gateway.logout(home)).toBe('revoked');
    expect(await gateway.status(home)).toEqual({ kind: 'none' });
    expect((await callTool(gateway, work)).status).toBe(200);
  });
});
