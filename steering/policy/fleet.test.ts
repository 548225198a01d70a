import test from 'ava';
import * as fc from 'fast-check';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { Fleet } from './fleet.ts';
import { makeSites } from './world.fixture.ts';

const ownersOf = (fleet: Fleet, site: number, key: number) => {
  const from = fleet.ownersAt(site, key);
  return [...fleet.owners.subarray(from, from + fleet.serverCount[site]!)];
};
const keys = (count: number) => Array.from({ length: count }, (_, index) => stableHash(`key ${index}`));

test('servers are numbered in the order of the file, and found by name', (t) => {
  const fleet = new Fleet(makeSites([2, 1, 3]));
  t.deepEqual(
    fleet.servers.map(({ id }) => id),
    ['fra-1', 'fra-2', 'nyc-1', 'sao-1', 'sao-2', 'sao-3'],
  );
  t.deepEqual([...fleet.firstServer], [0, 2, 3]);
  t.deepEqual([...fleet.serverCount], [2, 1, 3]);
  t.is(fleet.numberOf('sao-2'), 4);
  t.is(fleet.numberOf('elsewhere'), -1);
});

test('the owners of a key are all servers of its site, each once', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), (count, key) => {
      const fleet = new Fleet(makeSites([1, count]));
      const owners = ownersOf(fleet, 1, key);
      return (
        owners.length === count &&
        new Set(owners).size === count &&
        owners.every((owner) => owner >= 1 && owner <= count)
      );
    }),
    { numRuns: 40 },
  );
  t.pass();
});

test('owning is spread evenly: symmetric servers get equal load', (t) => {
  const fleet = new Fleet(makeSites([4]));
  const owned = [0, 0, 0, 0];
  for (const key of keys(20_000)) owned[ownersOf(fleet, 0, key)[0]!]!++;
  for (const count of owned) t.true(count > 4250 && count < 5750, owned.join(' '));
});

test('losing a server moves its own keys and no others, about one of N, to those who come after it', (t) => {
  const sites = makeSites([5]);
  const whole = new Fleet(sites);
  const less = new Fleet([{ ...sites[0]!, edges: sites[0]!.edges.filter(({ id }) => id !== 'fra-3') }]);
  const names = (fleet: Fleet, key: number) => ownersOf(fleet, 0, key).map((server) => fleet.servers[server]!.id);
  let moved = 0;
  for (const key of keys(5000)) {
    const before = names(whole, key);
    t.deepEqual(
      names(less, key),
      before.filter((id) => id !== 'fra-3'),
    );
    if (before[0] === 'fra-3') moved++;
  }
  t.true(moved > 750 && moved < 1250, `${moved}`);
});

test('named servers stand at their sites, unknown ones nowhere', (t) => {
  const fleet = new Fleet(makeSites([2, 1, 1]));
  t.deepEqual([...fleet.sitesOf(['sao-1', 'fra-2', 'fra-1', 'no-such'])], [2, 0]);
  t.deepEqual([...fleet.sitesOf(['no-such'])], []);
});
