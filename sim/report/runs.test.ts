import test from 'ava';
import { Random } from '../engine/random.ts';
import { estimate, runsTable, summariseRuns } from './runs.ts';
import { sampleResult } from './sample-result.fixture.ts';

const runs = [1, 2, 3].map((seed) => sampleResult(seed));

test('mean, deviation and interval of a case worked by hand', (t) => {
  // 2, 4, 6: mean 4, deviation 2, standard error 2/√3, t of 2 degrees 4.3027.
  const { mean, deviation, low, high, min, max } = estimate([2, 4, 6]);
  t.deepEqual([mean, deviation, min, max], [4, 2, 2, 6]);
  t.true(Math.abs(high! - (4 + (4.302652729749464 * 2) / Math.sqrt(3))) < 1e-9);
  t.true(Math.abs(low! + high! - 8) < 1e-9);
});

test('one run has a mean and no interval; what nobody measured has neither', (t) => {
  t.like(estimate([5, null]), { runs: 1, mean: 5, low: null, high: null, deviation: null });
  t.like(estimate([null]), { runs: 0, mean: null, min: null });
});

test('of many intervals 95 in a hundred hold the true mean', (t) => {
  const random = new Random(1, 'coverage');
  const TRIALS = 4000;
  let held = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const { low, high } = estimate(Array.from({ length: 5 }, () => 10 + 3 * random.normal()));
    if (low! <= 10 && high! >= 10) held++;
  }
  // Four standard errors of a share of 4,000 trials.
  t.true(Math.abs(held / TRIALS - 0.95) < 4 * Math.sqrt((0.95 * 0.05) / TRIALS), `${held} of ${TRIALS}`);
});

test('every number of the summary is there, causes of failure one by one', (t) => {
  const summary = summariseRuns('sample-night', '0.1.0', runs);
  const names = summary.fields.map(({ field }) => field);
  for (const [name, value] of Object.entries(runs[0]!.summary))
    if (typeof value === 'number') t.true(names.includes(name), name);
  t.true(names.includes('failures.reset'));
  const reloads = summary.fields.find(({ field }) => field === 'reloads')!;
  t.is(reloads.mean, runs.reduce((sum, run) => sum + run.summary.reloads, 0) / 3);
  t.deepEqual(summary.seeds, [1, 2, 3]);
  t.deepEqual(summary.bottlenecks, [{ id: 'peer-isp-fr-1', runs: 3 }]);
  t.deepEqual(JSON.parse(JSON.stringify(summary)), summary, 'runs.json loses nothing');
});

test('a cause of failure that some runs did not have counts as none there', (t) => {
  const [first, ...others] = runs.map(({ seed, summary }) => ({ seed, summary }));
  const odd = { ...first!, summary: { ...first!.summary, failures: { meteor: 3 }, losingIsp: null } };
  const summary = summariseRuns('x', '0', [odd, ...others]);
  t.like(
    summary.fields.find(({ field }) => field === 'failures.meteor')!,
    { runs: 3, mean: 1 },
  );
  t.deepEqual(summary.losingIsps, [
    { id: 'isp-fr-1', runs: 2 },
    { id: null, runs: 1 },
  ]);
});

test('the table has a line for each field, and its columns are straight', (t) => {
  const summary = summariseRuns('sample-night', '0.1.0', runs);
  const lines = runsTable(summary).split('\n');
  const rows = lines.slice(2, 3 + summary.fields.length);
  t.is(new Set(rows.map((row) => row.length)).size, 1);
  t.regex(lines.at(-1)!, /^losing ISP {3}isp-fr-1 in 3 of 3$/);
});
