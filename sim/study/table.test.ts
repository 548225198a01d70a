import test from 'ava';
import type { StudyNumbers, StudyRow } from './study-run.ts';
import { studyTables, withTables } from './table.ts';

const NUMBERS: StudyNumbers = {
  switchesPerViewerMinute: 0.1,
  worstSwitchesPerViewerMinute: 0.2,
  stallRatio: 0.01,
  startupP95Ms: 1000,
  meanBitrateBps: 5e6,
  healthMissShare: 0.25,
  costUsdMonth: 100,
  reducedShare: 0,
  refusedShare: 0,
  reloads: 3,
  lastRank0Share: 0.75,
  costOverOptimum: null,
  costOverReservedOptimum: null,
  optimumUnservedShare: null,
};

function row(seed: number, viewers: number, numbers: Partial<StudyNumbers>): StudyRow {
  const key = { name: 'noise', variant: null, policy: 'network' as const, seed, viewers, durationSeconds: 130 };
  return { ...key, numbers: { ...NUMBERS, ...numbers } };
}

test('a line has the mean over seeds, and how far its 95 % confidence interval reaches', (t) => {
  const rows = [1, 2, 3].map((seed) => row(seed, 100, { switchesPerViewerMinute: seed }));
  const line = studyTables(rows).split('\n').at(-1)!;
  const cells = line.split('|').map((cell) => cell.trim());
  t.deepEqual(cells.slice(1, 4), ['network', '100', '1, 2, 3']);
  // Student's t for two degrees of freedom, 4.303, over the root of three.
  t.is(cells[4], '2.000 ± 2.484');
});

test('runs of other sizes are not thrown together', (t) => {
  const lines = studyTables([row(1, 1000, {}), row(1, 100, {})]).split('\n');
  t.deepEqual(
    lines.slice(-2).map((line) => line.split('|')[2]!.trim()),
    ['100', '1000'],
  );
});

test('tables go between the markers of the page, which stay', (t) => {
  const page = 'before\n<!-- study: begin -->\nold\n<!-- study: end -->\nafter\n';
  t.is(withTables(page, 'new $&'), 'before\n<!-- study: begin -->\n\nnew $&\n\n<!-- study: end -->\nafter\n');
  t.throws(() => withTables('no markers', 'new'), { message: /study: begin/ });
});
