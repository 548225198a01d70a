import test from 'ava';
import { optimumOf, type CarryingProblem } from './optimum.ts';

/**
 * Two sites, two places. Site 0 is cheap for both (1), and has 10; site 1 costs 3 to place 0 and 9 to place 1; its way to
 * place 1 is a link of 4.
 */
const WORLD: Omit<CarryingProblem, 'demand'> = {
  siteCapacity: [10, 100],
  linkCapacity: (link) => [1000, 1000, 1000, 4][link]!,
  routes: [
    { site: 0, place: 0, links: [0], price: 1 },
    { site: 0, place: 1, links: [1], price: 1 },
    { site: 1, place: 0, links: [2], price: 3 },
    { site: 1, place: 1, links: [3], price: 9 },
  ],
};

test('with room everywhere each place is carried its cheapest way', async (t) => {
  const { cost, unserved, carried } = await optimumOf({ ...WORLD, demand: [4, 5] });
  t.is(cost, 9);
  t.is(unserved, 0);
  t.deepEqual(carried, [4, 5, 0, 0]);
});

test('a site that is too small keeps those who would pay most elsewhere', async (t) => {
  const { cost, unserved, carried } = await optimumOf({ ...WORLD, demand: [8, 6] });
  t.is(unserved, 0);
  t.deepEqual(carried, [4, 6, 4, 0]);
  t.is(cost, 4 + 6 + 4 * 3);
});

test('what neither site nor link can carry is left unserved, and no more than that', async (t) => {
  const { cost, unserved, carried } = await optimumOf({ ...WORLD, demand: [0, 20] });
  t.is(unserved, 6);
  t.deepEqual(carried, [0, 10, 0, 4]);
  t.is(cost, 10 + 4 * 9);
});
