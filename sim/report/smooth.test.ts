import test from 'ava';
import fc from 'fast-check';
import { sampleResult } from './sample-result.fixture.ts';
import { smoothed, smoothSteps } from './smooth.ts';

test('a saw with the period of the window becomes its mean', (t) => {
  const saw = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 0 : 10));
  t.deepEqual(
    smoothed(saw, 4).slice(2, -2),
    Array.from({ length: 16 }, () => 5),
  );
  t.deepEqual(smoothed(saw, 1), saw);
});

test('nothing measured counts for nothing; where there is nothing, there is nothing', (t) => {
  t.deepEqual(smoothed([2, null, 4], 3), [2, 3, 4]);
  t.deepEqual(smoothed([null, null], 3), [null, null]);
});

test('ratios weigh as much as what they are ratios of', (t) => {
  t.deepEqual(
    smoothed([1, 0, 0], 3, [98, 1, 1]).map((value) => Math.round(value * 100)),
    [99, 98, 0],
  );
});

test('no mean lies outside of what it is the mean of', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
      fc.integer({ min: 1, max: 9 }),
      (values, steps) => {
        const [low, high] = [Math.min(...values), Math.max(...values)];
        return smoothed(values, steps).every((value) => value >= low - 1e-12 && value <= high + 1e-12);
      },
    ),
  );
  t.pass();
});

test('the window covers two segments at least', (t) => {
  const result = sampleResult();
  t.is(smoothSteps(result), 2);
  t.is(smoothSteps({ ...result, series: { ...result.series, stepSeconds: 0.5 } }), 8);
  t.is(smoothSteps({ ...result, series: { ...result.series, stepSeconds: 60 } }), 1);
});
