import test from 'ava';
import { AMPLE, DVR_MS, liveEvent, Rig, SEGMENT_MS } from './live-origin.fixture.ts';
import { INIT } from './segment-slot.ts';

test('the first valid candidate is served and stays, whichever pipeline sends another one later', (t) => {
  const rig = new Rig();
  rig.to(SEGMENT_MS);
  const first = rig.offer(1, { pipeline: 1 });
  const second = rig.offer(1, { pipeline: 0 });
  t.is(rig.ingest.get(first), 'published');
  t.is(rig.ingest.get(second), 'spare');
  t.like(rig.answer(rig.read(1)), { kind: 'serve', bodyId: first, lifetimeMs: DVR_MS });
});

test('an invalid candidate is not published, and a valid one of the other pipeline wins', (t) => {
  const rig = new Rig();
  rig.to(SEGMENT_MS);
  const bad = rig.offer(1, { pipeline: 0, defect: 'digest-mismatch' });
  const waiting = rig.read(1);
  t.is(rig.answer(waiting), undefined);
  const good = rig.offer(1, { pipeline: 1 });
  t.is(rig.ingest.get(bad), 'digest-mismatch');
  t.like(rig.answer(waiting), { kind: 'serve', bodyId: good });
});

test('when every candidate is bad the read is held, and after the retry deadline told what each pipeline did', (t) => {
  const rig = new Rig();
  rig.to(SEGMENT_MS);
  rig.offer(1, { pipeline: 1, defect: 'short-body' });
  rig.offer(1, { pipeline: 0, defect: 'digest-mismatch' });
  const held = rig.read(1);
  rig.to(2 * SEGMENT_MS);
  t.like(rig.answer(held), { kind: 'refuse', status: 404, reason: 'not-yet' });
  t.like(rig.answer(rig.read(1)), {
    kind: 'refuse',
    status: 410,
    reason: 'never-produced',
    detail: 'a: digest-mismatch, b: short-body',
  });
});

test('a segment that nobody sends is held for one segment after its due time, then never produced', (t) => {
  const rig = new Rig();
  rig.to(100);
  const held = rig.read(1);
  rig.to(2 * SEGMENT_MS - 1);
  t.is(rig.answer(held), undefined);
  rig.to(2 * SEGMENT_MS);
  t.like(rig.answer(held), { status: 404, lifetimeMs: 100 });
  t.is(rig.answeredAtMs.get(held), 2 * SEGMENT_MS);
  const late = rig.offer(1);
  t.is(rig.ingest.get(late), 'too-late');
  t.like(rig.answer(rig.read(1)), { status: 410, reason: 'never-produced', detail: 'a: missing, b: missing' });
});

test('next is answered the moment it is published', (t) => {
  const rig = new Rig();
  rig.to(300);
  const held = [rig.read(1), rig.read(1), rig.read(1, 'a1')];
  rig.to(1900);
  const body = rig.offer(1);
  t.deepEqual(
    held.map((id) => rig.answer(id)?.kind),
    ['serve', 'serve', undefined],
  );
  t.like(rig.answer(held[0]!), { bodyId: body, lifetimeMs: SEGMENT_MS + DVR_MS - 1900 });
  t.is(rig.answeredAtMs.get(held[0]!), 1900);
});

test('beyond next it is 404 at once, with a lifetime that ends when it becomes next', (t) => {
  const rig = new Rig();
  rig.to(500);
  // Number 3 becomes next at 4,000 ms, a quarter of a second earlier for clocks that run ahead.
  t.like(rig.answer(rig.read(3)), { status: 404, reason: 'too-early', lifetimeMs: 4000 - 250 - 500 });
  rig.to(3750);
  t.is(rig.answer(rig.read(3)), undefined, 'and then it is held');
});

test('the number after the newest published one is held even where pipelines run ahead of the clock', (t) => {
  const rig = new Rig();
  rig.to(10);
  rig.offer(1);
  t.is(rig.answer(rig.read(2)), undefined);
  t.like(rig.answer(rig.read(3)), { status: 404 });
  t.is(rig.ingest.get(rig.offer(2)), 'too-early', 'but candidates go by the clock');
});

test('an event that starts at number 0 in an hour is not held today', (t) => {
  const event = liveEvent({ startNumber: 0, availabilityStartMs: 1_000_000 + 3_600_000 });
  const rig = new Rig({}, event);
  t.like(rig.answer(rig.read(0)), { status: 404, reason: 'too-early', lifetimeMs: 3_600_000 - 250 });
});

test('outside the window it is 410: before the first, after the last, past the DVR window', (t) => {
  const rig = new Rig();
  rig.to(SEGMENT_MS);
  const body = rig.offer(1);
  t.like(rig.answer(rig.read(0)), { status: 410, reason: 'gone' });
  t.is(rig.announce(liveEvent({ state: 'ended', endNumber: 1 })), 'updated');
  t.like(rig.answer(rig.read(2)), { status: 410, reason: 'gone' });
  rig.to(SEGMENT_MS + DVR_MS + 1250);
  t.like(rig.answer(rig.read(1)), { status: 410, reason: 'gone' });
  t.deepEqual(rig.dropped, [[body, 'expired']]);
  t.is(rig.origin.storedBytes, 0);
  t.is(rig.origin.nextWake(), Infinity, 'nothing is left to sweep');
});

test('unknown events and renditions are 404', (t) => {
  const rig = new Rig();
  t.like(rig.answer(rig.read(1, 'v1', 'other')), { status: 404, reason: 'unknown-event' });
  t.like(rig.answer(rig.read(1, 'v9')), { status: 404, reason: 'unknown-rendition' });
  t.is(rig.ingest.get(rig.offer(1, { event: 'other' })), 'unknown-event');
  t.is(rig.ingest.get(rig.offer(1, { rendition: 'v9' })), 'unknown-rendition');
});

