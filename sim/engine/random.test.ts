import test from 'ava';
import { Random, WeightedChoice, zipfWeights } from './random.ts';

const DRAWS = 200_000;
/** A right generator fails by accident once in 1.7 million; seeds are fixed, so it never does here. */
const STANDARD_ERRORS = 5;

/** Mean and variance of many draws. */
function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Float64Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
  return { mean, variance };
}

const errorOf = (deviation: number) => (STANDARD_ERRORS * deviation) / Math.sqrt(DRAWS);

test('uniform numbers lie in 0 … 1, with mean ½ and variance 1/12', (t) => {
  const random = new Random(1, 'uniform');
  let [least, most] = [1, 0];
  const { mean, variance } = momentsOf(() => {
    const value = random.uniform();
    least = Math.min(least, value);
    most = Math.max(most, value);
    return value;
  });
  t.true(least >= 0 && most < 1 && least < 1e-4 && most > 1 - 1e-4);
  t.true(Math.abs(mean - 0.5) < errorOf(Math.sqrt(1 / 12)));
  // Fourth central moment 1/80.
  t.true(Math.abs(variance - 1 / 12) < errorOf(Math.sqrt(1 / 80 - 1 / 144)));
});

test('exponential times have mean and deviation alike, and none is infinite', (t) => {
  const random = new Random(2, 'exponential');
  let most = 0;
  const { mean, variance } = momentsOf(() => {
    const value = random.exponential(3);
    most = Math.max(most, value);
    return value;
  });
  t.true(Math.abs(mean - 3) < errorOf(3));
  // Fourth central moment 9 times the fourth power of the mean.
  t.true(Math.abs(variance - 9) < errorOf(Math.sqrt(9 * 81 - 81)));
  t.true(most < Infinity);
});

test('normal numbers have mean 0, variance 1 and the normal share beyond two deviations', (t) => {
  const random = new Random(3, 'normal');
  let beyond = 0;
  const { mean, variance } = momentsOf(() => {
    const value = random.normal();
    if (value > 2) beyond++;
    return value;
  });
  t.true(Math.abs(mean) < errorOf(1));
  t.true(Math.abs(variance - 1) < errorOf(Math.sqrt(2)));
  t.true(Math.abs(beyond / DRAWS - 0.02275) < errorOf(Math.sqrt(0.02275)));
});

test('the two normal numbers of a pair do not depend on each other', (t) => {
  const random = new Random(4, 'pairs');
  const { mean } = momentsOf(() => random.normal() * random.normal());
  t.true(Math.abs(mean) < errorOf(1));
});

test('log-normal numbers have the median given', (t) => {
  const random = new Random(5, 'log-normal');
  const { mean } = momentsOf(() => (random.logNormal(20, 0.8) < 20 ? 1 : 0));
  t.true(Math.abs(mean - 0.5) < errorOf(0.5));
});

test('indexes are spread evenly and stay inside', (t) => {
  const random = new Random(6, 'index');
  const counts = Array.from({ length: 7 }, () => 0);
  for (let draw = 0; draw < DRAWS; draw++) counts[random.index(7)]!++;
  for (const count of counts) t.true(Math.abs(count / DRAWS - 1 / 7) < errorOf(Math.sqrt((1 / 7) * (6 / 7))));
});

test('the same seed and name give the same numbers; another seed or name gives others', (t) => {
  const drawn = (seed: number, name: string) => {
    const random = new Random(seed, name);
    return Array.from({ length: 5 }, () => random.uniform());
  };
  t.deepEqual(drawn(1, 'arrivals'), drawn(1, 'arrivals'));
  t.notDeepEqual(drawn(1, 'arrivals'), drawn(2, 'arrivals'));
  t.notDeepEqual(drawn(1, 'arrivals'), drawn(1, 'stays'));
});

test('streams of neighbouring seeds and names are not correlated', (t) => {
  for (const [a, b] of [
    [new Random(1, 'x'), new Random(2, 'x')],
    [new Random(1, 'viewer 1'), new Random(1, 'viewer 2')],
  ] as const) {
    const { mean } = momentsOf(() => (a.uniform() - 0.5) * (b.uniform() - 0.5));
    t.true(Math.abs(mean) < errorOf(1 / 12));
  }
});

test('first numbers of many seeds are spread evenly', (t) => {
  let seed = 0;
  const { mean, variance } = momentsOf(() => new Random(seed++, 'first').uniform());
  t.true(Math.abs(mean - 0.5) < errorOf(Math.sqrt(1 / 12)));
  t.true(Math.abs(variance - 1 / 12) < errorOf(Math.sqrt(1 / 80 - 1 / 144)));
});

test('choices come as often as their weights say, those without weight never', (t) => {
  const weights = [5, 0, 1, 0.25, 3.75, 0, 10];
  const choice = new WeightedChoice(weights);
  const random = new Random(7, 'choice');
  const counts = weights.map(() => 0);
  for (let draw = 0; draw < DRAWS; draw++) counts[choice.pick(random)]!++;
  for (const [index, weight] of weights.entries()) {
    const share = weight / 20;
    if (weight === 0) t.is(counts[index], 0);
    else t.true(Math.abs(counts[index]! / DRAWS - share) < errorOf(Math.sqrt(share * (1 - share))), `weight ${weight}`);
  }
});

test('one weight is always chosen; weights without a sum are refused', (t) => {
  const random = new Random(8, 'one');
  t.is(new WeightedChoice([3]).pick(random), 0);
  t.throws(() => new WeightedChoice([0, 0]), { instanceOf: RangeError });
  t.throws(() => new WeightedChoice([]), { instanceOf: RangeError });
});

test('Zipf’s weights fall with the rank', (t) => {
  t.deepEqual([...zipfWeights(4, 1)], [1, 1 / 2, 1 / 3, 1 / 4]);
  t.deepEqual([...zipfWeights(2, 0)], [1, 1]);
});
