import type { TraceLine } from '../viewers/arrivals.ts';

const LINE = /^(\d+(?:\.\d+)?),(\d+)(?:,([A-Z]{2}))?$/;
const HEADER = /^seconds,arrivals(?:,country)?$/;
const MOST_ARRIVALS = 10_000_000;

export type TraceOutcome = { kind: 'trace'; lines: TraceLine[] } | { kind: 'bad'; reason: string };

/** CSV: `seconds,arrivals[,country]`, seconds ascending. Comments begin with #. @param name for messages @param living countries where somebody can come from; without it, any */
export function readTrace(text: string, name: string, living?: ReadonlySet<string>): TraceOutcome {
  const lines: TraceLine[] = [];
  let total = 0;
  const rows = text.split(/\r?\n/);
  for (const [index, row] of rows.entries()) {
    const bad = (what: string) => ({ kind: 'bad' as const, reason: `${name}:${index + 1}: ${what}` });
    if (row.trim() === '' || row.startsWith('#') || (lines.length === 0 && HEADER.test(row))) continue;
    const match = LINE.exec(row);
    if (match === null) return bad('must be seconds,arrivals or seconds,arrivals,country, such as 12.5,300,DE');
    const atMs = Number(match[1]) * 1000;
    if (atMs < (lines.at(-1)?.atMs ?? 0)) return bad('seconds must not go back');
    const country = match[3] ?? null;
    if (country !== null && living?.has(country) === false) {
      return bad(`nobody lives in ${country} here; subscribers are in ${[...living].sort().join(', ')}`);
    }
    total += Number(match[2]);
    if (total > MOST_ARRIVALS) return bad(`more than ${MOST_ARRIVALS} arrivals`);
    lines.push({ atMs, arrivals: Number(match[2]), country });
  }
  if (total === 0) return { kind: 'bad', reason: `${name}: nobody arrives` };
  return { kind: 'trace', lines };
}
