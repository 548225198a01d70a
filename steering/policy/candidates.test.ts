import test from 'ava';
import * as fc from 'fast-check';
import { Candidates } from './candidates.ts';

interface Added {
  server: number;
  site: number;
  turn: number;
  tier: number;
  excess: number;
}

const added = fc.array(
  fc.record({
    site: fc.integer({ min: 0, max: 20 }),
    turn: fc.integer({ min: 0, max: 30 }),
    tier: fc.integer({ min: 0, max: 5 }),
    excess: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 300 },
);

/** As the class says, without its care for memory. */
function expected(list: readonly Added[]): number[] {
  const sorted = list.toSorted(
    (a, b) => a.tier - b.tier || a.excess - b.excess || a.site - b.site || a.turn - b.turn || a.server - b.server,
  );
  const ofSite = new Map<number, number>();
  const kept = sorted.filter(({ site }) => {
    ofSite.set(site, (ofSite.get(site) ?? 0) + 1);
    return ofSite.get(site)! <= 8;
  });
  return kept.slice(0, 64).map(({ server }) => server);
}

test('the best are kept in order, of one site eight at most', (t) => {
  const candidates = new Candidates();
  fc.assert(
    fc.property(added, (plain) => {
      // Sites come one after the other, as a walk looks at them.
      const list = plain.toSorted((a, b) => a.site - b.site).map((one, server) => ({ server, ...one }));
      candidates.clear();
      for (const { server, site, turn, tier, excess } of list)
        candidates.add(server, site, site, turn, tier, excess, 0);
      const got = [...candidates.server.subarray(0, candidates.count)];
      const want = expected(list);
      // Once the list is full, one of a site that was pushed out cannot make room in hindsight: the first 32 are exact.
      t.deepEqual(got.slice(0, 32), want.slice(0, 32));
      return got.length <= 64 && new Set(got).size === got.length;
    }),
    { numRuns: 300 },
  );
});

test('what belongs to a candidate moves with it', (t) => {
  const candidates = new Candidates();
  candidates.add(7, 1, 0, 2, 1, 0.5, 3);
  candidates.add(9, 2, 1, 0, 0, 0, 4);
  t.is(candidates.count, 2);
  t.deepEqual(
    [
      candidates.server[1],
      candidates.site[1],
      candidates.siteRank[1],
      candidates.turn[1],
      candidates.tier[1],
      candidates.excess[1],
      candidates.flags[1],
    ],
    [7, 1, 0, 2, 1, 0.5, 3],
  );
});
