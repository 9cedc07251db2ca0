// `portico client-metadata`: the document to host, out of the config and the command line.
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const url = 'https://portico.example/client.json';
const crm = { url: 'https://crm.example/mcp', oauth: { clientMetadataUrl: url, callbackPort: 33418 } };

test('B21: client-metadata prints the document that the config needs, on stdout, with and without --json', async () => {
  const home = stage.home({ servers: { crm, other: { url: 'https://other.example/mcp' } } });
  for (const words of [['client-metadata'], ['client-metadata', '--json'], ['client-metadata', '--url', url]]) {
    const { code, stdout, stderr } = await stage.run(home, words);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      client_id: url,
      client_name: 'Portico',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://127.0.0.1:33418/callback'],
      token_endpoint_auth_method: 'none',
    });
  }
});

test('--url and --redirect-uri need no config', async () => {
  const home = stage.home({ env: { GATEWAY_MCP_CONFIG: '' } });
  rmSync(home.configFile);
  const redirect = 'http://127.0.0.1:4000/callback';
  const { code, stdout } = await stage.run(home, ['client-metadata', '--url', url, '--redirect-uri', redirect]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ client_id: url, redirect_uris: expect.arrayContaining([redirect]) });
});

describe('wrong usage ends with 2 and says what to write', () => {
  test.each([
    { servers: {}, words: [], says: /--url https/ },
    {
      servers: { crm, other: { url: 'https://other.example/mcp', oauth: { clientMetadataUrl: `${url}?2` } } },
      words: [],
      says: /more than one[\s\S]*--url/,
    },
    { servers: { crm }, words: ['--url', 'http://portico.example/c'], says: /https/ },
    { servers: { crm }, words: ['--url', 'https://portico.example/#a'], says: /fragment/ },
    { servers: { crm }, words: ['--url', url, '--config', 'nowhere.json'], says: /nowhere\.json/ },
    { servers: { crm }, words: ['--redirect-uri', 'callback'], says: /--redirect-uri/ },
  ])('$words', async ({ servers, words, says }) => {
    const home = stage.home({ servers });
    const { code, stdout, stderr } = await stage.run(home, ['client-metadata', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
