// Tests of src/downstream/known-offers.ts, offers-file.ts and what server-file.ts keeps for others.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KnownOffers } from '../../src/downstream/known-offers.ts';
import { createOffersFile } from '../../src/downstream/offers-file.ts';
import { recordingLog, stdioEntry } from './surroundings.ts';

const hour = 3_600_000;
let directory: string;
let now: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portico-offers-'));
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const offers = { resources: true, prompts: true, completions: false };
const prompts = [{ name: 'p', 'x-unknown': null }];

/** What one gateway process knows of the server. */
function process(configuredAt?: number) {
  const changes: number[] = [];
  const file = createOffersFile({ directory, log: recordingLog().log }, stdioEntry());
  const known = new KnownOffers({ file, now: () => now, configuredAt, onChanged: () => changes.push(now) });
  return { known, changes };
}

async function visited(): Promise<void> {
  const { known } = process();
  known.told(offers);
  known.listed('prompts', prompts);
  await known.settled();
}

const onlyFile = () => join(directory, readdirSync(directory)[0] ?? '');
const written = () => JSON.parse(readFileSync(onlyFile(), 'utf8'));

it('what a server has besides tools is known to the next process, and private', async () => {
  await visited();
  expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
  const { known, changes } = process();
  expect(known.current).toBeUndefined();
  expect(await known.recall()).toEqual({ offers, lists: { prompts } });
  expect(known.current).toEqual(offers);
  // The same again is no news, and is not written.
  const before = written();
  now += hour;
  known.told(offers);
  known.listed('prompts', structuredClone(prompts));
  await known.settled();
  expect([changes, written()]).toEqual([[], before]);
  now += 24 * hour;
  known.listed('prompts', prompts);
  await known.settled();
  expect(written().lists.prompts.saved_at).toBe(now);
});

it('what a server says before the disk was read is added to what is found there', async () => {
  await visited();
  const { known } = process();
  known.told({ ...offers, completions: true });
  known.outdated(['resources', 'templates']);
  expect(await known.recall()).toEqual({ offers: { ...offers, completions: true }, lists: { prompts } });
  await known.settled();
  const next = process().known;
  expect(await next.recall()).toMatchObject({ offers: { completions: true }, lists: { prompts } });
  next.outdated(['prompts']);
  await next.settled();
  expect((await process().known.recall())?.lists).toEqual({});
});

it.each([
  ['a day old', 24 * hour, undefined],
  ['from before the config was changed', 0, 1],
  ['from the future', -1, undefined],
])('lists that are %s are not shown, and what there is still is', async (_what, passed, changed) => {
  await visited();
  const configuredAt = changed === undefined ? undefined : now + changed;
  now += passed;
  expect(await process(configuredAt).known.recall()).toEqual({ offers, lists: {} });
});

it('a list that is too long is not kept on disk, nor are lists that decide nothing', async () => {
  const { known } = process();
  known.told(offers);
  known.listed('resources', [{ uri: 'x://a' }]);
  known.listed('prompts', [{ name: 'p', description: 'x'.repeat(200_000) }]);
  await known.settled();
  expect((await known.recall())?.lists.prompts).toHaveLength(1);
  expect(await process().known.recall()).toEqual({ offers, lists: {} });
});

it('is forgotten with the login, on disk too, and does not come back from a read that was under way', async () => {
  await visited();
  const { known } = process();
  const reading = known.recall();
  await known.forget();
  expect(await reading).toBeUndefined();
  expect(readdirSync(directory)).toEqual([]);
  known.told(offers);
  await known.settled();
  expect(await process().known.recall()).toEqual({ offers, lists: {} });
});

it('members that a newer version wrote are kept, and a file of another form is replaced', async () => {
  await visited();
  writeFileSync(onlyFile(), JSON.stringify({ ...written(), 'of-the-future': [1] }));
  const { known } = process();
  known.told({ ...offers, prompts: false });
  await known.settled();
  expect(written()).toMatchObject({ 'of-the-future': [1], offers: { prompts: false } });
  for (const text of ['{', 'null', '{"version":2,"offers":{}}', '{"version":1}']) {
    writeFileSync(onlyFile(), text);
    expect(await process().known.recall()).toBeUndefined();
  }
  await visited();
  expect(written()).not.toHaveProperty('of-the-future');
});
