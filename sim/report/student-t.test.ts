import test from 'ava';
import { studentT } from './student-t.ts';

// Tables of Student's distribution, two-sided; [freedom, 90 %, 95 %, 99 %].
const TABLE = [
  [1, 6.3138, 12.7062, 63.6567],
  [2, 2.92, 4.3027, 9.9248],
  [3, 2.3534, 3.1824, 5.8409],
  [4, 2.1318, 2.7764, 4.6041],
  [9, 1.8331, 2.2622, 3.2498],
  [19, 1.7291, 2.093, 2.8609],
  [29, 1.6991, 2.0452, 2.7564],
  [100, 1.6602, 1.984, 2.6259],
  [999, 1.6464, 1.9623, 2.5808],
] as const;

test('the quantiles are those of the printed tables, to their four decimals', (t) => {
  for (const [freedom, ...values] of TABLE)
    values.forEach((value, at) => {
      const got = studentT([0.9, 0.95, 0.99][at]!, freedom);
      t.true(Math.abs(got - value) < 0.6e-4, `${freedom} degrees: ${got}, table ${value}`);
    });
});

test('one degree is Cauchy’s distribution, whose quantile is a tangent', (t) => {
  for (const confidence of [0.5, 0.8, 0.95, 0.99]) {
    const exact = Math.tan((Math.PI * confidence) / 2);
    t.true(Math.abs(studentT(confidence, 1) / exact - 1) < 1e-10);
  }
});

test('one observation has no interval', (t) => {
  t.throws(() => studentT(0.95, 0), { instanceOf: RangeError });
});
