import test from 'ava';
import { Batches } from './batches.ts';
import { climb } from './climb.ts';
import { LADDER } from './ladder.ts';
import { atLeast, atMost, chiSquare, estimate, exactly, relatively, type Rung, within } from './rung.ts';

const context = { seed: 1, quick: true, progress: () => {} };

function rungWith(run: Rung['run']): Rung {
  return { id: 'a', title: 'A', source: 'a book', run };
}

test('a rung holds when all its checks do', async (t) => {
  const { ok, checks } = await climb(
    rungWith(() => [exactly('one', 1, 1)]),
    context,
  );
  t.true(ok);
  t.is(checks.length, 1);
  t.false(
    (
      await climb(
        rungWith(() => [exactly('one', 1, 1), exactly('two', 2, 3)]),
        context,
      )
    ).ok,
  );
});

test('a rung that throws, or checks nothing, does not hold', async (t) => {
  const thrown = await climb(
    rungWith(() => {
      throw new Error('no such luck');
    }),
    context,
  );
  t.false(thrown.ok);
  t.is(thrown.error, 'no such luck');
  t.false(
    (
      await climb(
        rungWith(() => []),
        context,
      )
    ).ok,
  );
});

test('tolerances hold on both sides, and what is no number holds nowhere', (t) => {
  t.true(within('x', 10, 10.5, 0.5, '').ok);
  t.false(within('x', 10, 9.4, 0.5, '').ok);
  t.true(relatively('x', 10, 9, 0.1, '').ok);
  t.false(relatively('x', 10, 11.1, 0.1, '').ok);
  t.true(estimate('x', 10, 14.9, 1, '').ok);
  t.false(estimate('x', 10, 4.9, 1, '').ok);
  t.true(atMost('x', 10, 10, '').ok);
  t.false(atMost('x', 10, 11, '').ok);
  t.true(atLeast('x', 10, 10, '').ok);
  t.false(atLeast('x', 10, 9, '').ok);
  for (const check of [
    within('x', 1, NaN, 9, ''),
    relatively('x', 1, NaN, 9, ''),
    exactly('x', 1, NaN),
    atMost('x', 1, NaN, ''),
    atLeast('x', 1, NaN, ''),
  ]) {
    t.false(check.ok);
  }
});

test('a χ² may be so far above its mean as five deviations of a normal variable would be', (t) => {
  // By the Poisson sum for even degrees of freedom, 187.33 is exceeded once in 3.5 million.
  t.true(chiSquare('x', 187, 100).ok);
  t.false(chiSquare('x', 188, 100).ok);
});

test('batches have the mean of what was added, and no error where nothing varies', (t) => {
  const batches = new Batches(100);
  for (let index = 0; index < 100; index++) batches.add(3);
  t.true(batches.full);
  batches.add(99);
  t.is(batches.mean, 3);
  t.is(batches.standardError, 0);
});

test('rungs are named once, in words that --only can take', (t) => {
  const ids = LADDER.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  for (const { id, title, source } of LADDER) {
    t.regex(id, /^[a-z0-9-]+$/);
    t.true(title.length > 0 && source.length > 0);
  }
});

test('the same seed gives the same numbers, another one others', async (t) => {
  const rung = LADDER.find(({ id }) => id === 'collapsing')!;
  const numbers = async (seed: number) =>
    (await climb(rung, { ...context, seed })).checks.filter(({ how }) => how === 'absolute').map(({ got }) => got);
  t.deepEqual(await numbers(1), await numbers(1));
  t.notDeepEqual(await numbers(1), await numbers(2));
});
