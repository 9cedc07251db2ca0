// Owns a loopback server that is MCP server, authorization server and identity provider in one, for grants without a
// human: it answers 401 to what is no current token, and gives tokens to whoever the test says.
import type { Asked, Reply } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

export type TokenAnswer = (form: URLSearchParams, asked: Asked) => Reply | undefined;

export interface MachineScene {
  readonly origin: string;
  readonly url: string;
  /** Forms sent to the token endpoint, in order. */
  readonly forms: URLSearchParams[];
  readonly tokenRequests: Asked[];
  /** The tokens that the MCP server takes; the last one given is added by itself. */
  readonly accepted: Set<string>;
  /** How many requests the MCP server saw. */
  calls(): number;
  /** Changes what the token endpoint says; undefined: a token. */
  answer: TokenAnswer;
  close(): Promise<void>;
}

export async function startMachineScene(
  options: { readonly challenge?: string; readonly metadata?: object; readonly expiresIn?: number } = {},
): Promise<MachineScene> {
  const accepted = new Set<string>();
  const forms: URLSearchParams[] = [];
  const tokenRequests: Asked[] = [];
  let calls = 0;
  let given = 0;
  const issueToken = (scope: string | null): Reply => {
    given += 1;
    accepted.add(`token-${given}`);
    return {
      body: {
        access_token: `token-${given}`,
        token_type: 'Bearer',
        expires_in: options.expiresIn ?? 3600,
        ...(scope !== null && { scope }),
      },
    };
  };
  const answerMcp = ({ headers }: Asked): Reply => {
    calls += 1;
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    if (accepted.has(token)) return { body: { jsonrpc: '2.0', id: 1, result: {} } };
    return { status: 401, headers: { 'www-authenticate': options.challenge ?? 'Bearer' } };
  };
  const server = await startScriptedServer((asked) => {
    const origin = `http://${asked.headers.host}`;
    if (asked.path === '/mcp') return answerMcp(asked);
    if (asked.path.startsWith('/.well-known/oauth-protected-resource')) {
      return { body: { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['read'] } };
    }
    if (asked.path === '/.well-known/oauth-authorization-server') {
      const metadata = {
        issuer: origin,
        token_endpoint: `${origin}/token`,
        scopes_supported: ['read', 'offline_access'],
      };
      return { body: { ...metadata, ...options.metadata } };
    }
    if (asked.path !== '/token' && asked.path !== '/idp/token') return { status: 404 };
    const form = new URLSearchParams(asked.body);
    forms.push(form);
    tokenRequests.push(asked);
    return scene.answer(form, asked) ?? issueToken(form.get('scope'));
  });
  const scene: MachineScene = {
    origin: server.origin,
    url: `${server.origin}/mcp`,
    forms,
    tokenRequests,
    accepted,
    calls: () => calls,
    answer: () => undefined,
    close: () => server.close(),
  };
  return scene;
}
