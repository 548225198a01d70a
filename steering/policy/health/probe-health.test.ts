import test from 'ava';
import * as fc from 'fast-check';
import { DEFAULT_PROBES } from './health-config.ts';
import { ProbeHealth } from './probe-health.ts';
import { ProbeSchedule } from './probe-schedule.ts';
import { makeSites } from '../world.fixture.ts';

const ROUND_MS = 5000;

/** Servers that are asked in turn, each answer known at once; time is the test's own. */
class Probed {
  readonly health: ProbeHealth;
  readonly servers: number;
  nowMs = 0;

  constructor(servers: number) {
    this.servers = servers;
    this.health = new ProbeHealth(servers, DEFAULT_PROBES, ROUND_MS);
  }

  rounds(count: number, isWell: (server: number) => boolean = () => true): void {
    for (let round = 0; round < count; round++) {
      for (let server = 0; server < this.servers; server++) {
        this.nowMs += ROUND_MS / this.servers;
        this.health.took(server, isWell(server), true, this.nowMs, this.nowMs);
      }
      this.health.settle(this.nowMs);
    }
  }

  standings(): string {
    return Array.from({ length: this.servers }, (_, server) => this.health.standingAt(server, this.nowMs)).join(' ');
  }
}

test('nothing is known of a server before its first probe, and one success makes it well', (t) => {
  const probed = new Probed(2);
  t.is(probed.standings(), 'unknown unknown');
  probed.rounds(1);
  t.is(probed.standings(), 'well well');
});

test('one failure of three changes nothing, two of three do', (t) => {
  const probed = new Probed(3);
  probed.rounds(3);
  probed.rounds(1, (server) => server !== 1);
  t.is(probed.standings(), 'well well well');
  probed.rounds(1);
  probed.rounds(1, (server) => server !== 1);
  t.is(probed.standings(), 'well failing well');
});

test('it is back after three successes in a row, and its share grows over ten seconds', (t) => {
  const probed = new Probed(3);
  probed.rounds(3, (server) => server !== 1);
  probed.rounds(2);
  t.is(probed.standings(), 'well failing well');
  probed.rounds(1);
  t.is(probed.standings(), 'well well well');
  const backMs = probed.nowMs - ROUND_MS / 3;
  t.is(probed.health.shareAt(1, backMs), 0);
  t.is(probed.health.shareAt(1, backMs + 2500), 0.25);
  t.is(probed.health.shareAt(1, backMs + 2549), 0.25, 'in steps');
  t.is(probed.health.untilMs(1, backMs + 2549), backMs + 2600);
  t.is(probed.health.shareAt(1, backMs + 10_000), 1);
});

test('whoever soon fails again must succeed twice as often in a row', (t) => {
  const probed = new Probed(3);
  const lapse = () => probed.rounds(2, (server) => server !== 1);
  lapse();
  probed.rounds(3);
  lapse();
  probed.rounds(5);
  t.is(probed.standings(), 'well failing well');
  probed.rounds(1);
  t.is(probed.standings(), 'well well well');
});

test('what was asked long ago says nothing of now', (t) => {
  const probed = new Probed(2);
  probed.rounds(3, (server) => server === 0);
  t.is(probed.standings(), 'well failing');
  probed.nowMs += 3 * ROUND_MS + 2 * DEFAULT_PROBES.timeoutMs + 1;
  t.is(probed.standings(), 'unknown unknown');
});

test('with nobody answering nobody fails: it is the network of those who ask', (t) => {
  const probed = new Probed(6);
  probed.rounds(3);
  probed.rounds(20, () => false);
  t.false(probed.standings().includes('failing'));
  probed.rounds(1);
  t.is(probed.standings(), 'well well well well well well');
});

test('with most failing no probe is believed, but of those who failed long before', (t) => {
  const probed = new Probed(10);
  probed.rounds(3);
  probed.rounds(6, (server) => server !== 0);
  t.is(probed.standings().split(' ')[0], 'failing');
  const before = probed.health.version;
  probed.rounds(3, (server) => server > 5);
  t.true(probed.health.isDisbelieved);
  t.true(probed.health.version > before);
  t.is(probed.standings(), `failing ${'unknown '.repeat(9).trim()}`);
  // Four of ten are still too many for who has seen six fail; three are not.
  probed.rounds(3, (server) => server > 3);
  t.false(probed.health.isDisbelieved);
  t.is(probed.standings(), 'failing failing failing failing well well well well well well');
});

