import type { Distribution } from './result.ts';

const STEPS = 50;

/** @param values NaN for what was not measured, which is left out */
export function distributionOf(values: readonly number[], low: number, high: number): Distribution {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  const counts = Array.from({ length: STEPS }, () => 0);
  const width = (high - low) / STEPS;
  let sum = 0;
  for (const value of sorted) {
    sum += value;
    counts[Math.min(STEPS - 1, Math.max(0, Math.floor((value - low) / width)))]!++;
  }
  const at = (share: number) => quantile(sorted, share);
  return {
    count: sorted.length,
    mean: sorted.length === 0 ? null : sum / sorted.length,
    p5: at(0.05),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1) ?? null,
    histogram: { low, high, counts },
  };
}

/** The smallest value that so large a share does not exceed (nearest rank). @param sorted ascending */
export function quantile(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))]!;
}

export function medianOf(values: readonly number[]): number | null {
  return quantileOf(values, 0.5);
}

export function p95Of(values: readonly number[]): number | null {
  return quantileOf(values, 0.95);
}

export function p99Of(values: readonly number[]): number | null {
  return quantileOf(values, 0.99);
}

function quantileOf(values: readonly number[], share: number): number | null {
  return quantile(Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort(), share);
}
