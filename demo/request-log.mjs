// Owns what the two fixture servers saw, in the order in which they saw it, and each request in plain words. What is
// shown comes from the servers' own logs; values of codes and tokens are never shown.

/**
 * @typedef {import('../fixtures/http/loopback.mjs').LogEntry} LogEntry
 * @typedef {{ at: 'protected' | 'authorization', entry: LogEntry }} Seen
 * @typedef {{ at: string, method: string, path: string, status: number, note: string }} Described
 */

export class RequestLog {
  /** @type {Seen[]} */
  #seen = [];
  #shown = 0;

  /** Follows the log of one server from now on. @param {Seen['at']} at @param {LogEntry[]} log */
  follow(at, log) {
    const push = log.push.bind(log);
    log.push = (...entries) => {
      this.#seen.push(...entries.map((entry) => ({ at, entry })));
      return push(...entries);
    };
  }

  /** What came since the last call of this. @returns {Seen[]} */
  take() {
    const fresh = this.#seen.slice(this.#shown);
    this.#shown = this.#seen.length;
    return fresh;
  }
}

/** @param {Seen} seen @returns {Described} */
export function describeRequest({ at, entry }) {
  const { method, path, status } = entry;
  const note = at === 'protected' ? noteOfProtected(entry) : noteOfAuthorization(entry);
  return { at, method, path, status, note };
}

/** @param {Seen} seen @param {'register' | 'authorize' | 'code' | 'refresh'} kind */
export function isRequest({ at, entry }, kind) {
  if (at !== 'authorization') return false;
  if (kind === 'register') return entry.path === '/register';
  if (kind === 'authorize') return entry.path === '/authorize';
  if (entry.path !== '/token') return false;
  return entry.form?.['grant_type'] === (kind === 'refresh' ? 'refresh_token' : 'authorization_code');
}

/** @param {LogEntry} entry */
function noteOfProtected({ method, path, authorization, json }) {
  if (path.startsWith('/.well-known/')) return 'discovery: who issues tokens for this server? (RFC 9728)';
  const token = authorization === undefined ? 'without a token' : 'with the access token';
  if (method === 'GET') return `asks for an event stream, ${token}`;
  if (method === 'DELETE') return `ends the session, ${token}`;
  const asked = /** @type {{ method?: string, params?: { name?: string } } | undefined} */ (json);
  return [asked?.method, asked?.params?.name, token].filter((part) => part !== undefined).join(' ');
}

/** @param {LogEntry} entry */
function noteOfAuthorization({ path, json, query = {}, form = {} }) {
  if (path.startsWith('/.well-known/')) return 'discovery: where are the endpoints? (RFC 8414)';
  if (path === '/register') {
    const { client_name, redirect_uris } = /** @type {{ client_name?: string, redirect_uris?: string[] }} */ (
      json ?? {}
    );
    return `registers "${client_name}", redirect to ${redirect_uris?.join(' ')} (RFC 7591)`;
  }
  if (path === '/authorize') {
    const asked = ['code_challenge_method', 'scope'].filter((name) => query[name] !== undefined);
    return ['login page', ...asked.map((name) => `${name}=${query[name]}`)].join(', ');
  }
  if (path === '/authorize/decision') return `the user says: ${form['decision']}`;
  if (path === '/token') return noteOfToken(form);
  return '';
}

/** @param {Record<string, string>} form */
function noteOfToken(form) {
  const secrets = ['code', 'code_verifier', 'refresh_token'].filter((name) => form[name] !== undefined);
  return `grant_type=${form['grant_type']}, with ${secrets.join(' and ')}, for ${form['resource'] ?? 'no resource'}`;
}
