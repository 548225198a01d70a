import test from 'ava';
import { HashRing } from './ring.ts';
import { stableHash } from './stable-hash.ts';

/** node-2 and node-23 want one and the same point of the ring, so do node-8 and node-47; node-30 wants one twice. */
const NODES = ['node-2', 'node-8', 'node-23', 'node-30', 'node-47'];
const KEYS = Array.from({ length: 20_000 }, (_, key) => stableHash(`key ${key}`));

test('losing a node leaves the order of all others as it was, even where two nodes want one point', (t) => {
  const whole = new HashRing(NODES);
  const before = KEYS.map((key) => whole.owners(key, NODES.length));
  for (const gone of NODES) {
    const rest = new HashRing(NODES.filter((node) => node !== gone));
    const changed = KEYS.filter((key, at) => {
      const expected = before[at]!.filter((node) => node !== gone);
      return expected.join() !== rest.owners(key, NODES.length).join();
    });
    t.is(changed.length, 0, `without ${gone}`);
  }
});

test('every node is named once, whatever the number asked for, and in no order of learning', (t) => {
  const ring = new HashRing(NODES);
  const backwards = new HashRing([...NODES].reverse());
  for (const key of KEYS) {
    const all = ring.owners(key, NODES.length + 5);
    t.is(new Set(all).size, NODES.length);
    t.is(all.length, NODES.length);
    t.deepEqual(ring.owners(key, 2), all.slice(0, 2));
    t.deepEqual(backwards.owners(key, 2), all.slice(0, 2));
  }
  t.deepEqual(new HashRing([]).owners(1, 3), []);
});
