import test from 'ava';
import * as fc from 'fast-check';
import { Reservations, type ReportedLoad } from './reservations.ts';

const TUNING = { settleMs: 6000, instances: 1 };

class Reports implements ReportedLoad {
  bps = 0;
  atMs = -Infinity;

  reservedBpsAt(): number {
    return this.bps;
  }

  reportedAtMs(): number {
    return this.atMs;
  }

  say(bps: number, atMs: number): void {
    this.bps = bps;
    this.atMs = atMs;
  }
}

test('a session counts in full from the moment it is sent, before any report', (t) => {
  const reports = new Reports();
  const reservations = new Reservations(reports, 1, TUNING);
  t.is(reservations.reservedBps(0), 0);
  reservations.reserve(0, 5e6, 0);
  reservations.reserve(0, 5e6, 10);
  t.is(reservations.reservedBps(0), 10e6);
});

test('what a report must contain by now is not counted twice', (t) => {
  const reports = new Reports();
  reports.say(0, 0);
  const reservations = new Reservations(reports, 1, TUNING);
  reservations.reserve(0, 6e6, 100);
  reports.say(0, 900);
  t.is(reservations.reservedBps(0), 6e6, 'it is on its way');
  reports.say(2e6, 2500);
  t.is(reservations.reservedBps(0), 6e6);
  reports.say(5e6, 5400);
  t.is(reservations.reservedBps(0), 6e6);
  reports.say(6e6, 7000);
  t.is(reservations.reservedBps(0), 6e6);
  reports.say(6e6, 60_000);
  t.is(reservations.reservedBps(0), 6e6);
});

test('sessions that show at once are not counted twice either', (t) => {
  const reports = new Reports();
  reports.say(0, 0);
  const reservations = new Reservations(reports, 1, TUNING);
  reservations.reserve(0, 6e6, 100);
  reports.say(6e6, 1000);
  t.is(reservations.reservedBps(0), 6e6);
  reservations.reserve(0, 4e6, 1100);
  reports.say(7e6, 2000);
  t.is(reservations.reservedBps(0), 10e6, 'a part of it shows');
  reports.say(4e6, 3000);
  t.is(reservations.reservedBps(0), 7e6, 'others have left');
  reports.say(4e6, 9000);
  t.is(reservations.reservedBps(0), 4e6, 'the rest never came');
});

test('a session that never begins to play is forgotten when its time is over', (t) => {
  const reports = new Reports();
  const reservations = new Reservations(reports, 1, TUNING);
  reservations.reserve(0, 6e6, 0);
  reports.say(0, 6600);
  t.is(reservations.reservedBps(0), 0);
  reservations.reserve(0, 1e6, 1e9);
  reports.say(0, 1e9);
  t.is(reservations.reservedBps(0), 1e6);
});

test('servers are told apart', (t) => {
  const reservations = new Reservations(new Reports(), 3, TUNING);
  reservations.reserve(1, 5e6, 0);
  t.deepEqual(
    [0, 1, 2].map((server) => reservations.reservedBps(server)),
    [0, 5e6, 0],
  );
});

test('one of several instances counts for the others, too', (t) => {
  const reservations = new Reservations(new Reports(), 1, { settleMs: 6000, instances: 4 });
  reservations.reserve(0, 5e6, 0);
  t.is(reservations.reservedBps(0), 20e6);
});

test('whatever the arrivals, and however fast they show: never below what was sent, and never above it', (t) => {
  const arrival = fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), bps: fc.integer({ min: 1, max: 1000 }) });
  fc.assert(
    fc.property(
      fc.array(arrival, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: TUNING.settleMs - 1500 }),
      (list, rampMs) => {
        const reports = new Reports();
        reports.say(0, 0);
        const reservations = new Reservations(reports, 1, TUNING);
        const sent: { atMs: number; bps: number }[] = [];
        let nowMs = 0;
        let reportMs = 0;
        // Sessions show after half a second, at once or by and by.
        const shown = (atMs: number) =>
          sent.reduce((sum, one) => sum + one.bps * Math.min(1, Math.max(0, (atMs - one.atMs - 500) / rampMs)), 0);
        for (const { afterMs, bps } of list) {
          nowMs += afterMs;
          while (reportMs + 1000 <= nowMs) {
            reportMs += 1000;
            reports.say(shown(reportMs), reportMs);
          }
          sent.push({ atMs: nowMs, bps });
          reservations.reserve(0, bps, nowMs);
          const total = sent.reduce((sum, one) => sum + one.bps, 0);
          if (Math.abs(reservations.reservedBps(0) - total) > 1e-6) return false;
        }
        return true;
      },
    ),
  );
  t.pass();
});
