import test from 'ava';
import {
  erlangB,
  erlangC,
  EXPONENTIAL_MOMENTS,
  FIXED_MOMENTS,
  sojournMeanVariance,
  sojournMoments,
  timeAboveVariance,
} from './queues.ts';

function isNear(got: number, expected: number, relative = 1e-9): boolean {
  return Math.abs(got - expected) <= relative * Math.abs(expected);
}

test('time in system of M/M/1 is exponential with mean 1/(1 − ρ)', (t) => {
  for (const load of [0.1, 0.5, 0.9]) {
    const mean = 1 / (1 - load);
    const [first, second, third] = sojournMoments(load, EXPONENTIAL_MOMENTS);
    t.true(isNear(first, mean) && isNear(second, 2 * mean ** 2) && isNear(third, 6 * mean ** 3));
  }
});

test('time in system of M/D/1 as the reference has it', (t) => {
  for (const [load, mean] of [
    [0.5, 1.5],
    [0.8, 3],
    [0.9, 5.5],
    [0.95, 10.5],
  ] as const) {
    t.true(isNear(sojournMoments(load, FIXED_MOMENTS)[0], mean));
  }
});

test('without a queue the mean over customers varies as its parts, with one far more', (t) => {
  t.true(isNear(sojournMeanVariance(1e-9, EXPONENTIAL_MOMENTS), 1, 1e-6));
  // 1/(1 − ρ)² + 4ρ/(1 − ρ)⁴
  t.true(isNear(sojournMeanVariance(0.5, EXPONENTIAL_MOMENTS), 4 + 32));
});

test('Erlang’s formulas as the reference has them, and at one server by hand', (t) => {
  t.true(isNear(erlangB(1, 3), 3 / 4));
  t.true(isNear(erlangC(1, 0.3), 0.3));
  for (const [servers, load, lost] of [
    [10, 5, 0.018385],
    [100, 90, 0.026957],
    [1000, 950, 0.003649],
  ] as const) {
    t.true(Math.abs(erlangB(servers, load) - lost) < 5e-7);
  }
});

test('the share of time above a state varies as for two states by hand, and does not depend on how many states have no weight', (t) => {
  // Two states: 2 p q / (rate up + rate down), times p q … with up = load, down = 1.
  const load = 0.6;
  const up = load / (1 + load);
  t.true(isNear(timeAboveVariance(1, load, 1, 1), (2 * up * (1 - up)) / (1 + load)));
  t.true(isNear(timeAboveVariance(2, 1, 2, 100), timeAboveVariance(2, 1, 2, 400)));
  t.true(timeAboveVariance(1000, 950, 1000, 1000) > 0);
});
