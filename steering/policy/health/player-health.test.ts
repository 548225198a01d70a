import test from 'ava';
import * as fc from 'fast-check';
import { stableHash } from '../../../topology/model/stable-hash.ts';
import { DEFAULT_PLAYERS } from './health-config.ts';
import { PlayerHealth } from './player-health.ts';
import { tell, type Viewers } from './viewers.fixture.ts';

/** Three sites with two servers each: 0 and 1, 2 and 3, 4 and 5. */
const SITE_OF = Int32Array.of(0, 0, 1, 1, 2, 2);
const ALL = [0, 1, 2, 3, 4, 5];

class Told {
  readonly health = new PlayerHealth(SITE_OF, DEFAULT_PLAYERS, 0);
  nowMs = 0;

  pass(seconds: number, viewers: readonly Viewers[], failing: Parameters<typeof tell>[3] = () => 0.005): void {
    this.nowMs = tell(
      seconds,
      this.nowMs,
      viewers,
      failing,
      (server, network, client, sign, nowMs) => void this.health.told(server, network, client, sign, nowMs),
      (nowMs) => this.health.settle(nowMs),
    );
  }

  shares(): number[] {
    return ALL.map((server) => Number(this.health.shareAt(server).toFixed(2)));
  }

  paths(network: string): number[] {
    return [0, 1, 2].map((site) => Number(this.health.pathShareAt(network, site).toFixed(2)));
  }
}

const viewers = (network: string, servers: readonly number[] = ALL, clients = 12): Viewers => ({
  network,
  servers,
  clients,
});
const FIVE = ['a', 'b', 'c', 'd', 'e'].map((network) => viewers(network));
const ONES = [1, 1, 1, 1, 1, 1];

test('without a word, and with nothing but success, every server keeps its share', (t) => {
  const told = new Told();
  told.health.settle(1000);
  t.deepEqual(told.shares(), ONES);
  t.is(told.health.standingAt(0), 'unknown');
  told.pass(30, FIVE);
  t.deepEqual(told.shares(), ONES);
  t.deepEqual(told.paths('a'), [1, 1, 1]);
  t.is(told.health.standingAt(0), 'well');
});

test('a server that fails for several networks loses its share within seconds, and nobody else loses any', (t) => {
  const told = new Told();
  told.pass(30, FIVE);
  told.pass(9, FIVE, (_network, server) => (server === 2 ? 0.9 : 0));
  t.deepEqual(told.shares(), [1, 1, 0.02, 1, 1, 1]);
  t.is(told.health.standingAt(2), 'failing');
  for (const { network } of FIVE) t.deepEqual(told.paths(network), [1, 1, 1]);
});

test('it comes back over a minute once nobody tells of failures', (t) => {
  const told = new Told();
  told.pass(30, FIVE);
  told.pass(10, FIVE, (_network, server) => (server === 2 ? 1 : 0));
  const shares: number[] = [];
  for (let ten = 0; ten < 16; ten++) {
    told.pass(10, FIVE);
    shares.push(told.health.shareAt(2));
  }
  const rises = shares.slice(1).map((share, index) => share - shares[index]!);
  t.true(
    rises.every((rise) => rise >= 0 && rise < 0.18),
    shares.join(),
  );
  t.is(shares.at(-1), 1);
});

test('with nobody left to tell, it comes back by time alone', (t) => {
  const told = new Told();
  told.pass(30, FIVE);
  told.pass(10, FIVE, (_network, server) => (server === 2 ? 1 : 0));
  const elsewhere = FIVE.map(({ network }) => viewers(network, [0, 1, 3, 4, 5]));
  told.pass(150, elsewhere);
  t.is(told.health.shareAt(2), 1);
});

test('a network whose players fail everywhere takes nobody down', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.boolean(),
      (clients, share, alone) => {
        const told = new Told();
        const bad = viewers('bad', ALL, clients);
        told.pass(40, alone ? [bad] : [...FIVE, bad], (network) => (network === 'bad' ? share : 0.005));
        return told.shares().every((one) => one === 1) && told.paths('bad').every((one) => one > 0.9);
      },
    ),
    { numRuns: 30 },
  );
  t.pass();
});

