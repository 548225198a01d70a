import test from 'ava';
import { DVR_MS, liveEvent, Rig, SEGMENT_MS } from './live-origin.fixture.ts';

const published = (rig: Rig, numbers: readonly number[]) => {
  for (const number of numbers) {
    rig.to(number * SEGMENT_MS);
    rig.offer(number);
  }
};
const listing = (rig: Rig) => rig.origin.listing('match', 'v1', rig.at);

test('nothing is listed before something is published', (t) => {
  const rig = new Rig();
  rig.to(5 * SEGMENT_MS);
  t.is(listing(rig), null);
});

test('published numbers are listed, until the next one is due', (t) => {
  const rig = new Rig();
  published(rig, [1, 2]);
  rig.to(2 * SEGMENT_MS + 300);
  t.deepEqual(listing(rig), { firstNumber: 1, segments: [true, true], complete: false, lifetimeMs: 1700 });
});

test('a number that was never produced is a gap; one that may still come ends the list', (t) => {
  const rig = new Rig();
  published(rig, [1]);
  rig.to(3 * SEGMENT_MS - 1);
  rig.offer(3);
  t.like(listing(rig), { segments: [true], lifetimeMs: 0 }, 'number 2 may come until its deadline');
  rig.offer(2, { defect: 'empty' });
  rig.to(3 * SEGMENT_MS + 1);
  t.deepEqual(listing(rig)!.segments, [true, false, true]);
  rig.to(5 * SEGMENT_MS);
  t.deepEqual(listing(rig)!.segments, [true, false, true, false], 'and goes on when nobody publishes');
});

test('numbering goes on when the first segments leave the DVR window, and starts at a published one', (t) => {
  const rig = new Rig();
  published(rig, [1, 2, 4, 5]);
  rig.to(2 * SEGMENT_MS + DVR_MS);
  t.is(listing(rig)!.firstNumber, 4);
});

test('what memory had no room for is a gap inside the list, and nothing at its start', (t) => {
  const rig = new Rig({ maxStoredBytes: 2000 });
  published(rig, [1, 2, 3]);
  t.deepEqual(listing(rig), { firstNumber: 2, segments: [true, true], complete: false, lifetimeMs: SEGMENT_MS });
});

test('a listing is complete once the event has ended and its last number is settled', (t) => {
  const rig = new Rig();
  published(rig, [1, 2]);
  rig.announce(liveEvent({ state: 'ended', endNumber: 3 }));
  t.is(listing(rig)!.complete, false);
  rig.to(3 * SEGMENT_MS);
  rig.offer(3);
  t.deepEqual(listing(rig), {
    firstNumber: 1,
    segments: [true, true, true],
    complete: true,
    lifetimeMs: DVR_MS - 2 * SEGMENT_MS,
  });
});
