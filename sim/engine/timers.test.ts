import test from 'ava';
import fc from 'fast-check';
import { Timers } from './timers.ts';

interface Entry {
  timer: number;
  atMs: number;
  payload: number;
}

/** Timers as anybody would write them first: a list, in order of being set. */
class ListedTimers {
  entries: Entry[] = [];

  set(entry: Entry): void {
    this.cancel(entry.timer);
    if (entry.atMs !== Infinity) this.entries.push(entry);
  }

  cancel(timer: number): void {
    this.entries = this.entries.filter((entry) => entry.timer !== timer);
  }

  get nextMs(): number {
    return Math.min(...this.entries.map(({ atMs }) => atMs));
  }

  fire(): Entry {
    const next = this.entries.find(({ atMs }) => atMs === this.nextMs)!;
    this.cancel(next.timer);
    return next;
  }
}

// Few moments, so that many are simultaneous; close together, or so far apart that some are beyond all bags.
const scales = fc.constantFrom(0.2, 1, 900, 5000);
const operations = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('set' as const), which: fc.nat(60), atMs: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('never' as const), which: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('cancel' as const), which: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('free' as const), which: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('make' as const) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('fire' as const) }) },
  ),
  { maxLength: 400, size: 'max' },
);

test('timers fire in order of time, simultaneous ones in order of being set, whatever is moved, cancelled and freed', (t) => {
  fc.assert(
    fc.property(operations, scales, (script, scale) => {
      const timers = new Timers();
      const listed = new ListedTimers();
      const fired: Entry[] = [];
      const kinds = [0, 1].map((kind) =>
        timers.kind((payload, timer, atMs) => {
          if (payload % 2 === kind) fired.push({ timer, atMs, payload });
        }),
      );
      const live: { timer: number; payload: number }[] = [];
      let made = 0;
      const fire = () => {
        const expected = listed.fire();
        timers.fire();
        const got = fired.pop();
        return got?.timer === expected.timer && got.atMs === expected.atMs && got.payload === expected.payload;
      };
      for (const operation of script) {
        if (operation.what === 'make') {
          const payload = made++;
          live.push({ timer: timers.make(kinds[payload % 2]!, payload), payload });
        } else if (operation.what === 'fire') {
          if (listed.entries.length > 0 && !fire()) return false;
        } else if (live.length > 0) {
          const place = operation.which % live.length;
          const { timer, payload } = live[place]!;
          if (operation.what === 'set') {
            timers.set(timer, operation.atMs * scale);
            listed.set({ timer, atMs: operation.atMs * scale, payload });
          } else if (operation.what === 'never') {
            timers.set(timer, Infinity);
            listed.cancel(timer);
          } else {
            listed.cancel(timer);
            if (operation.what === 'cancel') timers.cancel(timer);
            else {
              timers.free(timer);
              live.splice(place, 1);
            }
          }
        }
        if (timers.pending !== listed.entries.length || timers.nextMs !== listed.nextMs) return false;
        for (const { timer } of live) {
          const atMs = listed.entries.find((entry) => entry.timer === timer)?.atMs ?? Infinity;
          if (timers.atMs(timer) !== atMs || timers.isSet(timer) !== atMs < Infinity) return false;
        }
      }
      while (listed.entries.length > 0) if (!fire()) return false;
      return timers.pending === 0 && timers.nextMs === Infinity && fired.length === 0;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('tables grow while timers are set, and numbers that were freed are used again', (t) => {
  const timers = new Timers();
  const fired: number[] = [];
  const kind = timers.kind((payload) => void fired.push(payload));
  const count = 5000;
  for (let index = 0; index < count; index++) timers.set(timers.make(kind, index), (index * 7919) % count);
  t.is(timers.pending, count);
  while (timers.pending > 0) timers.fire();
  t.is(fired.length, count);
  t.true(fired.every((payload, place) => (payload * 7919) % count === place));
  timers.free(17);
  t.is(timers.make(kind, 1), 17);
  t.is(timers.make(kind, 1), count);
});

test('a handler may set its own timer again, cancel others and make new ones', (t) => {
  const timers = new Timers();
  const log: string[] = [];
  let victim = -1;
  const kind = timers.kind((payload, timer, nowMs) => {
    log.push(`${payload}@${nowMs}`);
    if (payload !== 1 || nowMs > 1) return;
    timers.set(timer, nowMs + 2);
    timers.free(victim);
    timers.set(timers.make(kind, 3), nowMs);
  });
  timers.set(timers.make(kind, 1), 1);
  victim = timers.make(kind, 2);
  timers.set(victim, 2);
  while (timers.pending > 0) timers.fire();
  t.deepEqual(log, ['1@1', '3@1', '1@3']);
});

test('moving a timer to where it stands already puts it behind those set meanwhile', (t) => {
  const timers = new Timers();
  const fired: number[] = [];
  const kind = timers.kind((payload) => void fired.push(payload));
  const first = timers.make(kind, 1);
  timers.set(first, 5);
  timers.set(timers.make(kind, 2), 5);
  timers.set(first, 5);
  while (timers.pending > 0) timers.fire();
  t.deepEqual(fired, [2, 1]);
});

test('a time that is not a number is refused, and so is one kind too many', (t) => {
  const timers = new Timers();
  const kind = timers.kind(() => {});
  t.throws(() => timers.set(timers.make(kind, 0), NaN), { message: /not a number/ });
  for (let count = 1; count < 256; count++) timers.kind(() => {});
  t.throws(() => timers.kind(() => {}), { message: /more than 256/ });
});
