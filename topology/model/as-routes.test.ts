import test from 'ava';
import * as fc from 'fast-check';
import { AsRoutes, ROUTE_CLASSES, type AsNetwork } from './as-routes.ts';

/** Networks whose providers all have lower indexes: no cycle of money. ASNs are shuffled, to be no alias of the index. */
const world = fc.integer({ min: 1, max: 14 }).chain((count) =>
  fc.record({
    asns: fc.shuffledSubarray(
      Array.from({ length: count }, (_, index) => index + 1),
      { minLength: count },
    ),
    links: fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 }), fc.boolean()), { maxLength: 30 }),
  }),
);

function build({ asns, links }: { asns: number[]; links: [number, number, boolean][] }): AsNetwork[] {
  const networks = asns.map((asn) => ({ asn, providers: [] as number[], peers: [] as number[] }));
  const joined = new Set<string>();
  for (const [a, b, peering] of links) {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    if (low === high || joined.has(`${low} ${high}`)) continue;
    joined.add(`${low} ${high}`);
    if (peering) networks[high]!.peers.push(low);
    else networks[high]!.providers.push(low);
  }
  return networks;
}

type Step = 'up' | 'across' | 'down';

function stepOf(networks: readonly AsNetwork[], from: number, to: number): Step | null {
  if (networks[from]!.providers.includes(to)) return 'up';
  if (networks[to]!.providers.includes(from)) return 'down';
  if (networks[from]!.peers.includes(to) || networks[to]!.peers.includes(from)) return 'across';
  return null;
}

/** What export rules allow, tried out exhaustively: stable best routes by asking neighbours until nothing changes. */
function bestByRounds(networks: readonly AsNetwork[], origin: number): (number[] | null)[] {
  let best: (number[] | null)[] = networks.map((_, index) => (index === origin ? [origin] : null));
  const classOf = (path: readonly number[]) =>
    path.length === 1 ? 0 : { down: 1, across: 2, up: 3 }[stepOf(networks, path[0]!, path[1]!)!];
  for (let round = 0; round < 3 * networks.length + 3; round++) {
    best = networks.map((_network, to) => {
      if (to === origin) return [origin];
      const offers = networks.flatMap((_neighbour, from) => {
        const step = stepOf(networks, to, from);
        const path = best[from];
        if (step === null || !path || path.includes(to)) return [];
        // `from` sells to `to` (step up): gets all. Else only what is its own or its customers'.
        return step === 'up' || classOf(path) <= 1 ? [[to, ...path]] : [];
      });
      offers.sort(
        (a, b) => classOf(a) - classOf(b) || a.length - b.length || networks[a[1]!]!.asn - networks[b[1]!]!.asn,
      );
      return offers[0] ?? null;
    });
  }
  return best;
}

test('every path is valley-free and without a loop', (t) => {
  fc.assert(
    fc.property(world, (drawn) => {
      const networks = build(drawn);
      const routes = new AsRoutes(networks);
      for (let origin = 0; origin < networks.length; origin++) {
        for (let network = 0; network < networks.length; network++) {
          const path = routes.toward(origin).path(network);
          if (path === null) continue;
          if (path[0] !== network || path.at(-1) !== origin || new Set(path).size !== path.length) return false;
          const steps = path.slice(1).map((to, at) => stepOf(networks, path[at]!, to));
          // Up, at most one across, down.
          if (!/^(?:up )*(?:across )?(?:down )*$/.test(steps.map((step) => `${step} `).join(''))) return false;
        }
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('the routes are those that neighbours settle on when each tells and prefers by the rules', (t) => {
  fc.assert(
    fc.property(world, fc.nat(), (drawn, at) => {
      const networks = build(drawn);
      const origin = at % networks.length;
      const routes = new AsRoutes(networks).toward(origin);
      const expected = bestByRounds(networks, origin);
      return expected.every((path, network) => routes.path(network)?.join() === path?.join());
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a common chain of providers is enough to be reached, and a customer chain is preferred', (t) => {
  fc.assert(
    fc.property(world, (drawn) => {
      const networks = build(drawn);
      const routes = new AsRoutes(networks);
      const above = (network: number): Set<number> => {
        const all = new Set([network]);
        for (const one of all) networks[one]!.providers.forEach((provider) => all.add(provider));
        return all;
      };
      return networks.every((_, origin) =>
        networks.every((_other, network) => {
          const [mine, its] = [above(network), above(origin)];
          const reached = routes.toward(origin).reaches(network);
          if ([...mine].some((one) => its.has(one)) && !reached) return false;
          const kind = routes.toward(origin).classOf(network);
          if (its.has(network) && network !== origin && kind !== 'customer') return false;
          return routes.toward(origin).isForPeers(network) === ROUTE_CLASSES.indexOf(kind) <= 1;
        }),
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('the textbook case: two providers that peer, a customer with both, a shortcut that is not for sale', (t) => {
  // 0 and 1 are providers that peer; 2 buys from 0, 3 buys from 1, 4 buys from 0 and 1; 2 and 3 peer.
  const networks: AsNetwork[] = [
    { asn: 10, providers: [], peers: [1] },
    { asn: 20, providers: [], peers: [] },
    { asn: 30, providers: [0], peers: [3] },
    { asn: 40, providers: [1], peers: [] },
    { asn: 50, providers: [0, 1], peers: [] },
  ];
  const toThree = new AsRoutes(networks).toward(3);
  t.deepEqual(toThree.path(2), [2, 3], 'a peer before a provider');
  t.deepEqual(toThree.path(0), [0, 1, 3], 'not through its customer 2, who would carry it for nothing');
  t.deepEqual(toThree.path(4), [4, 1, 3], 'the shorter of two providers');
  t.is(toThree.classOf(1), 'customer');
  const toFour = new AsRoutes(networks).toward(4);
  t.deepEqual(toFour.path(2), [2, 0, 4]);
});
