import test from 'ava';
import fc from 'fast-check';
import { KeptByUse } from './kept-by-use.ts';

test('what is used stays, what is not goes, and never more is kept than the bound', (t) => {
  const kept = new KeptByUse<number, number>(100);
  for (let key = 0; key < 1000; key++) {
    kept.set(key, key);
    t.is(kept.get(key), key);
    if (key >= 1) t.is(kept.get(0), 0, 'asked for each time');
    t.true([...kept.keys()].length <= 100);
  }
  t.is(kept.get(500), undefined);
});

test('whatever happens: what was set last half the weight ago is there, and a value is that of its key', (t) => {
  const steps = fc.array(fc.record({ key: fc.nat(40), weight: fc.integer({ min: 1, max: 9 }) }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (asked) => {
      const kept = new KeptByUse<number, { key: number; weight: number }>(60, ({ weight }) => weight);
      const recent: { key: number; weight: number }[] = [];
      for (const { key, weight } of asked) {
        let value = kept.get(key);
        if (value === undefined) kept.set(key, (value = { key, weight }));
        t.is(value.key, key);
        recent.push(value);
        let sum = 0;
        const lastOnes = new Set<number>();
        for (const one of recent.toReversed()) {
          if (!lastOnes.has(one.key)) sum += one.weight;
          if (sum > 30) break;
          lastOnes.add(one.key);
        }
        const there = new Set(kept.keys());
        for (const one of lastOnes) t.true(there.has(one), `${one} of ${[...there].join()}`);
      }
    }),
  );
});

test('a value heavier than the bound is kept alone, until the next', (t) => {
  const kept = new KeptByUse<string, number>(10, (weight) => weight);
  kept.set('a', 1);
  kept.set('heavy', 100);
  t.is(kept.get('heavy'), 100);
  kept.set('b', 1);
  kept.set('c', 1);
  t.is(kept.get('c'), 1);
  kept.set('d', 8);
  t.is(kept.get('heavy'), undefined);
});

test('cleared, it has nothing', (t) => {
  const kept = new KeptByUse<string, number>(10);
  kept.set('a', 1);
  kept.clear();
  t.is(kept.get('a'), undefined);
  t.deepEqual([...kept.keys()], []);
});
