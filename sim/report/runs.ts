import type { Summary } from '../run/result.ts';
import { studentT } from './student-t.ts';
import { fieldText, fieldsOf } from './summary-fields.ts';

/** What is needed of a run to lay it beside others; a SimulationResult is one. */
export interface Run {
  seed: number;
  summary: Summary;
}

export interface FieldEstimate {
  /** as in result.json's summary; `failures.timeout` for a cause of failure */
  field: string;
  /** runs in which it was measured */
  runs: number;
  mean: number | null;
  /** standard deviation between runs; null with fewer than two */
  deviation: number | null;
  /** ends of the 95 % confidence interval of the mean; null with fewer than two */
  low: number | null;
  high: number | null;
  min: number | null;
  max: number | null;
}

/** `runs.json`: the same scenario under several seeds. */
export interface RunsSummary {
  schema: 'undercard-runs/1';
  scenario: string;
  version: string;
  seeds: number[];
  confidence: number;
  fields: FieldEstimate[];
  /** what was the worst bottleneck, and in how many runs; the most frequent first */
  bottlenecks: Frequency[];
  losingIsps: Frequency[];
  summaries: Run[];
}

export interface Frequency {
  /** null: there was none */
  id: string | null;
  runs: number;
}

export const CONFIDENCE = 0.95;

/**
 * Means over runs with their confidence intervals, by Student's t: right where the values of runs are about normally
 * distributed, which means over many viewers are; extremes are less so.
 */
export function summariseRuns(scenario: string, version: string, runs: readonly Run[]): RunsSummary {
  const fields = runs.map(({ summary }) => fieldsOf(summary));
  const names = [...new Set(fields.flatMap((map) => [...map.keys()]))];
  return {
    schema: 'undercard-runs/1',
    scenario,
    version,
    seeds: runs.map(({ seed }) => seed),
    confidence: CONFIDENCE,
    fields: names.map((field) => ({ field, ...estimate(fields.map((map) => valueOf(map, field))) })),
    bottlenecks: frequencies(runs.map(({ summary }) => summary.bottlenecks[0]?.id ?? null)),
    losingIsps: frequencies(runs.map(({ summary }) => summary.losingIsp?.id ?? null)),
    summaries: runs.map(({ seed, summary }) => ({ seed, summary })),
  };
}

export function runsTable(summary: RunsSummary): string {
  const count = summary.seeds.length;
  const rows = summary.fields.map(({ field, mean, low, high, min, max }) => [
    field,
    fieldText(field, mean),
    low === null || high === null ? '–' : `${fieldText(field, low)} … ${fieldText(field, high)}`,
    min === null || max === null ? '–' : `${fieldText(field, min)} … ${fieldText(field, max)}`,
  ]);
  return [
    `${summary.scenario}: ${count} ${count === 1 ? 'run' : 'runs'}, seeds ${summary.seeds.join(', ')}`,
    '',
    alignedTable([['', 'mean', '95 % confidence', 'least … most'], ...rows]),
    '',
    `bottleneck   ${frequencyText(summary.bottlenecks, count)}`,
    `losing ISP   ${frequencyText(summary.losingIsps, count)}`,
  ].join('\n');
}

/** Mean, deviation, interval and range of what was measured. */
export function estimate(values: readonly (number | null)[]): Omit<FieldEstimate, 'field'> {
  const known = values.filter((value) => value !== null);
  const runs = known.length;
  if (runs === 0) return { runs, mean: null, deviation: null, low: null, high: null, min: null, max: null };
  const mean = known.reduce((sum, value) => sum + value, 0) / runs;
  const range = { min: Math.min(...known), max: Math.max(...known) };
  if (runs === 1) return { runs, mean, deviation: null, low: null, high: null, ...range };
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1));
  const half = (studentT(CONFIDENCE, runs - 1) * deviation) / Math.sqrt(runs);
  return { runs, mean, deviation, low: mean - half, high: mean + half, ...range };
}

/** A cause of failure that did not come up in a run came up 0 times; anything else was not measured. */
export function valueOf(fields: ReadonlyMap<string, number | null>, field: string): number | null {
  return fields.get(field) ?? (field.startsWith('failures.') ? 0 : null);
}

/** The first column to the left, the others to the right. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '))
    .join('\n');
}

function frequencies(ids: readonly (string | null)[]): Frequency[] {
  const counts = new Map<string | null, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  const order = (id: string | null) => id ?? '';
  return [...counts]
    .map(([id, runs]) => ({ id, runs }))
    .toSorted((a, b) => b.runs - a.runs || (order(a.id) < order(b.id) ? -1 : 1));
}

function frequencyText(found: readonly Frequency[], count: number): string {
  return found.map(({ id, runs }) => `${id ?? 'none'} in ${runs} of ${count}`).join(', ') || '–';
}