test('an init segment is held for one segment, may come any time, and stays after the first segments have left', (t) => {
  const rig = new Rig();
  const held = rig.read(INIT);
  rig.to(SEGMENT_MS);
  t.like(rig.answer(held), { status: 404, reason: 'not-yet' });
  const body = rig.offer(INIT);
  rig.to(10 * DVR_MS);
  t.like(rig.answer(rig.read(INIT)), { kind: 'serve', bodyId: body });
});

test('waiters are bounded in number, and one that leaves makes room', (t) => {
  const rig = new Rig({ maxWaiters: 2 });
  const first = rig.read(1);
  rig.read(1);
  t.like(rig.answer(rig.read(1)), { status: 503, reason: 'too-many-waiters', lifetimeMs: 5000 });
  rig.origin.release(first);
  const third = rig.read(1);
  t.is(rig.origin.waiting, 2);
  const body = rig.offer(1);
  t.is(rig.answer(first), undefined, 'who has left gets no answer');
  t.like(rig.answer(third), { kind: 'serve', bodyId: body });
  t.is(rig.origin.waiting, 0);
});

test('memory stays in its bound: the oldest segments are evicted, init segments never', (t) => {
  const rig = new Rig({ maxStoredBytes: 2500 });
  const init = rig.offer(INIT, { sizeBytes: 300 });
  const bodies = [1, 2, 3].map((number) => {
    rig.to(number * SEGMENT_MS);
    return rig.offer(number);
  });
  t.deepEqual(rig.dropped, [[bodies[0]!, 'evicted']]);
  t.is(rig.origin.storedBytes, 2300);
  t.like(rig.answer(rig.read(1)), { status: 410, reason: 'evicted' });
  t.is(rig.ingest.get(rig.offer(1)), 'gone');
  t.like(rig.answer(rig.read(INIT)), { kind: 'serve', bodyId: init });
  t.is(rig.ingest.get(rig.offer(4, { sizeBytes: 2201 })), 'no-room');
  t.is(rig.dropped.length, 1, 'nothing is evicted for what cannot fit');
});

test('under stress DVR reads are shed first, then all', (t) => {
  const rig = new Rig({ maxReads: 4 });
  for (const number of [1, 2, 3, 4, 5, 6]) {
    rig.to(number * SEGMENT_MS);
    rig.offer(number);
  }
  const kinds = [6, 5, 4, 1, 6, 6].map((number) => rig.answer(rig.read(number)));
  t.deepEqual(
    kinds.map((answer) => answer?.kind),
    ['serve', 'serve', 'serve', 'refuse', 'serve', 'refuse'],
  );
  t.like(kinds[3], { status: 503, reason: 'shed', lifetimeMs: 5000 });
  const [served] = rig.answers.keys();
  rig.origin.release(served!);
  t.is(rig.answer(rig.read(6))?.kind, 'serve');
});

test('the end of an event dismisses those who wait for what lies behind it', (t) => {
  const rig = new Rig();
  rig.to(SEGMENT_MS);
  rig.offer(1);
  const held = rig.read(2);
  rig.announce(liveEvent({ state: 'ended', endNumber: 1 }));
  t.like(rig.answer(held), { status: 410, reason: 'gone' });
});

test('an event is announced once; only its state and end move, forward', (t) => {
  const rig = new Rig({}, null);
  t.is(rig.announce(liveEvent({ state: 'scheduled' })), 'created');
  t.is(rig.announce(liveEvent({ state: 'scheduled' })), 'unchanged');
  t.is(rig.announce(liveEvent()), 'updated');
  t.is(rig.announce(liveEvent({ state: 'scheduled' })), 'conflict');
  t.is(rig.announce(liveEvent({ segmentDurationMs: 4000 })), 'conflict');
  t.regex([...rig.details.values()].at(-1)!, /segmentDurationMs/);
  t.is(rig.announce(liveEvent({ state: 'ended' })), 'bad-event');
  rig.to(2 * SEGMENT_MS);
  rig.offer(2);
  t.is(rig.announce(liveEvent({ state: 'ended', endNumber: 1 })), 'conflict');
  t.is(rig.announce(liveEvent({ state: 'ended', endNumber: 2 })), 'updated');
  t.is(rig.announce(liveEvent({ state: 'ended', endNumber: 3 })), 'conflict');
});

test('an event this origin cannot carry is refused', (t) => {
  const rig = new Rig({}, null);
  t.is(rig.announce(liveEvent({ dvrWindowMs: AMPLE.maxDvrWindowMs + 1 })), 'bad-event');
  t.is(rig.announce(liveEvent({ mediaTemplate: '/elsewhere/{rendition}/{number}.m4s' })), 'bad-event');
  const [v1] = liveEvent().renditions;
  t.is(rig.announce(liveEvent({ renditions: [v1!, v1!] })), 'bad-event');
});

test('events are bounded in number; one that is over makes room', (t) => {
  const named = (id: string, changes = {}) => {
    const templates = {
      mediaTemplate: `/live/${id}/{rendition}/{number}.m4s`,
      initTemplate: `/live/${id}/{rendition}/init.mp4`,
    };
    return liveEvent({ id, ...templates, ...changes });
  };
  const rig = new Rig({ maxEvents: 1 }, named('one', { state: 'ended', endNumber: 1 }));
  rig.to(100);
  const init = rig.offer(INIT, { event: 'one' });
  t.is(rig.announce(named('two')), 'too-many-events');
  rig.nowMs = SEGMENT_MS + DVR_MS + 250;
  t.is(rig.announce(named('two')), 'created');
  t.deepEqual(rig.dropped, [[init, 'expired']]);
  t.is(rig.origin.eventCount, 1);
});
