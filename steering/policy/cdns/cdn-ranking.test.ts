import test from 'ava';
import fc from 'fast-check';
import { CdnWorld, cdnsOf, clients, countOf } from './cdns.fixture.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
const weightsOf = (least: number) => fc.array(fc.integer({ min: 1, max: 100 }), { minLength: least, maxLength: 6 });
const byWeights = (weights: readonly number[]) => cdnsOf(weights.map((weight, at) => ({ id: NAMES[at]!, weight })));

test('shares of sessions are the weights, as closely as chance allows', (t) => {
  fc.assert(
    fc.property(weightsOf(2), fc.integer(), (weights, seed) => {
      const world = new CdnWorld(byWeights(weights));
      const count = 3000;
      const counts = countOf(world.firsts(clients(count, `s${seed}`)));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, at) => {
        const share = weight / all;
        // Five deviations: one in three million.
        const bound = 5 * Math.sqrt(share * (1 - share) * count) + 1;
        const off = Math.abs((counts[NAMES[at]!] ?? 0) - share * count);
        t.true(off <= bound, `${NAMES[at]}: ${counts[NAMES[at]!]} of ${count} for a share of ${share}`);
      });
    }),
    { numRuns: 60 },
  );
});

test('a session keeps its CDN, whatever else comes and however often it asks', (t) => {
  const world = new CdnWorld(byWeights([3, 2, 1]));
  const before = clients(300).map((client) => world.first(client));
  for (let minute = 0; minute < 10; minute++) {
    world.tick(30_000);
    clients(100, `crowd-${minute}`).forEach((client) => world.first(client));
    t.deepEqual(
      clients(300).map((client) => world.first(client)),
      before,
    );
  }
});

test('a weight that grows draws sessions to its CDN, and moves none between the others', (t) => {
  fc.assert(
    fc.property(weightsOf(2), fc.nat({ max: 5 }), fc.integer({ min: 2, max: 10 }), (weights, at, factor) => {
      const grown = at % weights.length;
      const many = clients(1000);
      const before = new CdnWorld(byWeights(weights)).firsts(many);
      const changed = weights.map((weight, index) => (index === grown ? weight * factor : weight));
      const after = new CdnWorld(byWeights(changed)).firsts(many);
      let moved = 0;
      many.forEach((_, index) => {
        if (after[index] === before[index]) return;
        moved++;
        t.is(after[index], NAMES[grown]);
      });
      const share = (of: readonly number[]) => of[grown]! / of.reduce((sum, weight) => sum + weight, 0);
      const wanted = (share(changed) - share(weights)) * many.length;
      t.true(Math.abs(moved - wanted) <= 5 * Math.sqrt(many.length / 4), `${moved} moved, ${wanted} wanted`);
    }),
    { numRuns: 40 },
  );
});

test('a CDN that is dead gets nothing while another can serve, and losing it moves only its own sessions', (t) => {
  fc.assert(
    fc.property(
      weightsOf(2),
      fc.nat({ max: 5 }),
      fc.array(fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }), { minLength: 6, maxLength: 6 }),
      fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      (weights, at, prices, commitmentTB) => {
        const lost = NAMES[at % weights.length]!;
        const cdns = cdnsOf(
          weights.map((weight, index) => ({
            id: NAMES[index]!,
            weight,
            ...(prices[index] === undefined ? {} : { pricePerGB: prices[index] / 1000 }),
            ...(index === 0 && commitmentTB !== undefined ? { commitmentTB } : {}),
          })),
        );
        const world = new CdnWorld(cdns);
        const many = clients(400);
        const before = many.map((client) => world.first(client));
        world.probe(lost, false, 5);
        const after = many.map((client) => world.first(client));
        many.forEach((_, index) => {
          t.not(after[index], lost);
          if (before[index] !== lost) t.is(after[index], before[index]);
        });
        t.true(
          world.rank(many[0]!).servers.some(({ id }) => id === lost),
          'it is named still, for it may come back',
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('sessions of a lost CDN go to the others as their weights are', (t) => {
  const world = new CdnWorld(byWeights([5, 3, 1]));
  const many = clients(6000);
  const before = world.firsts(many);
  world.probe('alpha', false, 3);
  const after = world.firsts(many).filter((_, index) => before[index] === 'alpha');
  const { beta = 0, gamma = 0 } = countOf(after);
  t.is(beta + gamma, after.length);
  t.true(Math.abs(beta / after.length - 0.75) < 0.05, `${beta} to beta, ${gamma} to gamma`);
});

test('a CDN that comes back gets its sessions by and by, and after the ramp all of them', (t) => {
  const world = new CdnWorld(byWeights([1, 1]));
  const many = clients(2000);
  const before = world.firsts(many);
  const share = () => world.firsts(many).filter((id) => id === 'alpha').length / many.length;
  world.probe('alpha', false, 3);
  t.is(share(), 0);
  world.probe('alpha', true, 2);
  t.is(share(), 0, 'two successes are not enough');
  world.probe('alpha', true);
  t.is(share(), 0, 'nothing at once');
  world.nowMs += 15_000;
  t.true(Math.abs(share() - 0.25) < 0.04, `half of its half: ${share()}`);
  world.nowMs += 15_000;
  t.deepEqual(world.firsts(many), before);
});

test('a single failed probe moves nobody, and neither does one in three', (t) => {
  const world = new CdnWorld(byWeights([1, 1]));
  const before = world.firsts(clients(200));
  for (let round = 0; round < 12; round++) {
    world.probe('alpha', round % 3 !== 0);
    t.deepEqual(world.firsts(clients(200)), before);
  }
});

test('with all of them dead all are named, in their order', (t) => {
  const world = new CdnWorld(byWeights([1, 1, 1]));
  const before = world.rank('somebody').servers.map(({ id }) => id);
  for (const id of NAMES.slice(0, 3)) world.probe(id, false, 3);
  const ranking = world.rank('somebody');
  t.deepEqual(
    ranking.servers.map(({ id }) => id),
    before,
  );
  t.true(ranking.servers.every(({ reasons }) => reasons.includes('down')));
  t.deepEqual(ranking.backoff, { maxRetries: 6, retryAfterSeconds: 4 });
});

test('a CDN at its maxBps spills: it is never sent more while another has room, and those it has stay', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), fc.integer(), (fits, seed) => {
      const nominalBps = 4e6;
      const cdns = cdnsOf([{ id: 'small', weight: 9, maxBps: fits * nominalBps }, { id: 'large' }], {
        balance: { nominalBps },
      });
      const world = new CdnWorld(cdns);
      const firsts = new Map<string, string>();
      for (const client of clients(600, `s${seed}`)) {
        firsts.set(client, world.first(client));
        t.true(world.traffic.cdnBps(0) <= fits * nominalBps);
      }
      t.true(world.traffic.cdnBps(0) >= 0.7 * fits * nominalBps, 'and it is used as far as it goes');
      for (const [client, first] of firsts) t.is(world.first(client), first);
    }),
    { numRuns: 30 },
  );
});

