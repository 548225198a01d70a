import test from 'ava';
import { NodeClock } from './node-clock.ts';

test('without an error a clock shows the true time', (t) => {
  const clock = new NodeClock();
  t.is(clock.nowMs(1234.5), 1234.5);
  t.is(clock.wallMs(1_800_000_000_000), 1_800_000_000_000);
});

test('a fast wall clock is ahead, a slow one behind, and the monotonic one does not care', (t) => {
  const fast = new NodeClock(200);
  t.is(fast.wallMs(1000), 1200);
  t.is(fast.nowMs(1000), 1000);
  t.is(new NodeClock(-200).wallMs(1000), 800);
});

test('a drifting monotonic clock gains so many millionths, and there is a way back to the true time', (t) => {
  const clock = new NodeClock(0, 50);
  t.true(Math.abs(clock.nowMs(1_000_000) - 1_000_050) < 1e-6);
  for (const trueMs of [0, 1, 17.25, 3_600_000]) t.true(Math.abs(clock.trueMs(clock.nowMs(trueMs)) - trueMs) < 1e-6);
});
