import test from 'ava';
import fc from 'fast-check';
import { monthAt } from './month.ts';

test('months are those of the calendar, in UTC, in every year', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2400, 11, 31) }), (wallMs) => {
      const date = new Date(wallMs);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      const beginsMs = Date.UTC(year, month, 1);
      t.deepEqual(monthAt(wallMs), {
        month: 12 * year + month,
        elapsedMs: wallMs - beginsMs,
        lengthMs: Date.UTC(year, month + 1, 1) - beginsMs,
      });
    }),
    { numRuns: 2000 },
  );
});

test('the first and the last millisecond of leap Februaries belong to them', (t) => {
  for (const year of [1972, 2000, 2026, 2028, 2100]) {
    const length = Date.UTC(year, 2, 1) - Date.UTC(year, 1, 1);
    t.is(monthAt(Date.UTC(year, 1, 1)).elapsedMs, 0);
    t.is(monthAt(Date.UTC(year, 2, 1) - 1).elapsedMs, length - 1);
    t.is(monthAt(Date.UTC(year, 1, 1)).lengthMs, length);
  }
});