test('with all of them full nobody is turned away: the least loaded takes', (t) => {
  const cdns = cdnsOf(
    [
      { id: 'one', maxBps: 50e6 },
      { id: 'two', maxBps: 50e6 },
    ],
    { balance: { nominalBps: 5e6 } },
  );
  const world = new CdnWorld(cdns);
  const many = clients(60).map((client) => world.rank(client));
  t.true(many.every(({ servers }) => servers.length === 2));
  const { one = 0, two = 0 } = countOf(many.map(({ servers }) => servers[0]!.id));
  t.true(Math.abs(one - two) <= 12, `${one} and ${two}`);
  t.true(many.at(-1)!.servers[0]!.reasons.includes('full'));
});

test('what a player says it receives replaces the estimate', (t) => {
  const world = new CdnWorld(byWeights([1]));
  world.first('somebody');
  t.is(world.traffic.cdnBps(0), 5e6);
  world.traffic.measured('somebody', 1.25e6, world.nowMs);
  t.is(world.traffic.cdnBps(0), 1.25e6);
  world.first('somebody');
  t.is(world.traffic.cdnBps(0), 1.25e6, 'and it is remembered');
  world.tick(10_000);
  t.is(world.month.bytes(0), (1.25e6 * 10) / 8);
});

test('only CDNs whose footprint a client is in serve it, by any one of the types', (t) => {
  const world = new CdnWorld(
    cdnsOf([
      { id: 'everywhere' },
      { id: 'second' },
      { id: 'dach', weight: 1000, footprint: { countrycode: ['DE', 'at', 'CH'] } },
      { id: 'as', weight: 1000, footprint: { asn: ['AS64500'] } },
      { id: 'net', weight: 1000, footprint: { ipv4cidr: ['192.0.2.0/24'], ipv6cidr: ['2001:db8::/32'] } },
      { id: 'york', weight: 1000, footprint: { subdivisioncode: ['US-NY'] } },
    ]),
  );
  const among = (request: Parameters<CdnWorld['rank']>[1]) =>
    world
      .rank('somebody', request)
      .servers.map(({ id }) => id)
      .filter((id) => id !== 'everywhere' && id !== 'second');
  t.deepEqual(among({ country: 'AT' }), ['dach']);
  t.deepEqual(among({ country: 'FR' }), []);
  t.deepEqual(among({ country: null }), []);
  t.deepEqual(among({ country: 'FR', asn: 64500 }), ['as']);
  t.deepEqual(among({ country: null, address: '192.0.2.7' }), ['net']);
  t.deepEqual(among({ country: null, address: '2001:db8::7' }), ['net']);
  t.deepEqual(among({ country: null, address: '192.0.3.7' }), []);
  t.deepEqual(among({ country: 'US', subdivision: 'US-NY' }), ['york']);
  t.deepEqual(among({ country: 'US', subdivision: 'US-NJ' }), []);
});

