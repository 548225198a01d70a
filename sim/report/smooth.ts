import type { SimulationResult } from '../run/result.ts';

/** Of the run's length: finer is not to be seen on a plot. */
const FINEST_SHARE = 1 / 150;
const SEGMENTS = 2;

/**
 * How many steps a drawn value is the mean of. Players fetch in the rhythm of segments, and a step may be shorter than
 * one: then every plot would be a saw.
 */
export function smoothSteps({ series, scenario, ended }: SimulationResult): number {
  const windowSeconds = Math.max((SEGMENTS * scenario.event.segmentDurationMs) / 1000, ended.atSeconds * FINEST_SHARE);
  return Math.max(1, Math.round(windowSeconds / series.stepSeconds));
}

/**
 * Means over a window round each step, cut off at the ends; of an even number of steps the two outermost count half, so
 * that it stays in the middle. Steps without a value, and by their weight those with few observations, count less.
 */
export function smoothed<Value extends number | null>(
  values: readonly Value[],
  steps: number,
  weights: readonly number[] | null = null,
): Value[] {
  if (steps <= 1) return [...values];
  const reach = Math.floor(steps / 2);
  const outermost = steps % 2 === 0 ? 0.5 : 1;
  return values.map((own, at) => {
    let [sum, weight] = [0, 0];
    for (let step = Math.max(0, at - reach); step <= Math.min(values.length - 1, at + reach); step++) {
      const value = values[step]!;
      if (value === null) continue;
      const part = (Math.abs(step - at) === reach ? outermost : 1) * (weights === null ? 1 : weights[step]!);
      sum += part * value;
      weight += part;
    }
    return weight === 0 ? own : ((sum / weight) as Value);
  });
}
