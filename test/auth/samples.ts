// Owns plain values of the auth room for tests that change one member of them.
import type { Answer } from '../../src/auth/answer.ts';
import { parseObject } from '../../src/auth/answer.ts';
import type { Discovery } from '../../src/auth/discover.ts';
import type { LoginRecord, SavedClient } from '../../src/auth/token-store.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import type { LogPort } from '../../src/lib/log-port.ts';

export const oauth: OAuthSettings = {
  grantType: 'authorization_code',
  dpop: false,
  callbackHost: '127.0.0.1',
  authorizationParams: {},
};

export const httpEntry: HttpServerEntry = {
  kind: 'http',
  name: 'crm',
  disabled: false,
  timeoutMs: 10_000,
  totalTimeoutMs: 3_600_000,
  connectTimeoutMs: 10_000,
  maxResultBytes: 1_048_576,
  protocol: 'auto',
  transport: 'auto',
  url: 'https://mcp.example/mcp',
  headers: {},
  oauth,
};

export const publicClient: SavedClient = {
  client_id: 'client-1',
  token_endpoint_auth_method: 'none',
  redirect_uri: 'http://127.0.0.1:33418/callback',
  registered_at: 1_700_000_000,
};

/** `origin` stands in for the authorization server. */
export function sampleDiscovery(origin = 'https://as.example', change: Partial<Discovery> = {}): Discovery {
  return {
    issuer: origin,
    resource: 'https://mcp.example/mcp',
    trail: [],
    as: {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
    },
    ...change,
  };
}

export function sampleRecord(change: Partial<LoginRecord> = {}): LoginRecord {
  return {
    version: 1,
    server_url: 'https://mcp.example/mcp',
    resource: 'https://mcp.example/mcp',
    issuer: 'https://as.example',
    token_endpoint: 'https://as.example/token',
    client: publicClient,
    tokens: {
      access_token: 'access-0',
      refresh_token: 'refresh-0',
      token_type: 'Bearer',
      scope: 'read',
      issued_at: 1_700_000_000,
      expires_at: 1_700_003_600,
    },
    updated_at: 1_700_000_000,
    ...change,
  };
}

/** An answer as it comes from the network; an object becomes JSON. */
export function answerOf(status: number, body: string | object = '', retryAfter?: string): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const json = parseObject(text);
  return { status, text, ...(json && { json }), ...(retryAfter !== undefined && { retryAfter }) };
}

export interface NotedLog extends LogPort {
  readonly lines: { readonly level: string; readonly details: object; readonly message: string }[];
}

export function noteLog(): NotedLog {
  const lines: NotedLog['lines'] = [];
  const at = (level: string) => (details: object, message: string) => void lines.push({ level, details, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
