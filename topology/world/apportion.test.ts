import test from 'ava';
import * as fc from 'fast-check';
import { apportion, seats } from './apportion.ts';

const weights = fc
  .array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 30 })
  .filter((all) => all.some((w) => w > 0));

test('parts add up to the whole, each within one of its quota', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000_000 }), weights, (total, all) => {
      const parts = apportion(total, all);
      const sum = all.reduce((one, other) => one + other, 0);
      return (
        parts.reduce((one, other) => one + other, 0) === total &&
        parts.every((part, index) => Number.isInteger(part) && Math.abs(part - (total * all[index]!) / sum) < 1)
      );
    }),
  );
  t.deepEqual(apportion(10, [1, 1, 1]), [4, 3, 3]);
  t.throws(() => apportion(1, [0, 0]), { instanceOf: RangeError });
});

test('seats are those of Sainte-Laguë, beyond those had and up to the most', (t) => {
  // The example of Wikipedia’s article on the method: 53,000, 24,000 and 23,000 votes for 7 seats.
  t.deepEqual(seats(7, [53_000, 24_000, 23_000]), [3, 2, 2]);
  t.deepEqual(seats(2, [100, 1], [1, 1]), [3, 1]);
  t.deepEqual(seats(4, [100, 1], [], [2, 1]), [2, 1]);
  t.deepEqual(seats(3, [5, 5, 5]), [1, 1, 1]);
});

test('one seat more takes none from anybody', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 200 }), weights, (total, all) => {
      const [before, after] = [seats(total, all), seats(total + 1, all)];
      return after.every((count, index) => count >= before[index]!) && after.reduce((a, b) => a + b, 0) === total + 1;
    }),
  );
  t.pass();
});
