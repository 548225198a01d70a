import test from 'ava';
import { LiveEvents } from './live-events.ts';

const TIMING = { availabilityStartMs: 100_000, segmentDurationMs: 2000, startNumber: 1, dvrWindowMs: 60_000 };
/** Segment 10 is complete at this wall-clock time. */
const TEN_MS = 120_000;

test('a document is asked for once, until there is an answer', (t) => {
  const events = new LiveEvents();
  t.true(events.wantsLearning(0, 0));
  t.false(events.wantsLearning(0, 60_000));
  events.learned(0, TIMING, 2000, 60_000);
  t.false(events.wantsLearning(0, 61_999));
  t.true(events.wantsLearning(0, 62_000));
});

test('a document without a lifetime is not asked for at each request', (t) => {
  const events = new LiveEvents();
  events.wantsLearning(0, 0);
  events.learned(0, TIMING, 0, 0);
  t.false(events.wantsLearning(0, 499));
  t.true(events.wantsLearning(0, 500));
});

test('nothing is refused before the document is known; what is known survives an outage', (t) => {
  const events = new LiveEvents();
  t.is(events.verdict(0, 10, TEN_MS, 0), null);
  events.unknown(0, 0);
  t.is(events.verdict(0, 10, TEN_MS, 0), null);
  t.false(events.wantsLearning(0, 1999));
  t.true(events.wantsLearning(0, 2000));
  events.learned(0, TIMING, 2000, 0);
  events.unknown(0, 3000);
  t.deepEqual(events.verdict(0, 10, TEN_MS, 0), { kind: 'available', untilMs: TEN_MS + 60_000 });
});

test('each event has its own window', (t) => {
  const events = new LiveEvents();
  events.learned(1, TIMING, 2000, 0);
  t.is(events.verdict(0, 10, TEN_MS, 0), null);
  t.is(events.verdict(1, 11, TEN_MS, 0)?.kind, 'next');
  t.deepEqual(events.verdict(1, 12, TEN_MS, 0), { kind: 'too-early', untilMs: TEN_MS + 2000 });
});

test('the newest three segments are the live edge, older ones DVR; an unknown event counts as live', (t) => {
  const events = new LiveEvents();
  t.is(events.priority(0, 3, TEN_MS), 'live-edge');
  events.learned(0, TIMING, 2000, 0);
  t.is(events.priority(0, 11, TEN_MS), 'live-edge');
  t.is(events.priority(0, 8, TEN_MS), 'live-edge');
  t.is(events.priority(0, 7, TEN_MS), 'live-dvr');
});
