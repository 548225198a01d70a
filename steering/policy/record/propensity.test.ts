import test from 'ava';
import { Propensity } from './propensity.ts';
import { CAPACITY_BPS, clients, World } from '../world.fixture.ts';

const SESSIONS = 6000;

/** A first site that fills up and recovers at once, a second one with errors, a third that is well. */
function strainedWorld(exploreShare: number): World {
  const world = new World([2, 2, 1], { exploreShare });
  world.pass(2);
  const changes = (id: string) => {
    if (id === 'fra-1') return { reservedBps: 0.88 * CAPACITY_BPS };
    if (id === 'nyc-1') return { errorShare: 0.1 };
    return { reservedBps: 0.2 * CAPACITY_BPS };
  };
  world.pass(8, (id) => (id === 'fra-2' ? 'silent' : changes(id)));
  world.pass(7, changes);
  return world;
}

for (const exploreShare of [0, 0.1]) {
  test(`every server is first as often as the chances add up to, with ${exploreShare} of sessions exploring`, (t) => {
    const world = strainedWorld(exploreShare);
    const propensity = new Propensity(exploreShare);
    const first = new Map(world.ids.map((id) => [id, 0]));
    const expected = new Map(world.ids.map((id) => [id, { mean: 0, variance: 0 }]));
    for (const client of clients(SESSIONS)) {
      const asked = { country: 'DE', client, path: '/live/demo', nominalBps: 1 };
      const { servers } = world.ranking.rankTold(asked, world.nowMs, (view) => {
        let sum = 0;
        world.ids.forEach((id, server) => {
          const chance = propensity.ofServer(view, server);
          const sums = expected.get(id)!;
          sums.mean += chance;
          sums.variance += chance * (1 - chance);
          sum += chance;
        });
        t.true(sum <= 1 + 1e-9, `${sum}`);
        t.is(propensity.ofFirst(view), propensity.ofServer(view, view.candidates.server[view.chosen[0]!]!));
      });
      first.set(servers[0]!.id, first.get(servers[0]!.id)! + 1);
    }
    for (const [id, { mean, variance }] of expected) {
      const off = Math.abs(first.get(id)! - mean);
      t.true(off <= 4 * Math.sqrt(variance) + 1, `${id}: ${first.get(id)} of ${mean.toFixed(1)}`);
    }
    t.true(expected.get('fra-1')!.mean > 100 && expected.get('nyc-2')!.mean > 100, 'the world is strained');
  });
}

test('what all servers turn away has no known chance', (t) => {
  const world = new World([1, 1], { exploreShare: 0.05 });
  world.pass(2);
  world.pass(8, () => ({ reservedBps: CAPACITY_BPS }));
  world.ranking.rankTold({ country: 'DE', client: 'a', path: '/live/demo' }, world.nowMs, (view) => {
    t.is(new Propensity(0.05).ofFirst(view), 0);
  });
});

test('telling what was looked at changes nothing that is decided', (t) => {
  const [told, untold] = [strainedWorld(0.1), strainedWorld(0.1)];
  for (const client of clients(400)) {
    const asked = { country: 'DE', client, path: '/live/demo', nominalBps: 5e6 };
    t.deepEqual(
      told.ranking.rankTold(asked, told.nowMs, () => {}),
      untold.ranking.rank(asked, untold.nowMs),
    );
  }
});
