import test from 'ava';
import { rosterOf } from './roster.ts';

test('the same seed gives the same viewers; each has a seed and a session of its own, and comes within the spread', (t) => {
  const roster = rosterOf(200, 7, 10_000);
  t.deepEqual(roster, rosterOf(200, 7, 10_000));
  t.is(new Set(roster.map(({ seed }) => seed)).size, 200);
  t.is(new Set(roster.map(({ session }) => session)).size, 200);
  t.true(roster.every(({ atMs }) => atMs >= 0 && atMs < 10_000));
  const mean = roster.reduce((sum, { atMs }) => sum + atMs, 0) / 200;
  t.true(mean > 4000 && mean < 6000, `${mean}`);
  t.notDeepEqual(roster, rosterOf(200, 8, 10_000));
});

test('more viewers are the same ones and some more', (t) => {
  t.deepEqual(rosterOf(10, 3, 5000).slice(0, 4), rosterOf(4, 3, 5000));
});
