import test from 'ava';
import fc from 'fast-check';
import { CdnMonth } from './cdn-month.ts';
import { CdnTraffic } from './cdn-traffic.ts';
import { MONTH_BEGINS_MS } from './cdns.fixture.ts';

const KEEP = { short: 60_000, long: 600_000 };

test('whatever comes, the rates are the sums over the sessions that are on, and bytes their integral', (t) => {
  const step = fc.record({
    ms: fc.integer({ min: 0, max: 9000 }),
    session: fc.nat({ max: 12 }),
    cdn: fc.nat({ max: 2 }),
    clientClass: fc.nat({ max: 1 }),
    bps: fc.integer({ min: 0, max: 10_000_000 }),
    how: fc.constantFrom('short', 'long', 'measured'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const traffic = new CdnTraffic(3, KEEP, 2, 0);
      // The same, told naively: who was heard of last when, by which way, and receives what.
      const told = new Map<
        string,
        { cdn: number; clientClass: number; bps: number; atMs: number; how: 'short' | 'long' }
      >();
      const taken = [0, 0, 0];
      const bytes = [0, 0, 0];
      const rates = [0, 0, 0];
      let nowMs = 0;
      for (const { ms, session, cdn, clientClass, bps, how } of steps) {
        nowMs += ms;
        rates.forEach((rate, at) => (bytes[at]! += (2 * rate * ms) / 8000));
        traffic.takeBytes(nowMs).forEach((count, at) => (taken[at]! += count));
        const name = `s${session}`;
        for (const [one, { atMs, how: by }] of told) {
          if (traffic.cdnOf(one) >= 0) continue;
          t.true(nowMs - atMs >= (KEEP[by] * 2) / 3, 'nobody is forgotten early');
          told.delete(one);
        }
        for (const { atMs, how: by } of told.values()) t.true(nowMs - atMs <= (KEEP[by] * 4) / 3, 'nor kept too long');
        const known = told.get(name);
        if (how === 'measured') {
          traffic.measured(name, bps, nowMs);
          if (known) known.bps = bps;
        } else {
          traffic.place(name, cdn, clientClass, bps, how, nowMs);
          told.set(name, { cdn, clientClass, bps, atMs: nowMs, how: known?.how === 'short' ? 'short' : how });
        }
        const sum = (of: (one: { cdn: number; clientClass: number }) => boolean) =>
          [...told.values()].reduce((total, one) => total + (of(one) ? one.bps : 0), 0);
        for (const at of [0, 1, 2]) {
          rates[at] = sum((one) => one.cdn === at);
          t.is(traffic.cdnBps(at), 2 * rates[at]);
        }
        for (const at of [0, 1]) t.is(traffic.classBps(at), 2 * sum((one) => one.clientClass === at));
        t.is(traffic.sessions, told.size);
      }
      taken.forEach((count, at) => t.true(Math.abs(count - bytes[at]!) <= 1e-6 * bytes[at]!));
    }),
    { numRuns: 100 },
  );
});

test('a session that moves counts at one CDN, and one that was redirected counts longer', (t) => {
  const traffic = new CdnTraffic(2, KEEP, 1, 0);
  traffic.place('a', 0, 0, 1e6, 'short', 0);
  traffic.place('a', 1, 0, 1e6, 'short', 1000);
  t.is(traffic.cdnBps(0), 0);
  t.is(traffic.cdnBps(1), 1e6);
  traffic.place('r', 0, 0, 2e6, 'long', 1000);
  traffic.takeBytes(300_000);
  t.is(traffic.cdnBps(0), 2e6);
  t.is(traffic.cdnBps(1), 0);
  traffic.takeBytes(900_000);
  t.is(traffic.cdnBps(0), 0);
  t.is(traffic.sessions, 0);
});

test('sessions are bounded: the oldest are forgotten, and counted as such', (t) => {
  const traffic = new CdnTraffic(1, KEEP, 1, 0, 100);
  for (let at = 0; at < 1000; at++) traffic.place(`s${at}`, 0, 0, 1e6, at % 3 === 0 ? 'long' : 'short', at);
  t.true(traffic.sessions <= 100 && traffic.sessions >= 50, `${traffic.sessions}`);
  t.is(traffic.forgotten, 1000 - traffic.sessions);
  t.is(traffic.cdnBps(0), traffic.sessions * 1e6);
  t.is(traffic.cdnOf('s999'), 0);
});

test('a month begins anew, and a record of it goes on after a restart', (t) => {
  const month = new CdnMonth(['a', 'b'], MONTH_BEGINS_MS);
  month.add([100, 200], MONTH_BEGINS_MS + 60_000);
  month.add([5, 0], MONTH_BEGINS_MS + 400_000);
  const record = month.record();
  t.deepEqual(record.cdns, {
    a: {
      bytes: 105,
      samples: [
        [0, 100],
        [1, 5],
      ],
    },
    b: { bytes: 200, samples: [[0, 200]] },
  });

  const restarted = new CdnMonth(['b', 'c'], MONTH_BEGINS_MS + 500_000);
  restarted.restore(record);
  t.is(restarted.bytes(0), 200);
  t.is(restarted.bytes(1), 0);
  t.deepEqual(restarted.record().cdns.b, record.cdns.b);

  const nextMonth = new CdnMonth(['a', 'b'], Date.UTC(2026, 11, 2));
  nextMonth.restore(record);
  t.is(nextMonth.bytes(0), 0, 'another month’s record is no news');

  month.add([1, 1], Date.UTC(2026, 11, 1));
  t.is(month.bytes(0), 1);
});

test('the 95th percentile leaves out the fullest twentieth of the month’s five minutes', (t) => {
  const month = new CdnMonth(['a'], MONTH_BEGINS_MS);
  // 100 samples: 5 bursts, 95 quiet ones.
  for (let at = 0; at < 100; at++) month.add([at < 5 ? 1e9 : 3e6], MONTH_BEGINS_MS + at * 300_000);
  t.is(month.percentile95Bps(0, MONTH_BEGINS_MS + 100 * 300_000), (3e6 * 8) / 300);
  month.add([1e9], MONTH_BEGINS_MS + 100 * 300_000);
  t.true(month.percentile95Bps(0, MONTH_BEGINS_MS + 101 * 300_000) > 1e6, 'a sixth burst counts');
  t.is(month.percentile95Bps(0, MONTH_BEGINS_MS), 0);
});
