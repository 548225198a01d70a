import test from 'ava';
import * as fc from 'fast-check';
import type { NodeReport } from '../../topology/model/node-report.ts';
import { MOST_SERVERS } from './ranking.ts';
import { CAPACITY_BPS, clients, MOST_SITES, World } from './world.fixture.ts';

const shape = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: MOST_SITES });
const country = fc.constantFrom('DE', 'US', 'BR', 'FJ', null, 'XX');

type Fate = 'well' | 'silent' | 'draining' | 'erring' | 'full';
const fate = fc.constantFrom<Fate>('well', 'silent', 'draining', 'erring', 'full');

const CHANGES: Record<Fate, Partial<NodeReport> | 'silent'> = {
  well: {},
  silent: 'silent',
  draining: { state: 'draining' },
  erring: { errorShare: 0.9 },
  full: { reservedBps: CAPACITY_BPS },
};

/** A world in which every node was well and then met its fate for `seconds`. */
function afterFates(
  edgesPerSite: number[],
  fates: Fate[],
  seconds: number,
): { world: World; fateOf: Map<string, Fate> } {
  const world = new World(edgesPerSite);
  const fateOf = new Map(world.ids.map((id, index) => [id, fates[index % fates.length]!]));
  world.pass(2);
  world.pass(seconds, (id) => CHANGES[fateOf.get(id)!]);
  return { world, fateOf };
}

const fates = fc.array(fate, { minLength: 1, maxLength: 28 });

test('a healthy world: the nearest site first, then others, each with its reasons', (t) => {
  const world = new World([2, 2, 2]);
  world.pass(2);
  const { servers, backoff } = world.rank('client-1');
  t.deepEqual(
    servers.map(({ site }) => site),
    ['fra', 'fra', 'nyc', 'sao', 'nyc', 'sao'],
  );
  t.deepEqual(servers[0]!.reasons, ['nearest-site', 'same-country', 'owner', 'healthy']);
  t.deepEqual(servers[1]!.reasons, ['nearest-site', 'same-country', 'stand-in', 'healthy']);
  t.deepEqual(servers[2]!.reasons, ['farther-site', 'owner', 'healthy']);
  t.deepEqual(
    servers.map(({ rank }) => rank),
    [0, 1, 2, 3, 4, 5],
  );
  t.deepEqual(backoff, { maxRetries: 3, retryAfterSeconds: 1 });
  t.deepEqual(world.rank('client-1', { country: null }).servers[0]!.reasons, ['default-order', 'owner', 'healthy']);
});

test('never a dead, draining, failing or full server first while another can serve', (t) => {
  fc.assert(
    fc.property(
      shape,
      fates,
      country,
      fc.integer({ min: 8, max: 12 }),
      fc.string(),
      (edges, list, from, seconds, client) => {
        const { world, fateOf } = afterFates(edges, list, seconds);
        const firstFate = fateOf.get(world.first(client, { country: from }))!;
        const present = [...fateOf.values()];
        if (present.includes('well')) return firstFate === 'well';
        if (present.includes('erring') || present.includes('full'))
          return firstFate !== 'silent' && firstFate !== 'draining';
        return present.includes('draining') ? firstFate === 'draining' : true;
      },
    ),
  );
  t.pass();
});

test('a ranking is well formed: no server twice, at most six, two sites where two exist, ranks in order', (t) => {
  fc.assert(
    fc.property(
      shape,
      fates,
      country,
      fc.integer({ min: 0, max: 8 }),
      fc.string(),
      (edges, list, from, seconds, client) => {
        const { world } = afterFates(edges, list, seconds);
        const { servers, ttlSeconds } = world.rank(client, { country: from });
        const ids = new Set(servers.map(({ id }) => id));
        const sites = new Set(servers.map(({ site }) => site));
        return (
          ids.size === servers.length &&
          servers.length === Math.min(MOST_SERVERS, world.ids.length) &&
          sites.size >= Math.min(2, edges.length) &&
          servers.every(({ rank, reasons }, index) => rank === index && reasons.length >= 3) &&
          Number.isInteger(ttlSeconds) &&
          ttlSeconds >= 10 &&
          ttlSeconds <= 30
        );
      },
    ),
  );
  t.pass();
});

test('the same inputs give the same answer in another process with the same history', (t) => {
  fc.assert(
    fc.property(shape, fates, country, fc.string(), (edges, list, from, client) => {
      const [a, b] = [afterFates(edges, list, 7).world, afterFates(edges, list, 7).world];
      b.ranking.explain({ country: 'US', client: 'somebody else', path: '/live/demo' }, b.nowMs);
      t.deepEqual(a.rank(client, { country: from }), b.rank(client, { country: from }));
    }),
    { numRuns: 50 },
  );
});

test('losing a server moves its own sessions and no others, and its site keeps them', (t) => {
  const world = new World([4, 2]);
  world.pass(2);
  const sessions = clients(2000);
  const before = new Map(sessions.map((session) => [session, world.first(session)]));
  world.pass(6, (id) => (id === 'fra-2' ? 'silent' : {}));
  const heirs = new Map<string, number>();
  for (const session of sessions) {
    const now = world.first(session);
    if (before.get(session) !== 'fra-2') t.is(now, before.get(session)!);
    else heirs.set(now, (heirs.get(now) ?? 0) + 1);
  }
  t.deepEqual([...heirs.keys()].sort(), ['fra-1', 'fra-3', 'fra-4']);
});

