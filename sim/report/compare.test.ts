import test from 'ava';
import { compare } from './compare.ts';
import { sampleResult } from './sample-result.fixture.ts';

const runs = [1, 2, 3].map((seed) => sampleResult(seed));
const changed = (factor: (seed: number) => number) =>
  runs.map(({ seed, summary }) => ({
    seed,
    summary: { ...summary, reloads: summary.reloads * factor(seed), stallRatio: summary.stallRatio / 2 },
  }));
const row = (text: string, field: string) => text.split('\n').find((line) => line.startsWith(`${field} `))!;

test('a difference that every pair has is sure, however far the seeds lie apart', (t) => {
  const text = compare(
    runs,
    changed((seed) => 1.5 + seed * 1e-3),
  );
  t.regex(row(text, 'reloads'), /\+1\d,\d{3} .*… .* \*$/);
  t.regex(row(text, 'stallRatio'), /−0\.\d+ points .* \*$/);
  t.notRegex(row(text, 'serverSwitches'), /\*/);
});

test('a difference that changes its sign from seed to seed is not', (t) => {
  t.notRegex(
    row(
      compare(
        runs,
        changed((seed) => (seed === 2 ? 0.5 : 1.4)),
      ),
      'reloads',
    ),
    /\*/,
  );
});

test('runs are paired by seed, whatever their order, and the names are the caller’s', (t) => {
  const text = compare([...runs].reverse(), changed(() => 2).slice(0, 2), ['naive', 'guided']);
  t.regex(text, /^paired by seeds 2, 1\n/);
  t.regex(text, /naive +guided/);
});

test('one pair has a difference and no interval', (t) => {
  const text = compare(runs[0]!, changed(() => 2)[0]!);
  t.regex(text, /^paired by seed 1\n/);
  t.false(text.includes('confidence'));
});

test('without a common seed there is nothing to compare', (t) => {
  t.throws(() => compare(runs[0]!, { ...runs[1]! }), { instanceOf: RangeError });
});
