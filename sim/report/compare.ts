import { alignedTable, estimate, valueOf, type Run } from './runs.ts';
import { fieldText, fieldsOf } from './summary-fields.ts';

/**
 * Two ways of doing it, side by side: runs are paired by seed, so that what chance did to both cancels out.
 * @param a one run or several
 * @returns a table: the mean of each field under either, the mean difference b − a, and its 95 % confidence interval where
 *   there are two pairs or more; `*` where the interval leaves 0 out
 * @throws RangeError when no seed is in both
 */
export function compare(
  a: Run | readonly Run[],
  b: Run | readonly Run[],
  names: readonly [string, string] = ['a', 'b'],
): string {
  const ofB = new Map(asList(b).map((run) => [run.seed, run]));
  const pairs = asList(a).flatMap((run) => {
    const other = ofB.get(run.seed);
    return other === undefined ? [] : [{ seed: run.seed, a: fieldsOf(run.summary), b: fieldsOf(other.summary) }];
  });
  if (pairs.length === 0) throw new RangeError('no seed is in both: there is nothing to pair');
  const fields = [...new Set(pairs.flatMap((pair) => [...pair.a.keys(), ...pair.b.keys()]))];
  const rows = fields.map((field) => {
    const left = pairs.map((pair) => valueOf(pair.a, field));
    const right = pairs.map((pair) => valueOf(pair.b, field));
    const difference = estimate(
      left.map((value, at) => (value === null || right[at] === null ? null : right[at]! - value)),
    );
    const { low, high } = difference;
    const sure = low !== null && high !== null && (low > 0 || high < 0);
    return [
      field,
      fieldText(field, estimate(left).mean),
      fieldText(field, estimate(right).mean),
      signed(field, difference.mean),
      ...(pairs.length > 1
        ? [low === null || high === null ? '–' : `${signed(field, low)} … ${signed(field, high)}${sure ? ' *' : '  '}`]
        : []),
    ];
  });
  const heads = ['', names[0], names[1], 'difference', ...(pairs.length > 1 ? ['95 % confidence  '] : [])];
  const seeds = pairs.map(({ seed }) => seed).join(', ');
  return `paired by ${pairs.length === 1 ? 'seed' : 'seeds'} ${seeds}\n\n${alignedTable([heads, ...rows])}`;
}

function signed(field: string, value: number | null): string {
  // Between two shares lie points: 2 % and 1 % differ by one, and by a half.
  const text = fieldText(field, value).replace(/ %$/, ' points');
  return value !== null && value > 0 ? `+${text}` : text;
}

function asList(runs: Run | readonly Run[]): readonly Run[] {
  return 'seed' in runs ? [runs] : runs;
}
