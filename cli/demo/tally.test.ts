import test from 'ava';
import { Tally } from './tally.ts';

test('a process that comes back counts from zero, and the total goes on', (t) => {
  const tally = new Tally<{ requests: number; bytes: number }>();
  t.is(tally.total, null);
  tally.see({ requests: 10, bytes: 500 });
  tally.see({ requests: 12, bytes: 700 });
  t.deepEqual(tally.total, { requests: 12, bytes: 700 });
  tally.see({ requests: 0, bytes: 0 });
  t.deepEqual(tally.total, { requests: 12, bytes: 700 });
  tally.see({ requests: 3, bytes: 100 });
  t.deepEqual(tally.total, { requests: 15, bytes: 800 });
  tally.see({ requests: 1, bytes: 900 });
  t.deepEqual(tally.total, { requests: 16, bytes: 1700 }, 'one smaller counter is enough to tell');
});
