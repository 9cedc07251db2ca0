// Owns a Streamable HTTP session made of nothing but `fetch`: the yardstick for what passes the gateway.

export interface RawSession {
  request(method: string, params?: object): Promise<unknown>;
}

export async function openRawSession(url: string): Promise<RawSession> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  let nextId = 1;
  const post = (message: object): Promise<Response> =>
    fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) });
  const request = async (method: string, params: object = {}): Promise<unknown> => {
    const response = await post({ id: nextId++, method, params });
    const session = response.headers.get('mcp-session-id');
    if (session !== null) headers['mcp-session-id'] = session;
    const text = await response.text();
    const isStream = response.headers.get('content-type')?.includes('event-stream') ?? false;
    const lines = text.split('\n').filter((line) => line.startsWith('data: '));
    for (const message of isStream ? lines.map((line) => line.slice('data: '.length)) : [text]) {
      const { result } = JSON.parse(message) as { result?: unknown };
      if (result !== undefined) return result;
    }
    throw new Error(`no result in the answer to ${method}: ${text.slice(0, 300)}`);
  };
  const clientInfo = { name: 'test', version: '1' };
  await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  await post({ method: 'notifications/initialized' });
  return { request };
}
