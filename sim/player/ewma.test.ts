import test from 'ava';
import { Ewma } from './ewma.ts';

test('half of the mean comes from the last half-life of weight', (t) => {
  const ewma = new Ewma(3);
  ewma.sample(3, 10);
  t.is(round(ewma.mean), 10, 'what was never sampled does not count');
  ewma.sample(3, 20);
  t.is(round(ewma.mean), round((20 * 0.5 + 10 * 0.25) / 0.75));
  t.is(ewma.weight, 6);
});

test('a mean of nothing is zero', (t) => {
  t.is(new Ewma(9).mean, 0);
});

function round(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
