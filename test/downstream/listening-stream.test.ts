// The one GET stream of a session: src/downstream/listening-stream.ts.
import { expect, it } from 'vitest';
import { ListeningStream } from '../../src/downstream/listening-stream.ts';

it.each([
  ['after one that ended', { session: 'a', resumedFrom: undefined, followsGap: true }],
  ['that goes on where the last one ended', { session: 'a', resumedFrom: '7', followsGap: false }],
  ['of another session', { session: 'b', resumedFrom: undefined, followsGap: false }],
])('D31: a stream %s follows a gap, or does not', (_what, { session, resumedFrom, followsGap }) => {
  const listening = new ListeningStream();
  const first = listening.begin('a', undefined);
  if (!first) throw new Error('it is the first');
  expect(first.followsGap).toBe(false);
  listening.follow(first, new ReadableStream());
  first.lastEventId = '7';
  listening.end(first);
  // One that could not be opened is no stream, and does not lose the place to go on from.
  const failed = listening.begin('a', '7');
  if (failed) listening.end(failed);
  expect(listening.isMeant(new Headers({ 'last-event-id': '7' }))).toBe(true);
  expect(listening.begin(session, resumedFrom)).toMatchObject({ followsGap });
});
