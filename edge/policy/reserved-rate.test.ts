import test from 'ava';
import * as fc from 'fast-check';
import { ReservedRate } from './reserved-rate.ts';

/** Viewers in step: all ask at once, once a segment; a report each second. */
function ratesOf(viewers: number, nominalBps: number, segmentMs: number, seconds: number): number[] {
  const reserved = new ReservedRate();
  const rates: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const nowMs = second * 1000;
    if (nowMs % segmentMs === 0) for (let viewer = 0; viewer < viewers; viewer++) reserved.asked(nominalBps, segmentMs);
    rates.push(reserved.sampleBps(nowMs + 500, 0));
  }
  return rates;
}

test('the first sample begins the measurement', (t) => {
  const reserved = new ReservedRate();
  reserved.asked(5e6, 2000);
  t.is(reserved.sampleBps(0, 0), 0);
});

test('viewers that ask in step are one steady rate, although a second holds all of their requests or none', (t) => {
  for (const segmentMs of [1000, 2000, 4000, 6000, 10_000]) {
    const rates = ratesOf(100, 5e6, segmentMs, 60).slice(31);
    t.deepEqual([...new Set(rates)], [5e8], `segments of ${segmentMs} ms`);
  }
});

test('what players leave is gone from the rate after three segment durations', (t) => {
  const reserved = new ReservedRate();
  for (let second = 0; second <= 10; second++) {
    if (second % 2 === 0) reserved.asked(5e6, 2000);
    reserved.sampleBps(second * 1000, 0);
  }
  const after: number[] = [];
  for (let second = 11; second <= 18; second++) after.push(reserved.sampleBps(second * 1000, 0));
  t.true(after[0]! > 0);
  t.is(after.at(-1), 0);
});

test('what has no nominal bitrate counts by what is sent', (t) => {
  const reserved = new ReservedRate();
  reserved.sampleBps(0, 0);
  for (let second = 1; second <= 5; second++) reserved.asked(1e6, 1000);
  t.is(reserved.sampleBps(5000, 20e6), 5e6);
});

test('two reports at one moment, or totals that begin anew, are no rate below nothing and none without end', (t) => {
  const reserved = new ReservedRate();
  reserved.sampleBps(1000, 5e6);
  t.is(reserved.sampleBps(1000, 5e6), 0);
  t.is(reserved.sampleBps(2000, 0), 0);
});

test('a long measurement neither drifts nor forgets: the rate is that of the window', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 8000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 100, max: 300 }),
      (segmentMs, viewers, seconds) => {
        const reserved = new ReservedRate();
        let askedMs = 0;
        let rate = 0;
        for (let second = 0; second < seconds; second++) {
          for (; askedMs < second * 1000; askedMs += segmentMs) {
            for (let viewer = 0; viewer < viewers; viewer++) reserved.asked(3e6, segmentMs);
          }
          rate = reserved.sampleBps(second * 1000, 0);
        }
        // The window may hold one round of requests more or less than its length in durations.
        const windowMs = Math.max(3000, 3 * segmentMs);
        return Math.abs(rate / (viewers * 3e6) - 1) <= (segmentMs + 1000) / windowMs;
      },
    ),
  );
  t.pass();
});