test('a site that one network cannot reach is worth less to that network alone', (t) => {
  const told = new Told();
  told.pass(30, FIVE);
  told.pass(10, FIVE, (network, server) => (network === 'c' && SITE_OF[server] === 1 ? 0.8 : 0.005));
  t.deepEqual(told.paths('c'), [1, 0, 1]);
  t.deepEqual(told.shares(), ONES);
  for (const network of ['a', 'b', 'd', 'e']) t.deepEqual(told.paths(network), [1, 1, 1]);
  t.is(told.health.failingPaths, 1);
  told.pass(200, FIVE);
  t.deepEqual(told.paths('c'), [1, 1, 1]);
  t.is(told.health.failingPaths, 0);
});

test('the only network of a site lowers the way to it, not the site', (t) => {
  const told = new Told();
  const embedded = [viewers('host', [0, 1]), ...FIVE.map(({ network }) => viewers(network, [2, 3, 4, 5]))];
  told.pass(20, embedded);
  told.pass(10, embedded, (network) => (network === 'host' ? 1 : 0));
  t.deepEqual(told.paths('host'), [0, 1, 1]);
  t.deepEqual(told.shares(), ONES);
});

test('a single network is believed against a server where it does well at another of that site', (t) => {
  const told = new Told();
  told.pass(20, [viewers('only', [0, 1])]);
  told.pass(10, [viewers('only', [0, 1])], (_network, server) => (server === 0 ? 1 : 0));
  t.deepEqual(told.shares().slice(0, 2), [0.02, 1]);
  t.deepEqual(told.paths('only'), [1, 1, 1]);
});

test('when all servers fail for all it is none of theirs: there is nothing better to send players to', (t) => {
  const told = new Told();
  told.pass(20, FIVE);
  told.pass(30, FIVE, () => 0.9);
  t.deepEqual(told.shares(), ONES);
});

test('few who lie, however loud, harm nobody: not one address, and not a third of a network', (t) => {
  const loud = new Told();
  for (let second = 0; second < 30; second++) {
    loud.pass(1, FIVE);
    for (let shout = 0; shout < 1000; shout++) loud.health.told(2, 'a', stableHash('liar'), 'broken', loud.nowMs);
  }
  t.deepEqual(loud.shares(), ONES);
  t.deepEqual(loud.paths('a'), [1, 1, 1]);

  const many = new Told();
  many.pass(60, FIVE, (network, _server, client) => (network !== 'e' && client < 4 ? 1 : 0));
  t.deepEqual(many.shares(), ONES);
  t.deepEqual(many.paths('a'), [1, 1, 1]);
});

test('liars in one network lower at most their own way', (t) => {
  const told = new Told();
  told.pass(60, FIVE, (network, server) => (network === 'a' && SITE_OF[server] === 0 ? 1 : 0));
  t.deepEqual(told.shares(), ONES);
  t.deepEqual(told.paths('a'), [0, 1, 1]);
  for (const network of ['b', 'c', 'd', 'e']) t.deepEqual(told.paths(network), [1, 1, 1]);
});

test('one address is one voice: the rest of what it says is refused, and comes back with time', (t) => {
  const { health } = new Told();
  const outcomes = Array.from({ length: 30 }, () => health.told(0, 'a', 7, 'well', 0));
  t.is(outcomes.filter((outcome) => outcome === null).length, 20);
  t.is(outcomes.at(-1), 'client-limit');
  t.is(health.told(0, 'a', 7, 'well', 1000), null);
  t.is(health.told(0, 'a', 8, 'well', 0), null);
});

test('invented networks cost no memory without end', (t) => {
  const { health } = new Told();
  let crowded = 0;
  for (let network = 0; network < 20_000; network++) {
    if (health.told(0, `network-${network}`, network, 'well', 0) === 'crowded') crowded++;
  }
  t.true(crowded > 0);
  for (let nowMs = 1000; nowMs <= 200_000; nowMs += 1000) health.settle(nowMs);
  t.is(health.told(0, 'late', 1, 'well', 200_000), null, 'and what is old makes room');
});

test('noise at the threshold does not swing a share', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0.02, max: 0.3, noNaN: true }), (share) => {
      const told = new Told();
      told.pass(30, FIVE, (_network, server) => (server === 2 ? share : 0.005));
      let swing = 0;
      let before = told.health.shareAt(2);
      for (let second = 0; second < 60; second++) {
        told.pass(1, FIVE, (_network, server) => (server === 2 ? share : 0.005));
        swing += Math.max(0, told.health.shareAt(2) - before);
        before = told.health.shareAt(2);
      }
      // It may come back once in a minute, as after any failure, and no more.
      return swing <= 1;
    }),
    { numRuns: 20 },
  );
  t.pass();
});