test('where fewer than two serve a client the others come last, unless the file says never', (t) => {
  const cdns = [
    { id: 'home', footprint: { countrycode: ['DE'] } },
    { id: 'far', weight: 1000, footprint: { countrycode: ['US'] } },
  ];
  const ids = (world: CdnWorld, country: string) => world.rank('x', { country }).servers.map(({ id }) => id);
  const last = new CdnWorld(cdnsOf(cdns));
  t.deepEqual(ids(last, 'DE'), ['home', 'far']);
  t.true(last.rank('x').servers[1]!.reasons.includes('outside-footprint'));
  const never = new CdnWorld(cdnsOf(cdns, { balance: { outsideFootprint: 'never' } }));
  t.deepEqual(ids(never, 'DE'), ['home']);
  t.is(ids(never, 'FR').length, 2, 'and where none serves all are named: playback must go on');
});

test('a backup gets nothing while any other can serve, and all that is left over then', (t) => {
  const world = new CdnWorld(cdnsOf([{ id: 'main' }, { id: 'spare', weight: 100, backup: true }]));
  t.deepEqual(countOf(world.firsts(clients(200))), { main: 200 });
  world.probe('main', false, 3);
  t.deepEqual(countOf(world.firsts(clients(200))), { spare: 200 });
});

test('a region has its own weight and price', (t) => {
  const world = new CdnWorld(
    cdnsOf(
      [
        { id: 'a', pricePerGB: 0.01, regions: [{ id: 'asia', footprint: { countrycode: ['JP'] }, pricePerGB: 0.05 }] },
        { id: 'b', pricePerGB: 0.02, regions: [{ id: 'asia', footprint: { countrycode: ['JP'] }, weight: 0 }] },
      ],
      { balance: { byWeight: 0 } },
    ),
  );
  t.deepEqual(countOf(world.firsts(clients(100))), { a: 100 });
  t.deepEqual(countOf(world.firsts(clients(100), { country: 'JP' })), { b: 100 });
});

test('prices move sessions only within the bounds of byWeight', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), weightsOf(2), (byWeight, weights) => {
      const cdns = cdnsOf(
        weights.map((weight, at) => ({ id: NAMES[at]!, weight, pricePerGB: 0.01 * (at + 1) })),
        { balance: { byWeight } },
      );
      const count = 2000;
      const counts = countOf(new CdnWorld(cdns).firsts(clients(count)));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, at) => {
        const share = (byWeight * weight) / all + (at === 0 ? 1 - byWeight : 0);
        const bound = 5 * Math.sqrt(share * (1 - share) * count) + 1;
        t.true(Math.abs((counts[NAMES[at]!] ?? 0) - share * count) <= bound);
      });
    }),
    { numRuns: 40 },
  );
});

test('a dearer tier makes another CDN the cheapest', (t) => {
  const world = new CdnWorld(
    cdnsOf(
      [
        { id: 'tiered', pricePerGB: [{ upToTB: 1, pricePerGB: 0.01 }, { pricePerGB: 0.03 }] },
        { id: 'flat', pricePerGB: 0.02 },
      ],
      { balance: { byWeight: 0 } },
    ),
  );
  t.deepEqual(countOf(world.firsts(clients(50))), { tiered: 50 });
  world.month.correct(0, 1e12);
  t.deepEqual(countOf(world.firsts(clients(50))), { flat: 50 });
});

test('CDNs without weight share what falls to them', (t) => {
  const only = countOf(new CdnWorld(byWeights([0, 0])).firsts(clients(200)));
  t.true(Math.min(only.alpha ?? 0, only.beta ?? 0) >= 65, JSON.stringify(only));
  const world = new CdnWorld(byWeights([1, 0, 0]));
  const seconds = clients(200).map((client) => {
    const [first, second] = world.rank(client).servers;
    t.is(first!.id, 'alpha');
    return second!.id;
  });
  const { beta = 0, gamma = 0 } = countOf(seconds);
  t.true(Math.min(beta, gamma) >= 65, `${beta} and ${gamma}`);
});

test('a player whose manifest names only some CDNs is sent to those', (t) => {
  const world = new CdnWorld(byWeights([1, 1, 1]));
  for (const client of clients(30)) {
    const ids = world.rank(client, { among: new Set(['beta', 'gamma', 'no-such']) }).servers.map(({ id }) => id);
    t.deepEqual([...ids].sort(), ['beta', 'gamma']);
  }
  t.is(world.rank('x', { among: new Set(['no-such']) }).servers.length, 3);
});

test('explaining counts nobody', (t) => {
  const world = new CdnWorld(byWeights([1, 1]));
  const { candidates, servers } = world.ranking.explain({ client: 'x', path: '/live/demo/', country: 'DE' }, 0);
  t.is(world.traffic.sessions, 0);
  t.is(candidates.length, 2);
  t.deepEqual(
    candidates.map(({ id }) => id),
    servers.map(({ id }) => id),
  );
  t.true(candidates[0]!.reasons.includes('by-weight'));
});
