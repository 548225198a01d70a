import test from 'ava';
import * as fc from 'fast-check';
import { isoDuration, isoTime } from './iso-time.ts';

/** The last millisecond of the year 9999. */
const MOST_MS = 253_402_300_799_999;

test('times are written as Date writes them, to the year 9999', (t) => {
  for (const ms of [0, 1, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 4_107_542_400_000, MOST_MS]) {
    t.is(isoTime(ms), new Date(ms).toISOString());
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MOST_MS }), (ms) => isoTime(ms) === new Date(ms).toISOString()),
    { numRuns: 2000 },
  );
});

test('durations are whole seconds and their thousandths, never an exponent', (t) => {
  t.is(isoDuration(0), 'PT0S');
  t.is(isoDuration(1920), 'PT1.920S');
  t.is(isoDuration(5), 'PT0.005S');
  t.is(isoDuration(600_000), 'PT600S');
  t.is(isoDuration(Number.MAX_SAFE_INTEGER), 'PT9007199254740.991S');
});