/** A fleet that is probed as the schedule says; each probe ends at once, or fails after a time-out. */
class Fleet {
  readonly schedule: ProbeSchedule;
  readonly health: ProbeHealth;
  readonly servers: number;
  nowMs = 0;
  worst = 0;
  #pending: { endsMs: number; server: number; isWell: boolean; inTurn: boolean; askedMs: number }[] = [];

  constructor(edgesPerSite: readonly number[]) {
    const sites = makeSites(edgesPerSite);
    this.servers = edgesPerSite.reduce((sum, count) => sum + count, 0);
    this.schedule = new ProbeSchedule(sites, DEFAULT_PROBES, 'steering', 0);
    this.health = new ProbeHealth(this.servers, DEFAULT_PROBES, this.schedule.roundMs);
  }

  /** @param failAfterMs how long it takes to see that there is no answer */
  pass(seconds: number, isWell: (server: number) => boolean, failAfterMs: number): void {
    for (const endMs = this.nowMs + seconds * 1000; this.nowMs < endMs; this.nowMs += 50) {
      for (let due = this.schedule.take(this.nowMs); due !== null; due = this.schedule.take(this.nowMs)) {
        const well = isWell(due.server);
        const endsMs = this.nowMs + (well ? 20 : failAfterMs);
        this.#pending.push({ ...due, isWell: well, askedMs: this.nowMs, endsMs });
      }
      for (const probe of this.#pending.filter(({ endsMs }) => endsMs <= this.nowMs)) {
        const { server } = probe;
        this.health.took(server, probe.isWell, probe.inTurn, probe.askedMs, this.nowMs);
        if (this.health.isInDoubt(server)) this.schedule.doubt(server, this.nowMs);
      }
      this.#pending = this.#pending.filter(({ endsMs }) => endsMs > this.nowMs);
      if (this.nowMs % 1000 === 0) this.health.settle(this.nowMs);
      this.worst = Math.max(this.worst, this.failing().length);
    }
  }

  failing(): number[] {
    return Array.from({ length: this.servers }, (_, server) => server).filter(
      (server) => this.health.standingAt(server, this.nowMs) === 'failing',
    );
  }
}

const anyFleet = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 7 });

test('when this service loses its network no server is ever blamed, whenever it happens and however it shows', (t) => {
  fc.assert(
    fc.property(
      anyFleet,
      fc.integer({ min: 100, max: 9000 }),
      fc.integer({ min: 0, max: 2000 }),
      (edges, atMs, failMs) => {
        const fleet = new Fleet(edges);
        fleet.pass(20 + Math.round(atMs / 1000), () => true, failMs);
        fleet.pass(30, () => false, failMs);
        fleet.pass(20, () => true, failMs);
        return fleet.worst === 0;
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});

test('a dead server among others is found within eight seconds and time-outs, and nobody else is', (t) => {
  fc.assert(
    fc.property(anyFleet, fc.nat(), fc.integer({ min: 0, max: 2000 }), (edges, which, failMs) => {
      const fleet = new Fleet(edges);
      const dead = which % fleet.servers;
      fleet.pass(20, () => true, failMs);
      fleet.pass(8 + (2 * failMs) / 1000, (server) => server !== dead, failMs);
      const failing = fleet.failing();
      return failing.length === 1 && failing[0] === dead && fleet.worst === 1;
    }),
    { numRuns: 60 },
  );
  t.pass();
});

test('answers by chance make a server flap a few times a minute at most', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      fc.infiniteStream(fc.double({ noNaN: true, min: 0, max: 1 })),
      (share, chances) => {
        const fleet = new Fleet([2, 2]);
        const chance = chances[Symbol.iterator]();
        let changes = 0;
        let before = false;
        for (let tenth = 0; tenth < 3000; tenth++) {
          fleet.pass(0.1, (server) => server !== 0 || (chance.next().value as number) < share, 100);
          const now = fleet.failing().includes(0);
          if (now !== before) changes++;
          before = now;
        }
        return changes <= 30;
      },
    ),
    { numRuns: 10 },
  );
  t.pass();
});
