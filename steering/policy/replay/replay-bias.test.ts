import test from 'ava';
import { BiasBook } from './replay-bias.ts';

test('weights by hand: two servers, one tried seldom', (t) => {
  const book = new BiasBook();
  // The record sent nine of ten to A; the replayed policy sends all to B.
  for (let at = 0; at < 90; at++) book.came('net', 0, 0.9, 0);
  for (let at = 0; at < 10; at++) book.came('net', 1, 0.1, 1);
  for (let at = 0; at < 100; at++) book.decidedOtherwise('net', 1);
  for (let at = 0; at < 50; at++) book.decidedOtherwise('other', 1);
  for (let at = 0; at < 40; at++) book.playerTold('net', 0, at < 4 ? 'failed' : 'well');
  for (let at = 0; at < 40; at++) book.playerTold('net', 1, at < 10 ? 'failed' : 'well');
  const { failures, ...bias } = book.result(0.1);
  t.deepEqual(bias, {
    exploreShare: 0.1,
    otherDecisions: 150,
    withEvidence: 100,
    weighed: 100,
    unweighed: 0,
    covered: 1,
    effectiveSessions: 10,
  });
  t.is(failures!.sessions, 100);
  t.true(Math.abs(failures!.recorded - (0.9 * 0.1 + 0.1 * 0.25)) < 1e-12);
  t.true(Math.abs(failures!.horvitzThompson - 0.25) < 1e-12);
  t.true(Math.abs(failures!.selfNormalised - 0.25) < 1e-12);
  // Only B's 40 words count: 1.96 √(0.25 × 0.75 / 40).
  t.true(Math.abs(failures!.high - 0.25 - 1.96 * Math.sqrt((0.25 * 0.75) / 40)) < 1e-12);
});

test('without exploration, without words of players and without weight nothing is estimated', (t) => {
  const book = new BiasBook();
  book.came('net', 0, 1, 1);
  t.is(book.result(0.1).failures, null);
  book.playerTold('net', 0, 'failed');
  t.is(book.result(0).failures, null);
  t.not(book.result(0.1).failures, null);
  const other = new BiasBook();
  other.came('net', 0, 1, 0);
  other.playerTold('net', 0, 'failed');
  t.like(other.result(0.1), { failures: null, effectiveSessions: 0 });
  other.came('net', 0, 0, 1);
  t.is(other.result(0.1).unweighed, 1);
});

test('no failure among few sessions is no proof that there are none', (t) => {
  const estimateOf = (sign: string) => {
    const book = new BiasBook();
    for (let at = 0; at < 100; at++) {
      book.came('net', 0, 1, 1);
      for (let word = 0; word < 50; word++) book.playerTold('net', 0, sign);
    }
    return book.result(0.05).failures!;
  };
  const none = estimateOf('well');
  t.is(none.selfNormalised, 0);
  t.is(none.low, 0);
  t.true(Math.abs(none.high - 0.03) < 1e-3, `${none.high}: three in a hundred, by sessions and not by words`);
  const all = estimateOf('failed');
  t.true(Math.abs(all.low - 0.97) < 1e-3 && all.high === 1, `${all.low} ${all.high}`);
});

/** Numerical Recipes' generator: good enough to draw a few thousand sessions. */
function drawer(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

test('the interval holds the truth about as often as it says, whatever the other policy', (t) => {
  const failing = [0.02, 0.1, 0.3];
  let held = 0;
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const draw = drawer(trial + 1);
    const book = new BiasBook();
    let truth = 0;
    const sessions = 600;
    for (let at = 0; at < sessions; at++) {
      // How much of the first server is open changes with time, in both policies, each in its own way.
      const [open, openAfter] = [0.55 + 0.4 * draw(), 0.1 + 0.3 * draw()];
      const first = [open, (1 - open) * 0.7, (1 - open) * 0.3] as const;
      const firstAfter = [openAfter, (1 - openAfter) * 0.4, (1 - openAfter) * 0.6] as const;
      truth += firstAfter.reduce((sum, chance, server) => sum + chance * failing[server]!, 0) / sessions;
      const point = draw();
      const server = point < first[0] ? 0 : point < first[0] + first[1] ? 1 : 2;
      book.came('net', server, first[server], firstAfter[server]);
      book.playerTold('net', server, draw() < failing[server]! ? 'failed' : 'well');
    }
    const { low, high } = book.result(0.05).failures!;
    if (low <= truth && truth <= high) held++;
  }
  t.true(held >= 0.9 * trials, `${held} of ${trials}`);
});
