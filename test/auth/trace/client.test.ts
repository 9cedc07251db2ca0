// What the doctor says of the way in (src/auth/trace/client.ts), above all of a client under suspicion.
import { describe, expect, it } from 'vitest';
import { type ClientTrace, judgeClient } from '../../../src/auth/trace/client.ts';
import { oauth, publicClient, sampleDiscovery, sampleRecord } from '../samples.ts';

const document = 'https://portico.example/client.json';
const { as, issuer } = sampleDiscovery();
const open = { ...as, registration_endpoint: `${issuer}/register` };
const closed = (({ registration_endpoint: _none, ...rest }) => rest)(open);
const takesDocuments = { client_id_metadata_document_supported: true };
const documents = { ...oauth, clientMetadataUrl: document };
const registered = sampleRecord({ client: publicClient });

const judge = (change: Partial<ClientTrace>) =>
  judgeClient({ as: open, settings: oauth, saved: undefined, now: 1_700_000_000_000, ...change });

describe('A3: the client that the last login used, which nobody finished', () => {
  it('is not used again where it was registered: it is named, and the next login registers anew', () => {
    const { status, summary, facts } = judge({ saved: registered, distrustedClientId: publicClient.client_id });
    expect(facts).toMatchObject({ way: 'dynamic_registration', suspected_client_id: publicClient.client_id });
    expect(summary).toMatch(/^registers itself .*; "client-1" is not used again, since .* was not finished$/);
    expect(status).toBe('ok');
  });

  it('leaves no way in where nobody may register', () => {
    const { status, facts } = judge({
      as: closed,
      saved: registered,
      distrustedClientId: publicClient.client_id,
    });
    expect(facts).toMatchObject({ way: 'none', suspected_client_id: publicClient.client_id });
    expect(status).toBe('failed');
  });

  it('is a metadata document: the next login registers', () => {
    const { facts } = judge({ as: { ...open, ...takesDocuments }, settings: documents, distrustedClientId: document });
    expect(facts).toMatchObject({ way: 'dynamic_registration', suspected_client_id: document });
  });

  it.each<[string, Partial<ClientTrace>, string]>([
    [
      'a metadata document, and nobody may register',
      { as: { ...closed, ...takesDocuments }, settings: documents, distrustedClientId: document },
      'metadata_document',
    ],
    ['another one than is saved', { saved: registered, distrustedClientId: 'client-0' }, 'registered_before'],
    ['one that was never saved', { distrustedClientId: 'client-0' }, 'dynamic_registration'],
    [
      'that of the config',
      { settings: { ...oauth, clientId: 'by-hand' }, distrustedClientId: 'by-hand' },
      'configured',
    ],
    ['nobody', { saved: registered }, 'registered_before'],
  ])('is no matter where it is %s', (_case, change, way) => {
    const { summary, facts } = judge(change);
    expect(facts).toMatchObject({ way, suspected_client_id: null });
    expect(summary).not.toContain('not used again');
  });
});

it('B15: a client of the config that was used at another issuer is a failure, with the line that says that it moved', () => {
  const settings = { ...oauth, clientId: publicClient.client_id };
  const saved = sampleRecord({ client: publicClient, issuer: 'https://old.example' });
  expect(judge({ settings, saved })).toMatchObject({
    status: 'failed',
    fix: { config: expect.stringContaining(issuer) },
  });
  expect(judge({ settings: { ...settings, issuer }, saved }).status).toBe('ok');
});