test('the sessions of an event are spread over all servers of the nearest site', (t) => {
  const world = new World([3, 2]);
  world.pass(2);
  const counts = new Map<string, number>();
  for (const session of clients(3000)) {
    const id = world.first(session);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  t.deepEqual([...counts.keys()].sort(), ['fra-1', 'fra-2', 'fra-3']);
  for (const count of counts.values()) t.true(count > 700 && count < 1300, `${count} of 3000`);
});

test('a session keeps its server for every path of the event', (t) => {
  const world = new World([3, 3]);
  world.pass(2);
  for (const client of clients(50)) {
    const first = world.first(client, { path: '/live/demo' });
    for (const path of ['/live/demo/', '/live/demo/event.json', '/live/demo/v1/17.m4s', '/live/demo/v1/index.m3u8']) {
      t.is(world.first(client, { path }), first);
    }
  }
});

test('a strained server keeps the share of its sessions that its score says; a farther strain takes none from others', (t) => {
  const world = new World([2, 2]);
  world.pass(2);
  const sessions = clients(4000);
  const own = sessions.filter((session) => world.first(session) === 'fra-1');
  // 0.975 of capacity: half the score; reports pull it there step by step.
  world.pass(30, (id) => (id === 'fra-1' ? { egressBps: 0.975 * CAPACITY_BPS } : {}));
  const kept = own.filter((session) => world.first(session) === 'fra-1').length / own.length;
  t.true(kept > 0.44 && kept < 0.56, `${kept}`);
  for (const session of sessions) if (!own.includes(session)) t.is(world.first(session), 'fra-2');
  const moved = own.find((session) => world.first(session) === 'fra-2')!;
  const { reasons } = world.rank(moved).servers.find(({ id }) => id === 'fra-1')!;
  t.deepEqual(reasons, ['nearest-site', 'same-country', 'owner', 'busy', 'turned-away']);
});

test('a recovered server gets its own sessions back, few at first', (t) => {
  const world = new World([2, 2]);
  world.pass(2);
  const own = clients(1000).filter((session) => world.first(session) === 'fra-1');
  world.pass(8, (id) => (id === 'fra-1' ? 'silent' : {}));
  let regained = own.filter((session) => world.first(session) === 'fra-1');
  t.deepEqual(regained, []);
  const shares: number[] = [];
  for (let second = 0; second < 14; second++) {
    world.pass(1);
    const before = regained;
    regained = own.filter((session) => world.first(session) === 'fra-1');
    t.deepEqual(
      before.filter((session) => !regained.includes(session)),
      [],
      'no session goes to and fro',
    );
    shares.push(regained.length / own.length);
  }
  t.deepEqual(shares.slice(0, 3), [0, 0, 0]);
  t.true(shares[5]! < 0.5);
  t.is(shares.at(-1), 1);
});

test('with every node dead the whole list is still given, with more patience', (t) => {
  const world = new World([2, 2, 2]);
  world.pass(2);
  world.pass(10, () => 'silent');
  const { servers, backoff } = world.rank('client-1');
  t.is(servers.length, 6);
  t.true(servers.every(({ reasons }) => reasons.includes('down')));
  t.is(servers[0]!.site, 'fra');
  t.deepEqual(backoff, { maxRetries: 6, retryAfterSeconds: 4 });
});

test('before any report the ranking is that of geography', (t) => {
  const world = new World([2, 2, 2]);
  const { servers } = world.rank('client-1', { country: 'BR' });
  t.is(servers[0]!.site, 'sao');
  t.true(servers[0]!.reasons.includes('unheard'));
});

test('a client that can use only some servers gets those in order; names that are none count for nothing', (t) => {
  const world = new World([3, 3, 3]);
  world.pass(2);
  const among = new Set(['nyc-2', 'fra-3', 'gone-1']);
  const some = world.rank('client-1', { among }).servers.map(({ id }) => id);
  t.deepEqual(some, ['fra-3', 'nyc-2']);
  const none = world.rank('client-1', { among: new Set(['gone-1']) });
  t.deepEqual(none, world.rank('client-1'));
});

test('times to live are spread over 10 to 30 seconds, and drawn anew as time goes', (t) => {
  const world = new World([1, 1]);
  const ttls = new Set(clients(1000).map((client) => world.rank(client).ttlSeconds));
  t.is(ttls.size, 21);
  t.is(Math.min(...ttls), 10);
  t.is(Math.max(...ttls), 30);
  const draws = new Set<number>();
  for (let minute = 0; minute < 20; minute++) {
    draws.add(world.rank('client-1').ttlSeconds);
    world.nowMs += 60_000;
  }
  t.true(draws.size > 5);
});

test('a client that knows few servers is answered as if the rest of the world were not looked at', (t) => {
  const world = new World([2, 2, 2, 2, 2, 2, 2]);
  world.pass(2);
  for (const client of clients(50)) {
    const among = new Set(['akl-1', 'sin-2', 'no-such']);
    t.deepEqual(
      world.rank(client, { among }).servers.map(({ id }) => id),
      ['sin-2', 'akl-1'],
    );
    t.is(world.rank(client, { among: new Set(['no-such']) }).servers.length, 6);
  }
});
