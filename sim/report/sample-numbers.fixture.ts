import type { Distribution } from '../run/result.ts';

export function distribution(values: number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const high = at(0.995);
  const counts = Array.from({ length: 50 }, () => 0);
  for (const value of sorted) counts[Math.min(49, Math.floor((value / high) * 50))]!++;
  return {
    count: sorted.length,
    mean: sum(sorted) / sorted.length,
    p5: at(0.05),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1)!,
    histogram: { low: 0, high, counts },
  };
}

export function fullestRows(rows: { id: string; row: number[] }[], most: number) {
  const shown = rows.toSorted((a, b) => Math.max(...b.row) - Math.max(...a.row)).slice(0, most);
  return { ids: shown.map(({ id }) => id), utilisation: shown.map(({ row }) => row) };
}

export function rampShare(t: number, { from, until }: { from: number; until: number }, ramp: number): number {
  return Math.max(0, Math.min(1, (t - from) / ramp, (until - t) / ramp));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
