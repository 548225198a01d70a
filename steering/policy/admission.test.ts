import test from 'ava';
import * as fc from 'fast-check';
import { PRIORITIES } from '../../topology/model/priority.ts';
import { openShare, returnShare, whenAllAreFull } from './admission.ts';

const TUNING = { spillFrom: 0.8, fullShare: 0.95, limitShare: 1, returnMargin: 0.1 };
const load = fc.double({ min: 0, max: 2, noNaN: true });

test('a server takes all, then fewer in a straight line, then none', (t) => {
  t.is(openShare(0, TUNING), 1);
  t.is(openShare(0.8, TUNING), 1);
  t.true(Math.abs(openShare(0.875, TUNING) - 0.5) < 1e-12);
  t.is(openShare(0.95, TUNING), 0);
  t.is(openShare(1.5, TUNING), 0);
});

test('the fuller, the fewer; and who comes back is let in later than who comes first', (t) => {
  fc.assert(
    fc.property(load, load, (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      return openShare(more, TUNING) <= openShare(less, TUNING) && returnShare(a, TUNING) <= openShare(a, TUNING);
    }),
  );
  t.pass();
});

test('where all are full quality falls first; who matters least is refused first, who watches never', (t) => {
  const at = (share: number, priority: (typeof PRIORITIES)[number], playing = false) =>
    whenAllAreFull(share, 5e6, priority, playing, TUNING);
  t.deepEqual(at(0.96, 'live-edge'), { verdict: 'reduced', maxBitrateBps: 4e6 });
  t.is(at(0.96, 'prefetch').verdict, 'refused');
  t.is(at(0.98, 'on-demand').verdict, 'refused');
  t.is(at(0.98, 'live-edge').verdict, 'reduced');
  t.is(at(1, 'live-edge').verdict, 'refused');
  t.is(at(2, 'prefetch', true).verdict, 'reduced');
});

test('nobody is refused before one of lower priority is, and fuller servers give less', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0.95, max: 1.2, noNaN: true }), load, fc.boolean(), (share, more, playing) => {
      const verdicts = PRIORITIES.map((priority) => whenAllAreFull(share, 5e6, priority, playing, TUNING).verdict);
      const firstRefused = verdicts.indexOf('refused');
      if (firstRefused >= 0 && verdicts.slice(firstRefused).some((verdict) => verdict !== 'refused')) return false;
      if (playing && firstRefused >= 0) return false;
      const [a, b] = [share, share + more].map(
        (at) => whenAllAreFull(at, 5e6, 'live-edge', true, TUNING).maxBitrateBps!,
      );
      return a! >= b! && b! > 0;
    }),
  );
  t.pass();
});
