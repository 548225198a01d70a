import test from 'ava';
import * as fc from 'fast-check';
import { newestNumber, oldestNumber } from '../../topology/model/live-window.ts';
import { livePositionMs, startPositionMs } from './live-position.ts';
import { liveEvent } from './virtual-world.fixture.ts';

const START_MS = 1_000_000;
const event = liveEvent({ availabilityStartMs: START_MS, dvrWindowMs: 600_000 });
const at = (elapsedMs: number, startAt: Parameters<typeof startPositionMs>[2]) =>
  startPositionMs(event, START_MS + elapsedMs, startAt, 3);

test('start over: at the beginning, or three segments inside the DVR window once that has moved on', (t) => {
  t.is(at(60_000, 'start-over'), 0);
  t.is(at(590_000, 'start-over'), 0, 'the first leaves the window at 602 s');
  t.is(at(598_000, 'start-over'), 4000, 'at 604 s two will be gone');
  t.is(at(3_600_000, 'start-over'), 3_006_000);
});

test('so far behind live, but never out of the window, nor ahead of live', (t) => {
  t.is(at(300_000, { behindLiveMs: 100_000 }), 194_000);
  t.is(at(300_000, { behindLiveMs: 0 }), at(300_000, 'live'));
  t.is(at(300_000, { behindLiveMs: 900_000 }), 0);
  t.is(at(3_600_000, { behindLiveMs: 900_000 }), 3_006_000);
});

test('an event that is over plays from its beginning', (t) => {
  const over = { ...event, state: 'ended' as const, endNumber: 100 };
  t.is(startPositionMs(over, START_MS + 400_000, 'start-over', 3), 0);
});

test('whatever is asked for: inside the window, and never beyond where live playback starts', (t) => {
  const startAts = fc.oneof(
    fc.constantFrom('live' as const, 'start-over' as const),
    fc.record({ behindLiveMs: fc.integer({ min: 0, max: 2_000_000 }) }),
  );
  fc.assert(
    fc.property(
      startAts,
      fc.integer({ min: 0, max: 5_000_000 }),
      fc.integer({ min: 2000, max: 900_000 }),
      (startAt, elapsedMs, dvrWindowMs) => {
        const window = { ...event, dvrWindowMs };
        const wallMs = START_MS + elapsedMs;
        const positionMs = startPositionMs(window, wallMs, startAt, 3);
        const number = window.startNumber + Math.floor(positionMs / 2000);
        t.true(number >= oldestNumber(window, wallMs) && number <= newestNumber(window, wallMs) + 1);
        t.true(positionMs <= livePositionMs(window, wallMs, 3));
      },
    ),
  );
});
