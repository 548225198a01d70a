import test from 'ava';
import { PRIORITIES } from '../../topology/model/priority.ts';
import { AnswerPace, backoffFor } from './answer-pace.ts';

const TUNING = { leastTtlSeconds: 10, mostTtlSeconds: 30, answersPerSecond: 1000 };

test('who matters more may try more often and sooner; where all are full everybody waits longer', (t) => {
  for (const state of ['serving', 'full', 'out'] as const) {
    const guidance = PRIORITIES.map((priority) => backoffFor(priority, state));
    for (let at = 1; at < guidance.length; at++) {
      t.true(guidance[at]!.maxRetries <= guidance[at - 1]!.maxRetries);
      t.true(guidance[at]!.retryAfterSeconds >= guidance[at - 1]!.retryAfterSeconds);
    }
  }
  for (const priority of PRIORITIES) {
    t.true(backoffFor(priority, 'full').retryAfterSeconds > backoffFor(priority, 'serving').retryAfterSeconds);
    t.true(backoffFor(priority, 'out').maxRetries > backoffFor(priority, 'serving').maxRetries);
  }
});

/** Answers for `seconds` at a steady rate from `fromMs` on. */
function answer(pace: AnswerPace, perSecond: number, seconds: number, fromMs: number): number {
  for (let at = 0; at < perSecond * seconds; at++) pace.count(fromMs + (at * 1000) / perSecond);
  return fromMs + seconds * 1000;
}

test('with more answers than one instance should give, clients come later in proportion, up to four times', (t) => {
  const calm = new AnswerPace(TUNING);
  const base = calm.ttlSeconds(7, 0);
  t.true(base >= 10 && base <= 30 && Number.isInteger(base));
  for (const [perSecond, times] of [
    [500, 1],
    [2000, 2],
    [3000, 3],
    [20_000, 4],
  ] as const) {
    const pace = new AnswerPace(TUNING);
    answer(pace, perSecond, 3, 0);
    t.true(Math.abs(pace.ttlSeconds(7, 0) - base * times) <= 1, `${perSecond}`);
  }
});

test('when the load is over, or nobody asked for long, times are short again', (t) => {
  const pace = new AnswerPace(TUNING);
  const base = pace.ttlSeconds(7, 0);
  let nowMs = answer(pace, 5000, 3, 0);
  t.true(pace.ttlSeconds(7, 0) > base);
  nowMs = answer(pace, 100, 3, nowMs);
  t.is(pace.ttlSeconds(7, 0), base);
  answer(pace, 5000, 3, nowMs);
  pace.count(1e9);
  t.is(pace.ttlSeconds(7, 0), base);
});
