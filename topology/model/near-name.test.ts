import test from 'ava';
import { editDistance, nearestName } from './near-name.ts';

test('the nearest known name is the one that was meant', (t) => {
  const known = ['id', 'kind', 'from', 'to', 'capacityBps', 'latencyMs', 'pricePerMbpsMonth'];
  t.is(nearestName('capacty', known), 'capacityBps');
  t.is(nearestName('capacity', known), 'capacityBps');
  t.is(nearestName('capacitybps', known), 'capacityBps');
  t.is(nearestName('latency', known), 'latencyMs');
  t.is(nearestName('knid', known), 'kind');
  t.is(nearestName('form', known), 'from');
  t.is(nearestName('colour', known), null);
  t.is(nearestName('x', []), null);
});

test('the distance counts insertions, deletions, replacements and swaps', (t) => {
  t.is(editDistance('kitten', 'sitting'), 3);
  t.is(editDistance('', 'abc'), 3);
  t.is(editDistance('ab', 'ba'), 1);
  t.is(editDistance('same', 'same'), 0);
  t.is(editDistance('abcdefgh', 'a', 3), 3);
});
