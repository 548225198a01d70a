import { ratio } from './series-book.ts';

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @param values NaN where there is none */
export function weightedMean(values: readonly number[], weights: readonly number[]): number | null {
  let [total, weight] = [0, 0];
  values.forEach((value, index) => {
    if (Number.isNaN(value)) return;
    total += value * weights[index]!;
    weight += weights[index]!;
  });
  return ratio(total, weight);
}
