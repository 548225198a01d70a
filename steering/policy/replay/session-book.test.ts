import test from 'ava';
import * as fc from 'fast-check';
import { SessionBook, type SessionState } from './session-book.ts';

const nowhere = { server: -1, bps: 0, rank0: 'other' } as const;

function newState(session: number): SessionState {
  const state = { session, isLive: true, lastMs: 0, ttlMs: 0, isAlive: false, manifest: null, mostBps: Infinity };
  return { ...state, flags: 0, before: nowhere, after: nowhere };
}

function book() {
  const served = new Map<number, number>();
  const stops: [session: number, atMs: number][] = [];
  const made = new SessionBook({
    served: ({ session }, ms) => served.set(session, (served.get(session) ?? 0) + ms),
    stopped: ({ session }, atMs) => stops.push([session, atMs]),
  });
  const decide = (session: number, atMs: number, ttlMs: number) => {
    made.advance(atMs);
    made.goesOn(made.comes(session, atMs) ?? newState(session), atMs, ttlMs);
  };
  return { made, served, stops, decide };
}

test('a session is served from its first decision to its last and its TTL, and stops then', (t) => {
  const { made, served, stops, decide } = book();
  decide(1, 1000, 10_000);
  decide(2, 4000, 20_000);
  decide(1, 9000, 10_000);
  made.advance(100_000);
  t.deepEqual(
    [...served],
    [
      [1, 18_000],
      [2, 20_000],
    ],
  );
  t.deepEqual(stops, [
    [1, 19_000],
    [2, 24_000],
  ]);
  t.is(made.count, 2);
  made.finish();
  t.is(served.get(1), 18_000);
});

test('any history: what is served is the sum of the gaps that a session bridges, and each stop is one', (t) => {
  const decisions = fc.array(
    fc.record({ session: fc.nat(3), afterMs: fc.nat(30_000), ttlMs: fc.integer({ min: 1000, max: 20_000 }) }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(decisions, (list) => {
      const { made, served, stops, decide } = book();
      const expected = new Map<number, { lastMs: number; ttlMs: number; ms: number }>();
      let nowMs = 1e12;
      let sessions = 0;
      for (const { session, afterMs, ttlMs } of list) {
        nowMs += afterMs;
        const before = expected.get(session);
        // Looked at a quarter second late at the most, who asks so shortly after the end may go on.
        const gapMs = before === undefined ? 0 : nowMs - before.lastMs;
        if (before !== undefined && Math.abs(gapMs - 2 * before.ttlMs) <= 250) return;
        const goesOn = before !== undefined && gapMs < 2 * before.ttlMs;
        if (!goesOn) sessions++;
        const ms = (before?.ms ?? 0) + (goesOn ? gapMs : (before?.ttlMs ?? 0));
        expected.set(session, { lastMs: nowMs, ttlMs, ms });
        decide(session, nowMs, ttlMs);
      }
      made.finish();
      t.is(made.count, sessions);
      for (const [session, { ms, ttlMs }] of expected) t.is(served.get(session), ms + ttlMs);
      t.true(stops.length >= expected.size);
    }),
    { numRuns: 300 },
  );
});
