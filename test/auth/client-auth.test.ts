import { expect, it } from 'vitest';
import { clientAuthOf, listedSecretMethods } from '../../src/auth/client-auth.ts';
import type { TokenEndpointAuthMethod } from '../../src/auth/token-store.ts';

const as = { issuer: 'https://as.example' };

async function present(method: TokenEndpointAuthMethod, secret?: string) {
  const [body, headers] = [new URLSearchParams(), new Headers()];
  const client = { client_id: 'c', token_endpoint_auth_method: method, ...(secret && { client_secret: secret }) };
  const auth = await clientAuthOf('crm', client);
  await auth(as, { client_id: 'c' }, body, headers);
  return { body: body.toString(), header: headers.get('authorization') };
}

it.each<[TokenEndpointAuthMethod, string | undefined, string, string | null]>([
  ['none', undefined, 'client_id=c', null],
  ['none', 'unused', 'client_id=c', null],
  ['client_secret_post', 's', 'client_id=c&client_secret=s', null],
  ['client_secret_basic', 's', '', 'Basic Yzpz'],
])('a client with %s and the secret %s is presented in one way', async (method, secret, body, header) => {
  expect(await present(method, secret)).toEqual({ body, header });
});

it('an identifier and a secret are encoded as a form is, and what a form leaves alone stays (RFC 6749 section 2.3.1)', async () => {
  const { header } = await present('client_secret_basic', 'a-b_c.d e:ü%');
  expect(Buffer.from(header?.replace('Basic ', '') ?? '', 'base64').toString()).toBe('c:a-b_c.d+e%3A%C3%BC%25');
});

it.each<[TokenEndpointAuthMethod, string | undefined]>([
  ['client_secret_basic', undefined],
  ['client_secret_post', undefined],
  ['private_key_jwt', 's'],
])('a client with %s and the secret %s cannot be presented', async (method, secret) => {
  const client = { client_id: 'c', token_endpoint_auth_method: method, ...(secret && { client_secret: secret }) };
  await expect(clientAuthOf('crm', client)).rejects.toMatchObject({ code: 'AUTH_FAILED', server: 'crm' });
});

it('a server that lists no methods takes client_secret_basic (RFC 8414 section 2)', () => {
  expect(listedSecretMethods(as)).toEqual(['client_secret_basic']);
  expect(listedSecretMethods({ ...as, token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] })).toEqual(
    ['client_secret_post'],
  );
});
