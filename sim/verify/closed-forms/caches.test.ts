import test from 'ava';
import fc from 'fast-check';
import { beladyMisses, cheMissRatio, normalised } from './caches.ts';

test('with equal popularity the hit ratio is the share there is room for, whatever the eviction', (t) => {
  const popularity = normalised(Array.from({ length: 1000 }, () => 1));
  for (const eviction of ['lru', 'fifo'] as const) {
    t.true(Math.abs(cheMissRatio(popularity, 250, eviction) - 0.75) < 1e-9);
  }
});

test('Belady’s misses by hand', (t) => {
  // Room for 3, the textbook’s reference string.
  const trace = Int32Array.from([7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1]);
  t.is(beladyMisses(trace, 8, 3), 9);
  t.is(beladyMisses(trace, 8, 8), 6);
});

test('no choice of whom to evict has fewer misses than Belady’s', (t) => {
  const traces = fc.array(fc.nat(4), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(traces, fc.integer({ min: 1, max: 3 }), (trace, room) => {
      return beladyMisses(Int32Array.from(trace), 5, room) === fewestMisses(trace, room, new Set());
    }),
  );
  t.pass();
});

/** Tries every victim. */
function fewestMisses(trace: readonly number[], room: number, held: ReadonlySet<number>): number {
  const [object, ...rest] = trace;
  if (object === undefined) return 0;
  if (held.has(object)) return fewestMisses(rest, room, held);
  if (held.size < room) return 1 + fewestMisses(rest, room, new Set([...held, object]));
  const tries = [...held].map((victim) =>
    fewestMisses(rest, room, new Set([...held, object].filter((other) => other !== victim))),
  );
  return 1 + Math.min(...tries);
}
